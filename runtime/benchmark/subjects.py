"""What is timed: models in this process, or in a child that never loads our library."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from addersr.runtime.child_session import ChildSession
from addersr.runtime.kernel_calls import kernel_between, kernel_calls
from addersr.runtime.model_info import read_model_info
from addersr.runtime.session import create_session, run_session

ONNXRUNTIME_KERNELS = "onnxruntime"
"""The kernel of models without adder operators."""
FUNCTION_BODY = "function body"
"""The kernel of adder models without our library: standard operators."""


@dataclass(frozen=True)
class Subject:
    """Something to be timed."""

    name: str
    kernel: str
    threads: int
    """0: onnxruntime's own choice."""
    step: Callable[[], tuple[float, float]]
    """Runs once; seconds on the clock, and of processor time of all threads."""


def session_subject(
    name: str, model: Path | bytes, x: npt.NDArray[Any], *, threads: int = 0
) -> Subject:
    """A model in this process, with our operator library.

    Args:
        name: for the report.
        model: ONNX file exported by addersr, or its bytes.
        x: its input, as ``sample_input`` makes it.
        threads: of onnxruntime.
    """
    info = read_model_info(model)
    session = create_session(
        model, threads=threads, use_library=info.uses_adder_ops, single_burst=True
    )
    inputs = {session.get_inputs()[0].name: x}
    step = timed(lambda: run_session(session, inputs))
    kernel = ONNXRUNTIME_KERNELS
    if info.uses_adder_ops:
        before = kernel_calls()
        step()
        kernel = kernel_between(before) or FUNCTION_BODY
    return Subject(name, kernel, threads, step)


def bare_subject(name: str, model: Path, x: npt.NDArray[Any], session: ChildSession) -> Subject:
    """A model in the process of ``session``, with plain onnxruntime."""
    info = read_model_info(model)
    session.load({session.input_name: x})
    kernel = FUNCTION_BODY if info.uses_adder_ops else ONNXRUNTIME_KERNELS
    return Subject(name, kernel, session.threads, session.time)


def timed(run: Callable[[], Any]) -> Callable[[], tuple[float, float]]:
    """A step of a :class:`Subject` that calls ``run``."""

    def step() -> tuple[float, float]:
        start, cpu_start = time.perf_counter(), time.process_time()
        run()
        return time.perf_counter() - start, time.process_time() - cpu_start

    return step
