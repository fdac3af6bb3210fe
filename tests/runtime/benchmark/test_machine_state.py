from pathlib import Path

import pytest

from addersr.runtime.benchmark.context import describe_context
from addersr.runtime.benchmark.machine_state import MachineState, read_state
from addersr.runtime.benchmark.measure import Timing
from addersr.runtime.benchmark.noise import machine_flags, timing_flags

from .fake_machine import write_tree

CPU = "sys/devices/system/cpu"


def state(
    load: float = 0.0, clock: float | None = None, throttled: int | None = None
) -> MachineState:
    clocks = () if clock is None else (clock, clock)
    return MachineState(clocks, {}, (), throttled, (load, load, load), None, None)


def test_everything_is_read(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            f"{CPU}/cpu0/cpufreq/scaling_cur_freq": 2_000_000,
            f"{CPU}/cpu1/cpufreq/scaling_cur_freq": 3_000_000,
            f"{CPU}/cpu0/cpufreq/scaling_governor": "powersave",
            f"{CPU}/cpu1/cpufreq/scaling_governor": "powersave",
            f"{CPU}/cpu0/thermal_throttle/core_throttle_count": 3,
            f"{CPU}/cpu1/thermal_throttle/core_throttle_count": 4,
            "sys/class/thermal/thermal_zone0/type": "cpu-thermal",
            "sys/class/thermal/thermal_zone0/temp": 45500,
            "sys/class/thermal/thermal_zone1/temp": 0,
            "sys/class/hwmon/hwmon0/name": "coretemp",
            "sys/class/hwmon/hwmon0/temp1_input": 61000,
            "sys/class/hwmon/hwmon0/temp1_label": "Package id 0",
            "sys/class/hwmon/hwmon1/name": "nvme",
            "sys/class/hwmon/hwmon1/temp1_input": 90000,
            "proc/loadavg": "0.50 0.25 0.10 1/99 1234",
            "proc/meminfo": "MemTotal:  2000 kB\nMemFree: 1 kB\nMemAvailable:  1000 kB",
            "etc/os-release": 'ID=debian\nPRETTY_NAME="Debian 12"',
        },
    )
    found = read_state(tmp_path)
    assert found.clocks_mhz == (2000, 3000)
    assert found.clock_mhz == 2500
    assert found.governors == ("powersave",)
    assert found.throttled == 7
    # A sensor that says 0 is off, and a disk is no CPU.
    expected = {"thermal_zone0 cpu-thermal": 45.5, "coretemp Package id 0": 61.0}
    assert found.temperatures == expected
    assert found.temperature == 61.0
    assert found.load == (0.5, 0.25, 0.1)
    assert (found.memory, found.available_memory) == (2_048_000, 1_024_000)
    context = describe_context(found, tmp_path)
    assert context["os"] == "Debian 12"
    assert context["cpu_scaling_governor"] == "powersave"
    assert context["cpu_scaling_enabled"] is True
    assert context["mhz_per_cpu"] == 2500


def test_clocks_from_cpuinfo(tmp_path: Path) -> None:
    write_tree(tmp_path, {"proc/cpuinfo": "cpu MHz\t\t: 2445.404\ncpu MHz\t\t: 1500.000"})
    assert read_state(tmp_path).clocks_mhz == (2445.404, 1500.0)


def test_what_is_missing_is_null(tmp_path: Path) -> None:
    found = read_state(tmp_path)
    assert set(found.to_json().values()) == {None}
    assert found.governors == ()


def test_commit_and_forced_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADDERSR_FORCE_ISA", "portable")
    outside = describe_context(checkout=tmp_path)
    assert not {"commit", "dirty"} & outside.keys()
    assert outside["forced"]["ADDERSR_FORCE_ISA"] == "portable"
    assert outside["num_cpus"] == len(outside["affinity"])
    # A folder that only looks like a checkout.
    (tmp_path / ".git").mkdir()
    assert "commit" not in describe_context(checkout=tmp_path)


def test_busy_and_throttled_machines_are_flagged() -> None:
    calm = state(load=0.4, clock=3000, throttled=2)
    assert machine_flags(calm, calm, 2) == []
    (busy,) = machine_flags(state(load=0.6), state(), 2)
    assert (busy.rule, busy.benchmark) == ("busy", None)
    (hot,) = machine_flags(calm, state(clock=3000, throttled=5), 2)
    assert (hot.rule, hot.detail) == ("throttled", "the CPU throttled 3 time(s)")
    assert machine_flags(calm, state(clock=2750, throttled=2), 2) == []
    (slow,) = machine_flags(calm, state(clock=2600, throttled=2), 2)
    assert (slow.rule, slow.detail) == ("throttled", "the clock fell from 3000 to 2600 MHz")
    # Where nothing is known, nothing is claimed.
    assert machine_flags(state(), state(load=9), 2) == []


def rules(*milliseconds: float) -> list[str]:
    seconds = tuple(one / 1e3 for one in milliseconds)
    return [flag.rule for flag in timing_flags("a", Timing("a", "k", 1, seconds, seconds))]


def test_noisy_and_slowing_runs_are_flagged() -> None:
    assert rules(*[10.0, 10.2, 10.1] * 4) == []
    assert rules(*[10.0, 13.0] * 6) == ["noisy"]
    assert rules(*[10.0] * 9, *[10.9] * 5) == ["slowing"]
    # Outliers alone are what percentiles are for.
    assert rules(*[10.0] * 5, 90.0, *[10.0] * 5) == []
    # Too few to say anything.
    assert rules(10.0, 99.0, 10.0) == []
