"""When a measurement is not to be trusted. ``docs/benchmark.md`` states the rules for people."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from addersr.runtime.benchmark.machine_state import MachineState
from addersr.runtime.benchmark.measure import Timing

BUSY_LOAD = 0.25
"""Runnable processes per core, before anything is measured."""
SPREAD = 0.10
"""Interquartile range relative to the median."""
DRIFT = 0.05
"""By how much the last third of the runs may be slower than the first, by their medians."""
CLOCK_LOSS = 0.10
"""By how much the clock may fall."""
_LEAST_RUNS = 9
"""Of which thirds and quartiles mean something."""


@dataclass(frozen=True)
class Flag:
    """A rule that was broken."""

    rule: str
    """``busy``, ``noisy``, ``slowing`` or ``throttled``."""
    benchmark: str | None
    """The run name of what it is about; None: everything."""
    detail: str

    def to_json(self) -> dict[str, Any]:
        """All fields by name."""
        return asdict(self)


def machine_flags(before: MachineState, after: MachineState, cores: int) -> list[Flag]:
    """What the machine's state says against the whole measurement."""
    flags = []
    if before.load is not None and before.load[0] > BUSY_LOAD * cores:
        detail = f"a load of {before.load[0]:.2f} on {cores} core(s) before the start"
        flags.append(Flag("busy", None, detail))
    if before.throttled is not None and (after.throttled or 0) > before.throttled:
        times = (after.throttled or 0) - before.throttled
        flags.append(Flag("throttled", None, f"the CPU throttled {times} time(s)"))
    elif (
        before.clock_mhz is not None
        and after.clock_mhz is not None
        and after.clock_mhz < (1 - CLOCK_LOSS) * before.clock_mhz
    ):
        detail = f"the clock fell from {before.clock_mhz:.0f} to {after.clock_mhz:.0f} MHz"
        flags.append(Flag("throttled", None, detail))
    return flags


def timing_flags(name: str, timing: Timing) -> list[Flag]:
    """What its runs say against one benchmark, whose run name is ``name``."""
    seconds = np.array(timing.seconds)
    if len(seconds) < _LEAST_RUNS:
        return []
    flags = []
    low, median, high = np.percentile(seconds, (25, 50, 75))
    if high - low > SPREAD * median:
        spread = (high - low) / median
        flags.append(
            Flag("noisy", name, f"half of its runs spread over {spread:.0%} of the median")
        )
    third = len(seconds) // 3
    drift = float(np.median(seconds[-third:]) / np.median(seconds[:third])) - 1
    if drift > DRIFT:
        flags.append(Flag("slowing", name, f"its last runs were {drift:.0%} slower than its first"))
    return flags


def all_flags(
    before: MachineState, after: MachineState, cores: int, timings: Sequence[tuple[str, Timing]]
) -> list[Flag]:
    """Everything that speaks against a measurement.

    Args:
        before, after: the machine.
        cores: that the process may use.
        timings: by run name.
    """
    flags = machine_flags(before, after, cores)
    for name, timing in timings:
        flags += timing_flags(name, timing)
    return flags
