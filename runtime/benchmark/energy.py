"""Energy as the machine's own sensors tell it: RAPL, hwmon (INA and others), batteries.

Sensors see the whole package, board or machine, so other work is in their figures, too. What they
do not tell is absent, never 0.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from addersr.runtime.benchmark.subjects import Subject
from addersr.runtime.benchmark.sysfs import folders, read_number, read_text

ABSENT, ESTIMATE = "absent", "estimate"


@dataclass(frozen=True)
class Energy:
    """Of one frame."""

    source: str
    """``rapl``, ``hwmon``, ``battery``, ``estimate`` (operations times costs) or ``absent``."""
    joules_per_frame: float | None
    watts: float | None
    """Mean while the model ran without a pause; None: not measured."""
    detail: str
    """Which sensor, which costs, or why there is nothing."""

    def to_json(self) -> dict[str, Any]:
        """What is known; the source says how."""
        numbers = {"joules_per_frame": self.joules_per_frame, "watts": self.watts}
        known = {key: value for key, value in numbers.items() if value is not None}
        return {"source": self.source, **known, "detail": self.detail}


def absent(detail: str) -> Energy:
    """No figure, and why."""
    return Energy(ABSENT, None, None, detail)


class Meter(Protocol):
    """Adds up energy."""

    source: str
    sensor: str

    def joules(self) -> float | None:
        """Since the meter was made; None once a reading has failed."""


class CounterMeter:
    """Counters of microjoules, which begin again at 0 where they end."""

    def __init__(self, source: str, sensor: str, counters: dict[Path, int | None]) -> None:
        """``counters`` are files, each with the value at which it begins again, if it does."""
        self.source = source
        self.sensor = sensor
        self._ranges = counters
        self._last = {path: read_number(path) for path in counters}
        self._sum = 0

    def joules(self) -> float | None:
        """As :class:`Meter` says."""
        for path, last in self._last.items():
            now = read_number(path)
            self._last[path] = now
            if now is None or last is None:
                return None
            wrap = self._ranges[path]
            if now < last and not wrap:
                return None
            self._sum += now - last + (wrap or 0) * (now < last)
        return self._sum / 1e6


class PowerMeter:
    """Watts, integrated between the readings by the trapezoid rule: ask it after each run."""

    def __init__(
        self,
        source: str,
        sensor: str,
        watts: Callable[[], float | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source = source
        self.sensor = sensor
        self._watts = watts
        self._clock = clock
        self._last = (clock(), watts())
        self._sum = 0.0

    def joules(self) -> float | None:
        """As :class:`Meter` says."""
        (before, last), (now, watts) = self._last, (self._clock(), self._watts())
        self._last = (now, watts)
        if watts is None or last is None:
            return None
        self._sum += (now - before) * (watts + last) / 2
        return self._sum


def find_meter(root: Path = Path("/"), clock: Callable[[], float] = time.monotonic) -> Meter | str:
    """The best sensor that can be read: RAPL, then hwmon's counters, its watts, then a battery.

    Args:
        root: where ``sys`` lies.
        clock: seconds.

    Returns:
        A meter, or why there is none, as a sentence's part.
    """
    zones = [
        zone
        for zone in folders(root / "sys/class/powercap", "*-rapl:*")
        if (read_text(zone / "name") or "").startswith("package")
    ]
    hidden = [zone for zone in zones if read_number(zone / "energy_uj") is None]
    if zones and not hidden:
        ranges = {zone / "energy_uj": read_number(zone / "max_energy_range_uj") for zone in zones}
        names = ", ".join(str(read_text(zone / "name")) for zone in zones)
        return CounterMeter("rapl", names, ranges)
    other = _hwmon(root, clock) or _battery(root, clock)
    if other is not None:
        return other
    if hidden:
        return f"{hidden[0] / 'energy_uj'} cannot be read: it is for root alone"
    return "no RAPL, no hwmon sensor of power or energy, no battery that discharges"


def _hwmon(root: Path, clock: Callable[[], float]) -> Meter | None:
    chips = folders(root / "sys/class/hwmon", "hwmon*")
    for chip in chips:
        counters = [
            path for path in folders(chip, "energy*_input") if read_number(path) is not None
        ]
        if counters:
            # One counter: sums would count what lies behind another sensor twice.
            return CounterMeter("hwmon", _sensor(chip, counters[0]), {counters[0]: None})
    for chip in chips:
        # Microwatts.
        for path in folders(chip, "power*_input"):
            if read_number(path) is not None:
                return PowerMeter("hwmon", _sensor(chip, path), _scaled(1e-6, path), clock)
        # INA219 and INA3221: millivolts of the bus, and milliamperes.
        volts, amperes = chip / "in1_input", chip / "curr1_input"
        if (read_text(chip / "name") or "").startswith("ina"):
            read = _scaled(1e-6, volts, amperes)
            if read() is not None:
                return PowerMeter("hwmon", _sensor(chip, amperes), read, clock)
    return None


def _sensor(chip: Path, path: Path) -> str:
    label = read_text(chip / path.name.replace("_input", "_label")) or path.name
    return f"{read_text(chip / 'name') or chip.name} {label}"


def _battery(root: Path, clock: Callable[[], float]) -> Meter | None:
    for supply in folders(root / "sys/class/power_supply", "*"):
        kind, status = read_text(supply / "type"), read_text(supply / "status")
        # On mains a battery says what it is charged with.
        if kind != "Battery" or status != "Discharging":
            continue
        for read in (
            _scaled(1e-6, supply / "power_now"),
            _scaled(1e-12, supply / "voltage_now", supply / "current_now"),
        ):
            if read():
                return PowerMeter("battery", supply.name, read, clock)
    return None


def _scaled(unit: float, *paths: Path) -> Callable[[], float | None]:
    """The product of the numbers in files, in ``unit``; batteries may count downwards."""

    def read() -> float | None:
        product = unit
        for path in paths:
            number = read_number(path)
            if number is None:
                return None
            product *= abs(number)
        return product

    return read


def measure_energy(
    subject: Subject,
    meter: Meter,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> Energy:
    """Run a subject without pauses for some seconds, at least once, and read the meter."""
    start, before = clock(), meter.joules()
    frames, joules, elapsed = 0, before, 0.0
    while frames == 0 or elapsed < seconds:
        subject.step()
        frames += 1
        joules, elapsed = meter.joules(), clock() - start
    if before is None or joules is None:
        return absent(f"{meter.sensor} could not be read in the end")
    used = joules - before
    if used <= 0 or elapsed <= 0:
        return absent(f"{meter.sensor} did not change in {elapsed:.1f} s")
    return Energy(meter.source, used / frames, used / elapsed, f"{meter.sensor}, {frames} frames")
