"""Many runs, one after the other or several at a time."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing.connection import wait as wait_for

import torch

from addersr.errors import AdderSRError
from addersr.training.experiments.runs import Run, carry_out

Attempt = tuple[Run, AdderSRError | None]
"""A run, and why it failed, if it did."""


def one_by_one(runs: Sequence[Run], progress: Callable[[Run, int], None]) -> Iterator[Attempt]:
    """In this process.

    Args:
        runs: each behind those that it needs.
        progress: called with a run and the steps that it has done.
    """
    for run in runs:
        yield run, _attempt(run, progress)


def _attempt(run: Run, progress: Callable[[Run, int], None]) -> AdderSRError | None:
    try:
        carry_out(run, lambda step: progress(run, step))
    except AdderSRError as error:
        return error
    return None


def together(runs: Sequence[Run], jobs: int, threads: int) -> Iterator[Attempt]:
    """Several at a time, each in a process, as they end.

    Args:
        runs: none is begun before those that it needs have ended.
        jobs: runs at a time.
        threads: of torch, in each.
    """
    waiting = list(runs)
    running: dict[Future[None], Run] = {}
    # A forked child would inherit torch's threads in whatever state they are.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, _begin_process, (threads,)) as pool:
        while waiting or running:
            for run in [r for r in waiting if _is_ready(r, [*waiting, *running.values()])]:
                if len(running) < jobs:
                    waiting.remove(run)
                    running[pool.submit(carry_out, run)] = run
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                run = running.pop(future)
                error = future.exception()
                if error is not None and not isinstance(error, AdderSRError):
                    raise error
                yield run, error


def _is_ready(run: Run, unfinished: Sequence[Run]) -> bool:
    """Whether nothing that it needs is left; if such a run failed, the attempt will say so."""
    folders = {other.folder for other in unfinished}
    return not any(need.folder in folders for need in run.needs.values())


def _begin_process(threads: int) -> None:
    torch.set_num_threads(threads)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A pool's workers outlive a parent that was killed, and would hold the locks of their runs."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait_for([parent.sentinel])
    os._exit(1)
