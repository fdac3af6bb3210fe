"""Clocks, temperatures, load and memory of the machine at one moment."""

import re
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from addersr.runtime.benchmark.sysfs import folders, read_number, read_text

_CPUS = "sys/devices/system/cpu"
_CPU_SENSORS = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "scpi_sensors")


@dataclass(frozen=True)
class MachineState:
    """What could be read; None or nothing for what the machine does not tell."""

    clocks_mhz: tuple[float, ...]
    """Of each core."""
    temperatures: dict[str, float]
    """Degrees Celsius by the sensor's name."""
    governors: tuple[str, ...]
    """Of the cores, each once."""
    throttled: int | None
    """How often the CPU has throttled since it started."""
    load: tuple[float, float, float] | None
    """Runnable processes: means over 1, 5 and 15 minutes."""
    available_memory: int | None
    """Bytes."""
    memory: int | None
    """Bytes in all."""

    @property
    def clock_mhz(self) -> float | None:
        """Mean of the cores."""
        return mean(self.clocks_mhz) if self.clocks_mhz else None

    @property
    def temperature(self) -> float | None:
        """The hottest sensor."""
        return max(self.temperatures.values(), default=None)

    def to_json(self) -> dict[str, Any]:
        """For the report's context; null is absent."""
        return {
            "clock_mhz": self.clock_mhz,
            "clocks_mhz": list(self.clocks_mhz) or None,
            "temperature_celsius": self.temperature,
            "temperatures_celsius": self.temperatures or None,
            "throttle_count": self.throttled,
            "load_avg": None if self.load is None else list(self.load),
            "available_memory_bytes": self.available_memory,
        }


def read_state(root: Path = Path("/")) -> MachineState:
    """Read the state.

    Args:
        root: where ``proc`` and ``sys`` lie.
    """
    return MachineState(
        clocks_mhz=_clocks(root),
        temperatures=_temperatures(root),
        governors=_governors(root),
        throttled=_throttled(root),
        load=_load(root),
        available_memory=_memory(root, "MemAvailable"),
        memory=_memory(root, "MemTotal"),
    )


def _clocks(root: Path) -> tuple[float, ...]:
    files = folders(root / _CPUS, "cpu[0-9]*/cpufreq/scaling_cur_freq")
    clocks = [kilohertz / 1e3 for path in files if (kilohertz := read_number(path))]
    if not clocks:
        text = read_text(root / "proc/cpuinfo") or ""
        clocks = [float(mhz) for mhz in re.findall(r"^cpu MHz\s*:\s*([\d.]+)$", text, re.M)]
    return tuple(clocks)


def _temperatures(root: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    for zone in folders(root / "sys/class/thermal", "thermal_zone*"):
        _add(found, f"{zone.name} {read_text(zone / 'type') or ''}".strip(), zone / "temp")
    for chip in folders(root / "sys/class/hwmon", "hwmon*"):
        if (name := read_text(chip / "name")) in _CPU_SENSORS:
            for path in folders(chip, "temp*_input"):
                label = read_text(chip / path.name.replace("_input", "_label")) or path.stem
                _add(found, f"{name} {label}", path)
    return found


def _add(found: dict[str, float], name: str, path: Path) -> None:
    millidegrees = read_number(path)
    # Sensors that are switched off say 0, or far below it.
    if millidegrees is not None and millidegrees > 0:
        found[name] = millidegrees / 1e3


def _governors(root: Path) -> tuple[str, ...]:
    files = folders(root / _CPUS, "cpu[0-9]*/cpufreq/scaling_governor")
    return tuple(sorted({name for path in files if (name := read_text(path))}))


def _throttled(root: Path) -> int | None:
    files = folders(root / _CPUS, "cpu[0-9]*/thermal_throttle/core_throttle_count")
    counts = [count for path in files if (count := read_number(path)) is not None]
    return sum(counts) if counts else None


def _load(root: Path) -> tuple[float, float, float] | None:
    fields = (read_text(root / "proc/loadavg") or "").split()
    try:
        one, five, fifteen = map(float, fields[:3])
    except ValueError:
        return None
    return (one, five, fifteen)


def _memory(root: Path, key: str) -> int | None:
    text = read_text(root / "proc/meminfo") or ""
    match = re.search(rf"^{key}:\s*(\d+) kB$", text, re.M)
    return None if match is None else int(match[1]) * 1024
