from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from addersr import custom_ops
from addersr.errors import AdderSRError
from addersr.runtime.benchmark.measure import MOST_ROUNDS, Plan, Timing, measure
from addersr.runtime.benchmark.subjects import (
    FUNCTION_BODY,
    ONNXRUNTIME_KERNELS,
    Subject,
    bare_subject,
    session_subject,
)
from addersr.runtime.child_session import ChildSession
from addersr.runtime.model_info import read_model_info
from addersr.runtime.network import sample_input


def order_of(plan: Plan) -> list[str]:
    """The order in which three subjects run, as one string per round."""
    order: list[str] = []

    def subject(name: str) -> Subject:
        def step() -> tuple[float, float]:
            order.append(name)
            return 1.0, 1.0

        return Subject(name, "kernel", 1, step)

    measure([subject(name) for name in "abc"], plan)
    return ["".join(order[first : first + 3]) for first in range(0, len(order), 3)]


def test_subjects_take_turns_in_an_order_that_chance_gives() -> None:
    rounds = order_of(Plan(20, warm_up=2, seed=1))
    assert len(rounds) == 22
    assert all(sorted(one) == ["a", "b", "c"] for one in rounds)
    assert len(set(rounds)) > 3
    assert order_of(Plan(20, warm_up=2, seed=1)) == rounds
    assert order_of(Plan(20, warm_up=2, seed=2)) != rounds


def test_warm_up_does_not_count_and_rest_comes_before_it() -> None:
    done: list[str] = []

    def subject(name: str, seconds: float) -> Subject:
        def step() -> tuple[float, float]:
            done.append(name)
            return seconds * (1 + (len(done) <= 5)), 2 * seconds

        return Subject(name, "kernel", 1, step)

    seen: list[tuple[int, int]] = []
    timings = measure(
        [subject("a", 1.0), subject("b", 2.0)],
        Plan(3, warm_up=2, cool_down=1.5),
        progress=lambda done, total: seen.append((done, total)),
        sleep=lambda seconds: done.append(f"slept {seconds}"),
    )
    assert done[0] == "slept 1.5"
    assert sorted(done[1:]) == ["a"] * 5 + ["b"] * 5
    assert [timing.seconds for timing in timings] == [(1.0,) * 3, (2.0,) * 3]
    assert timings[1].cpu_seconds == (4.0,) * 3
    assert seen == [(n, 5) for n in range(1, 6)]


@pytest.mark.parametrize(("seconds", "runs"), [(0.5, 1), (3.0, 3), (1e9, MOST_ROUNDS)])
def test_seconds_instead_of_runs(seconds: float, runs: int) -> None:
    now = 0.0

    def step() -> tuple[float, float]:
        nonlocal now
        now += 1.0
        return 1.0, 1.0

    (timing,) = measure(
        [Subject("a", "kernel", 1, step)], Plan(seconds=seconds, warm_up=4), clock=lambda: now
    )
    assert len(timing.seconds) == runs


def test_percentiles() -> None:
    seconds = tuple(np.arange(1, 102) / 1e3)
    times = Timing("model", "avx2", 2, seconds, seconds).milliseconds
    expected = {"min": 1, "mean": 51, "p50": 51, "p90": 91, "p95": 96, "p99": 100}
    assert times == pytest.approx(expected)
    assert Timing("model", "avx2", 2, seconds, seconds).fps == pytest.approx(1000 / 51)


def test_the_kernel_that_ran_is_named(adder_model: Path, cnn_model: Path) -> None:
    planes = sample_input(read_model_info(adder_model), 12, 10)
    ours = session_subject("ours", adder_model, planes, threads=1)
    assert ours.kernel == custom_ops.library_info().kernel
    assert session_subject("twin", cnn_model, planes).kernel == ONNXRUNTIME_KERNELS
    with ChildSession(adder_model, threads=1) as child:
        bare = bare_subject("bare", adder_model, planes, child)
        assert (bare.kernel, bare.threads) == (FUNCTION_BODY, 1)
        timings = measure([ours, bare], Plan(2, warm_up=0))
    assert [timing.name for timing in timings] == ["ours", "bare"]
    assert all(seconds > 0 for timing in timings for seconds in timing.seconds)


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
        Plan(0)
    with pytest.raises(AdderSRError, match="more than 0 seconds"):
        Plan(seconds=0)
    for both in (None, 1):
        with pytest.raises(AdderSRError, match="either"):
            Plan(both, seconds=None if both is None else 1)
    with pytest.raises(AdderSRError, match="0x4"):
        sample_input(read_model_info(adder_model), 0, 4)
