"""A benchmark as google/benchmark writes it; ``schema.json`` beside this says what is in it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from addersr.runtime import machine
from addersr.runtime.benchmark.context import describe_context
from addersr.runtime.benchmark.energy import Energy
from addersr.runtime.benchmark.fresh_start import FreshStart
from addersr.runtime.benchmark.machine_state import MachineState
from addersr.runtime.benchmark.measure import Timing
from addersr.runtime.benchmark.node_times import NodeTime
from addersr.runtime.benchmark.noise import Flag, all_flags
from addersr.runtime.benchmark.profile import profile_json
from addersr.runtime.benchmark.quality import Quality

SCHEMA = Path(__file__).with_name("schema.json")
"""JSON schema of the report."""


@dataclass(frozen=True)
class Measurement:
    """All that is known of one model with one number of threads."""

    timing: Timing
    width: int
    height: int
    """Of the LR picture."""
    energy: Energy
    start: FreshStart | None = None
    quality: Quality | None = None
    layers: tuple[NodeTime, ...] | None = None

    @property
    def run_name(self) -> str:
        """What it is called in a report."""
        timing = self.timing
        return f"{timing.name}/{self.width}x{self.height}/threads:{timing.threads}"


@dataclass(frozen=True)
class Report:
    """Measurements and the conditions under which they were made."""

    measurements: tuple[Measurement, ...]
    before: MachineState
    after: MachineState
    settings: dict[str, Any]
    """What the user chose."""

    @property
    def flags(self) -> list[Flag]:
        """What speaks against the measurements."""
        timings = [(one.run_name, one.timing) for one in self.measurements]
        return all_flags(self.before, self.after, machine.cores(), timings)

    def to_json(self) -> dict[str, Any]:
        """``{"context": …, "benchmarks": […]}``."""
        flags = self.flags
        context = {
            **describe_context(self.before),
            **self.settings,
            "before": self.before.to_json(),
            "after": self.after.to_json(),
            "trustworthy": not flags,
            "flags": [flag.to_json() for flag in flags],
        }
        entries: list[dict[str, Any]] = []
        for index, one in enumerate(self.measurements):
            entries += _entries(one, index)
        return {"context": context, "benchmarks": entries}


def _entries(one: Measurement, family: int) -> list[dict[str, Any]]:
    """Every run, then the aggregates; the median's has what is ours."""
    name, timing = one.run_name, one.timing
    common = {
        "family_index": family,
        "per_family_instance_index": 0,
        "run_name": name,
        "repetitions": len(timing.seconds),
        "threads": timing.threads,
        "time_unit": "ms",
    }
    runs = [
        {
            "name": name,
            **common,
            "run_type": "iteration",
            "repetition_index": index,
            "iterations": 1,
            "real_time": seconds * 1e3,
            "cpu_time": cpu_seconds * 1e3,
        }
        for index, (seconds, cpu_seconds) in enumerate(
            zip(timing.seconds, timing.cpu_seconds, strict=True)
        )
    ]
    aggregates = [
        {
            "name": f"{name}_{aggregate}",
            **common,
            "run_type": "aggregate",
            "aggregate_name": aggregate,
            "aggregate_unit": "time",
            "iterations": len(timing.seconds),
            "real_time": _aggregate(aggregate, timing.seconds),
            "cpu_time": _aggregate(aggregate, timing.cpu_seconds),
            **(_ours(one) if aggregate == "median" else {}),
        }
        for aggregate in ("mean", "median", "stddev")
    ]
    return [*runs, *aggregates]


def _aggregate(kind: str, seconds: Sequence[float]) -> float:
    values = np.array(seconds) * 1e3
    if kind == "stddev":
        return float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return float(np.mean(values) if kind == "mean" else np.median(values))


def _ours(one: Measurement) -> dict[str, Any]:
    """What google/benchmark has no word for."""
    return {
        **one.timing.milliseconds,
        "fps": one.timing.fps,
        "kernel": one.timing.kernel,
        "model": one.timing.name,
        "start": None if one.start is None else asdict(one.start),
        "energy": one.energy.to_json(),
        "quality": None if one.quality is None else one.quality.to_json(),
        "layers": None if one.layers is None else profile_json(one.layers),
    }
