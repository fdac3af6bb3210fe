"""Energy from trees of files that look like those of real sensors."""

from pathlib import Path

import pytest

from addersr.runtime.benchmark.energy import Meter, find_meter, measure_energy
from addersr.runtime.benchmark.subjects import Subject

from .fake_machine import write_tree

ZONE = "sys/class/powercap/intel-rapl:0"
HWMON = "sys/class/hwmon/hwmon0"
BATTERY = "sys/class/power_supply/BAT0"


class Bench:
    """A clock that a subject's runs move, one second each, and files that they change."""

    def __init__(self, root: Path, changes: list[dict[str, object]]) -> None:
        self.now = 0.0
        self.root = root
        self.changes = changes

    def clock(self) -> float:
        return self.now

    def step(self) -> tuple[float, float]:
        self.now += 1.0
        write_tree(self.root, self.changes.pop(0))
        return 1.0, 1.0

    def meter(self) -> Meter:
        meter = find_meter(self.root, self.clock)
        assert not isinstance(meter, str), meter
        return meter

    @property
    def subject(self) -> Subject:
        return Subject("model", "kernel", 1, self.step)


def rapl(package: int, *, energy: object, name: str = "package-0") -> dict[str, object]:
    zone = f"sys/class/powercap/intel-rapl:{package}"
    return {f"{zone}/name": name, f"{zone}/energy_uj": energy}


def test_rapl_adds_packages_and_survives_the_end_of_a_counter(tmp_path: Path) -> None:
    write_tree(tmp_path, rapl(0, energy=900) | rapl(1, energy=0, name="package-1"))
    write_tree(tmp_path, {f"{ZONE}/max_energy_range_uj": 1000})
    # A part of package 0, and another domain: both would count twice.
    write_tree(tmp_path, rapl(2, energy=5, name="psys"))
    write_tree(tmp_path, {"sys/class/powercap/intel-rapl:0:0/name": "core"})
    write_tree(tmp_path, {"sys/class/powercap/intel-rapl:0:0/energy_uj": 7})
    bench = Bench(
        tmp_path,
        [
            rapl(0, energy=950) | rapl(2, energy=50_000, name="psys"),
            rapl(0, energy=150) | rapl(1, energy=40, name="package-1"),
        ],
    )
    found = measure_energy(bench.subject, bench.meter(), 2, bench.clock)
    assert (found.source, found.detail) == ("rapl", "package-0, package-1, 2 frames")
    # 50 and 200 (over the end at 1000) of the one, 40 of the other.
    assert found.joules_per_frame == pytest.approx(290e-6 / 2)
    assert found.watts == pytest.approx(290e-6 / 2)


def test_hwmon_watts_are_integrated(tmp_path: Path) -> None:
    name = f"{HWMON}/power1_input"
    write_tree(tmp_path, {f"{HWMON}/name": "amdgpu", name: 10_000_000})
    bench = Bench(tmp_path, [{name: 20_000_000}, {name: 40_000_000}])
    found = measure_energy(bench.subject, bench.meter(), 1.5, bench.clock)
    assert found.source == "hwmon"
    # Trapezoids of 15 and 30 joules.
    assert found.joules_per_frame == pytest.approx(22.5)
    assert found.watts == pytest.approx(22.5)


def test_ina_is_volts_times_amperes(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"{HWMON}/name": "ina3221", f"{HWMON}/in1_input": 5000})
    write_tree(tmp_path, {f"{HWMON}/curr1_input": 800, f"{HWMON}/curr1_label": "VDD_IN"})
    bench = Bench(tmp_path, [{}])
    found = measure_energy(bench.subject, bench.meter(), 0.5, bench.clock)
    assert (found.source, found.watts) == ("hwmon", pytest.approx(4.0))
    assert "ina3221 VDD_IN" in found.detail


def test_hwmon_energy_counter(tmp_path: Path) -> None:
    name = f"{HWMON}/energy1_input"
    write_tree(tmp_path, {f"{HWMON}/name": "amd_energy", name: 1_000_000})
    bench = Bench(tmp_path, [{name: 4_000_000}])
    found = measure_energy(bench.subject, bench.meter(), 0.5, bench.clock)
    assert (found.source, found.joules_per_frame) == ("hwmon", pytest.approx(3.0))


@pytest.mark.parametrize("kind", ["power", "current"])
def test_battery(tmp_path: Path, kind: str) -> None:
    write_tree(tmp_path, {f"{BATTERY}/type": "Battery", f"{BATTERY}/status": "Discharging"})
    if kind == "power":
        write_tree(tmp_path, {f"{BATTERY}/power_now": 6_000_000})
    else:
        # Some drivers count what flows out as negative.
        write_tree(tmp_path, {f"{BATTERY}/voltage_now": 12_000_000})
        write_tree(tmp_path, {f"{BATTERY}/current_now": -500_000})
    bench = Bench(tmp_path, [{}, {}])
    found = measure_energy(bench.subject, bench.meter(), 2, bench.clock)
    assert (found.source, found.watts) == ("battery", pytest.approx(6.0))
    assert found.joules_per_frame == pytest.approx(6.0)


def test_rapl_goes_before_a_battery(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"{BATTERY}/type": "Battery", f"{BATTERY}/status": "Discharging"})
    write_tree(tmp_path, {f"{BATTERY}/power_now": 6_000_000})
    assert Bench(tmp_path, []).meter().source == "battery"
    write_tree(tmp_path, rapl(0, energy=1))
    assert Bench(tmp_path, []).meter().source == "rapl"


def test_what_is_not_there_is_absent(tmp_path: Path) -> None:
    assert "no RAPL" in str(find_meter(tmp_path))
    write_tree(tmp_path, {f"{BATTERY}/type": "Battery", f"{BATTERY}/status": "Charging"})
    write_tree(tmp_path, {f"{BATTERY}/power_now": 6_000_000})
    assert "no RAPL" in str(find_meter(tmp_path))
    # As for everybody but root.
    (tmp_path / ZONE / "energy_uj").mkdir(parents=True)
    write_tree(tmp_path, {f"{ZONE}/name": "package-0"})
    assert "root alone" in str(find_meter(tmp_path))


def test_a_sensor_that_stands_still_or_vanishes_is_absent(tmp_path: Path) -> None:
    write_tree(tmp_path, rapl(0, energy=5))
    bench = Bench(tmp_path, [{}, {f"{ZONE}/energy_uj": "?"}])
    meter = bench.meter()
    for _ in range(2):
        found = measure_energy(bench.subject, meter, 0.5, bench.clock)
        assert (found.source, found.joules_per_frame, found.watts) == ("absent", None, None)
        assert found.to_json().keys() == {"source", "detail"}
