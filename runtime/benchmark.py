"""Latency of models, measured in turns so that they share the machine's moods."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.errors import AdderSRError
from addersr.runtime import machine
from addersr.runtime.child_session import ChildSession
from addersr.runtime.kernel_calls import kernel_between, kernel_calls
from addersr.runtime.model_info import read_model_info
from addersr.runtime.session import create_session, run_session

PERCENTILES = (50, 90, 95, 99)
WARM_UP = 3

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

    def to_json(self) -> dict[str, Any]:
        """One of the ``benchmarks`` of google/benchmark: its median aggregate, and ours."""
        return {
            "name": f"{self.name}_median",
            "run_name": self.name,
            "run_type": "aggregate",
            "aggregate_name": "median",
            "iterations": len(self.seconds),
            "threads": self.threads,
            "real_time": self.milliseconds["p50"],
            "cpu_time": float(np.median(self.cpu_seconds)) * 1e3,
            "time_unit": "ms",
            **self.milliseconds,
            "fps": self.fps,
            "kernel": self.kernel,
        }


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

    def step() -> tuple[float, float]:
        start, cpu_start = time.perf_counter(), time.process_time()
        run_session(session, inputs)
        return time.perf_counter() - start, time.process_time() - cpu_start

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


def measure(
    subjects: Sequence[Subject],
    *,
    runs: int,
    warm_up: int = WARM_UP,
    progress: Callable[[int, int], None] | None = None,
) -> list[Timing]:
    """Time the subjects in turns: one run of each, then again.

    Args:
        subjects: at least one.
        runs: of each, after ``warm_up`` runs that do not count.
        progress: called with the rounds done and the rounds in all.

    Raises:
        AdderSRError: ``runs`` is below 1.
    """
    if runs < 1:
        raise AdderSRError(f"Expected at least 1 run to measure, got {runs}.")
    rounds = []
    for number in range(warm_up + runs):
        rounds.append([subject.step() for subject in subjects])
        if progress is not None:
            progress(number + 1, warm_up + runs)
    timings = []
    for subject, results in zip(subjects, zip(*rounds[warm_up:], strict=True), strict=True):
        seconds, cpu_seconds = zip(*results, strict=True)
        timings.append(Timing(subject.name, subject.kernel, subject.threads, seconds, cpu_seconds))
    return timings


def report(timings: Sequence[Timing], **context: Any) -> dict[str, Any]:
    """``{"context": …, "benchmarks": […]}`` as google/benchmark writes it."""
    return {
        "context": {**machine.context(), **context},
        "benchmarks": [timing.to_json() for timing in timings],
    }
