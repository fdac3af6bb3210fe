"""The report fits its schema, and google/benchmark's own tool reads it."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from addersr.runtime.benchmark.energy import Energy, absent
from addersr.runtime.benchmark.fresh_start import FreshStart
from addersr.runtime.benchmark.machine_state import read_state
from addersr.runtime.benchmark.measure import Timing
from addersr.runtime.benchmark.node_times import NodeTime
from addersr.runtime.benchmark.quality import Quality
from addersr.runtime.benchmark.report import SCHEMA, Measurement, Report

TOOLS = Path(os.environ.get("ADDERSR_BENCHMARK_TOOLS", "/usr/share/benchmark"))
SETTINGS = {
    "width": 8,
    "height": 6,
    "mode": "quick",
    "runs": 10,
    "seconds": None,
    "warm_up": 1,
    "cool_down": 0.0,
    "seed": 0,
}
LAYERS = (
    NodeTime("a", "Conv", 1.0),
    NodeTime("b", "AdderConv", 5.0),
    NodeTime("c", "Conv", 2.0),
)


def measurement(name: str, factor: float = 1.0) -> Measurement:
    seconds = tuple(factor * (0.010 + i / 1e5) for i in range(10))
    timing = Timing(name, "avx2", 1, seconds, seconds)
    return Measurement(timing, 8, 6, absent("no sensor"))


def report(*measurements: Measurement) -> dict[str, Any]:
    state = read_state()
    return Report(measurements, state, state, SETTINGS).to_json()


def median(result: dict[str, Any]) -> dict[str, Any]:
    (entry,) = (one for one in result["benchmarks"] if one["name"].endswith("_median"))
    return dict(entry)


def check(result: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="needs the extra 'dev'")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(json.dumps(result)), schema)


def test_runs_then_aggregates() -> None:
    result = report(measurement("m"))
    assert list(result) == ["context", "benchmarks"]
    *runs, mean, middle, deviation = result["benchmarks"]
    assert [run["repetition_index"] for run in runs] == list(range(10))
    assert {run["name"] for run in runs} == {"m/8x6/threads:1"}
    assert runs[3]["real_time"] == pytest.approx(10.03)
    assert mean["real_time"] == pytest.approx(10.045)
    assert middle["real_time"] == middle["p50"] == pytest.approx(10.045)
    # Of 0…9 hundredths: the root of 55/6.
    assert deviation["real_time"] == pytest.approx((55 / 6) ** 0.5 / 100)
    # What tools for google/benchmark read.
    assert middle["name"] == "m/8x6/threads:1_median"
    assert middle["aggregate_name"] == "median"
    assert middle["run_type"] == "aggregate"
    assert middle["time_unit"] == "ms"
    assert (middle["threads"], middle["iterations"], middle["kernel"]) == (1, 10, "avx2")


def test_full_and_bare_reports_fit_the_schema() -> None:
    bare = measurement("bare")
    full = replace(
        measurement("full"),
        energy=Energy("rapl", 0.5, 20.0, "package-0"),
        start=FreshStart(10.0, 20.0, 1 << 26, 1 << 20),
        quality=Quality(36.5, "Set5", 5, 70.0, 1, 1),
        layers=LAYERS,
    )
    estimate = replace(bare, energy=Energy("estimate", 0.001, None, "45 nm"))
    uneven = (0.01,) * 9 + (0.1,) * 9
    slow = replace(bare, timing=Timing("slow", "avx2", 1, uneven, uneven))
    for one in (bare, full, estimate, slow):
        check(report(one))
    result = report(slow)
    assert result["context"]["trustworthy"] is False
    assert {"noisy", "slowing"} <= {flag["rule"] for flag in result["context"]["flags"]}


def test_the_schema_refuses_a_zero_for_an_absent_sensor() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="needs the extra 'dev'")
    result = report(measurement("m"))
    entry = next(one for one in result["benchmarks"] if one["name"].endswith("_median"))
    entry["energy"]["joules_per_frame"] = 0
    with pytest.raises(jsonschema.ValidationError):
        check(result)


def test_layers_in_order_slowest_and_by_type() -> None:
    layers = median(report(replace(measurement("m"), layers=LAYERS)))["layers"]
    assert layers["total_ms"] == 8
    assert [layer["name"] for layer in layers["run_order"]] == ["a", "b", "c"]
    assert [layer["name"] for layer in layers["top"]] == ["b", "c", "a"]
    assert [(of["type"], of["layers"], of["ms"]) for of in layers["by_type"]] == [
        ("AdderConv", 1, 5),
        ("Conv", 2, 3),
    ]
    assert layers["by_type"][0]["share"] == 5 / 8


def test_the_compare_tool_of_google_benchmark_reads_it(tmp_path: Path) -> None:
    tool = TOOLS / "compare.py"
    if not tool.is_file():
        pytest.skip(f"there is no {tool}: apt-get install libbenchmark-tools")
    pytest.importorskip("scipy", reason="needs the extra 'bench'")
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(report(measurement("m"))))
    new.write_text(json.dumps(report(measurement("m", 2.0))))
    # Its own style, for Python before 3.12, warns.
    command = [sys.executable, "-W", "ignore", str(tool), "--no-color", "benchmarks", str(old)]
    done = subprocess.run([*command, str(new)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = {line.split()[0]: line.split() for line in done.stdout.splitlines() if line.split()}
    assert lines["m/8x6/threads:1_median"][1] == "+1.0000"
    assert lines["m/8x6/threads:1_pvalue"][1] == "0.0002"
    assert "Repetitions: 10 vs 10" in done.stdout
