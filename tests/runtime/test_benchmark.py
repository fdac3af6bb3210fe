from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from addersr import custom_ops
from addersr.errors import AdderSRError
from addersr.runtime.benchmark import (
    FUNCTION_BODY,
    ONNXRUNTIME_KERNELS,
    Subject,
    Timing,
    bare_subject,
    measure,
    report,
    session_subject,
)
from addersr.runtime.child_session import ChildSession
from addersr.runtime.model_info import read_model_info
from addersr.runtime.network import sample_input


def test_subjects_take_turns_and_warm_up_does_not_count() -> None:
    order = []

    def subject(name: str, seconds: float) -> Subject:
        def step() -> tuple[float, float]:
            order.append(name)
            return seconds * (1 + (len(order) <= 4)), 2 * seconds

        return Subject(name, "kernel", 1, step)

    seen: list[tuple[int, int]] = []
    timings = measure(
        [subject("a", 1.0), subject("b", 2.0)],
        runs=3,
        warm_up=2,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert order == ["a", "b"] * 5
    assert [timing.seconds for timing in timings] == [(1.0,) * 3, (2.0,) * 3]
    assert timings[1].cpu_seconds == (4.0,) * 3
    assert seen == [(n, 5) for n in range(1, 6)]


def test_percentiles_and_json() -> None:
    seconds = tuple(np.arange(1, 102) / 1e3)
    timing = Timing("model/8x8", "avx2", 2, seconds, seconds)
    entry = timing.to_json()
    assert entry["p50"] == pytest.approx(51)
    assert entry["p90"] == pytest.approx(91)
    assert entry["p95"] == pytest.approx(96)
    assert entry["p99"] == pytest.approx(100)
    assert entry["min"] == pytest.approx(1)
    assert entry["mean"] == pytest.approx(51)
    assert entry["fps"] == pytest.approx(1000 / 51)
    # What tools for google/benchmark read.
    assert entry["name"] == "model/8x8_median"
    assert entry["aggregate_name"] == "median"
    assert entry["run_type"] == "aggregate"
    assert entry["time_unit"] == "ms"
    assert entry["real_time"] == entry["p50"]
    assert (entry["threads"], entry["iterations"], entry["kernel"]) == (2, 101, "avx2")


def test_the_kernel_that_ran_is_named(adder_model: Path, cnn_model: Path) -> None:
    planes = sample_input(read_model_info(adder_model), 12, 10)
    ours = session_subject("ours", adder_model, planes, threads=1)
    assert ours.kernel == custom_ops.library_info().kernel
    assert session_subject("twin", cnn_model, planes).kernel == ONNXRUNTIME_KERNELS
    with ChildSession(adder_model, threads=1) as child:
        bare = bare_subject("bare", adder_model, planes, child)
        assert (bare.kernel, bare.threads) == (FUNCTION_BODY, 1)
        timings = measure([ours, bare], runs=2, warm_up=0)
    result = report(timings, width=12)
    assert [entry["run_name"] for entry in result["benchmarks"]] == ["ours", "bare"]
    assert all(entry["real_time"] > 0 for entry in result["benchmarks"])
    assert result["context"]["width"] == 12
    assert {"date", "num_cpus", "cpu", "load_avg", "onnxruntime"} <= result["context"].keys()


def test_the_input_is_luma_and_always_the_same(adder_model: Path) -> None:
    info = replace(read_model_info(adder_model), colour="rgb")
    planes = sample_input(info, 7, 5)
    assert planes.shape == (1, 3, 5, 7)
    assert planes.dtype == np.float32
    assert 16 / 255 <= planes.min() < planes.max() <= 235 / 255
    np.testing.assert_array_equal(planes, sample_input(info, 7, 5))
    picture = sample_input(replace(info, io="uint8"), 7, 5)
    assert (picture.shape, picture.dtype) == ((1, 5, 7, 3), np.uint8)


def test_nothing_to_measure(adder_model: Path) -> None:
    with pytest.raises(AdderSRError, match="at least 1 run"):
        measure([], runs=0)
    with pytest.raises(AdderSRError, match="0x4"):
        sample_input(read_model_info(adder_model), 0, 4)
