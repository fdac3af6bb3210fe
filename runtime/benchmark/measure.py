"""Latency of models, measured in turns so that they share the machine's moods."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from addersr.errors import AdderSRError
from addersr.runtime.benchmark.subjects import Subject

PERCENTILES = (50, 90, 95, 99)
WARM_UP = 3
MOST_ROUNDS = 5000
"""Of a measurement that is given seconds: every run is kept."""


@dataclass(frozen=True)
class Timing:
    """The runs of one subject."""

    name: str
    kernel: str
    threads: int
    seconds: tuple[float, ...]
    cpu_seconds: tuple[float, ...]

    @property
    def milliseconds(self) -> dict[str, float]:
        """min, mean, and the percentiles p50, p90, p95, p99."""
        values = np.array(self.seconds) * 1e3
        percentiles = {f"p{p}": float(np.percentile(values, p)) for p in PERCENTILES}
        return {"min": float(values.min()), "mean": float(values.mean()), **percentiles}

    @property
    def fps(self) -> float:
        """Frames per second at the median."""
        return 1e3 / self.milliseconds["p50"]


@dataclass(frozen=True)
class Plan:
    """How much is measured, and how."""

    runs: int | None = None
    """Of each subject; None: ``seconds`` say when to stop."""
    seconds: float | None = None
    """For all subjects together."""
    warm_up: int = WARM_UP
    """Runs of each that do not count."""
    cool_down: float = 0.0
    """Seconds of rest before the warm-up."""
    seed: int = 0
    """Of the order within each round."""

    def __post_init__(self) -> None:
        if (self.runs is None) == (self.seconds is None):
            raise AdderSRError("Expected either a number of runs or a number of seconds.")
        if self.runs is not None and self.runs < 1:
            raise AdderSRError(f"Expected at least 1 run to measure, got {self.runs}.")
        if self.seconds is not None and not 0 < self.seconds < float("inf"):
            raise AdderSRError(f"Expected more than 0 seconds to measure, got {self.seconds}.")


def measure(
    subjects: Sequence[Subject],
    plan: Plan,
    *,
    progress: Callable[[int, int], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Timing]:
    """Time the subjects in rounds: one run of each, in an order that chance gives each round.

    A fixed order would let a subject always run after the same one, with what that left in caches
    and clocks.

    Args:
        subjects: at least one.
        plan: how many rounds. With seconds at least one counts, and no more than ``MOST_ROUNDS``.
        progress: called with the rounds done and the rounds in all, which seconds only estimate.
        clock: seconds.
        sleep: for the cool-down.
    """
    chance = random.Random(plan.seed)
    if plan.cool_down:
        sleep(plan.cool_down)
    results: list[list[tuple[float, float]]] = [[] for _ in subjects]
    done, started = 0, clock()
    while True:
        if done == plan.warm_up:
            started = clock()
        for index in chance.sample(range(len(subjects)), len(subjects)):
            took = subjects[index].step()
            if done >= plan.warm_up:
                results[index].append(took)
        done += 1
        counted = done - plan.warm_up
        total = _total_rounds(plan, counted, clock() - started)
        if progress is not None:
            progress(done, max(done, total))
        if done >= total:
            break
    timings = []
    for subject, of in zip(subjects, results, strict=True):
        seconds, cpu_seconds = zip(*of, strict=True)
        timings.append(Timing(subject.name, subject.kernel, subject.threads, seconds, cpu_seconds))
    return timings


def _total_rounds(plan: Plan, counted: int, elapsed: float) -> int:
    """Rounds with those that do not count: as asked for, or as the time so far lets expect."""
    if plan.runs is not None:
        return plan.warm_up + plan.runs
    assert plan.seconds is not None
    if counted < 1:
        return plan.warm_up + 1
    if elapsed >= plan.seconds:
        return plan.warm_up + counted
    expected = int(counted * plan.seconds / elapsed) if elapsed > 0 else MOST_ROUNDS
    return plan.warm_up + min(max(expected, counted + 1), MOST_ROUNDS)
