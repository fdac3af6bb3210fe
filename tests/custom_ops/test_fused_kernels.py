"""FusedAdderConv's C++ kernels through onnxruntime, against the float64 reference.

``test_every_isa.py`` repeats these tests with every kernel. The models carry no function body.
"""

from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addersr.custom_ops import library_info
from addersr.custom_ops.adder_conv.reference import FloatArray
from addersr.custom_ops.fused_adder_conv import Epilogue
from addersr.custom_ops.fused_adder_conv.reference import power

from .adder_conv_calls import calls
from .adder_conv_cases import Case
from .adder_conv_model import run, session
from .fused_adder_conv_cases import CALLS, PART_CALLS, PARTS, Call
from .fused_adder_conv_model import assert_matches, feeds, inputs, model, node_model

# Several tiles and panels, each with a remainder, and several blocks of rows.
LARGE = Case("large", (2, 17, 37, 45), (35, 17, 3, 3), pads=(1, 1, 1, 1))
LARGE_CALLS = [
    Call(one, last)
    for one in (
        LARGE,
        replace(LARGE, name="large_of_whole_vectors", w=(48, 17, 3, 3)),
        replace(LARGE, name="large_dilated", dilations=(2, 3), pads=(2, 3, 2, 3)),
        Case("large_groups", (2, 6, 37, 45), (34, 3, 3, 3), pads=(1, 1, 1, 1), group=2),
        replace(LARGE, name="large_stride_2", strides=(2, 2)),
    )
    for last in (0, 1)
]


def kernel(call: Call, threads: int = 1) -> onnxruntime.InferenceSession:
    return session(node_model(call, function=False), library=True, threads=threads)


@pytest.mark.parametrize("call", [*CALLS, *PART_CALLS, *LARGE_CALLS], ids=lambda call: call.name)
def test_kernels_match_the_reference(call: Call) -> None:
    before = library_info().calls
    y = run(kernel(call), **feeds(call))
    assert y.dtype == np.float32
    assert_matches(call, y)
    after = library_info().calls
    called = {name for name in after if after[name] > before[name]}
    assert called == ({library_info().kernel} if y.size else set())


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(calls(), st.sampled_from([0, 1]), st.sets(st.sampled_from(PARTS)), st.booleans())
def test_any_valid_call_matches_the_reference(
    one: Case, last: int, parts: set[str], single: bool
) -> None:
    call = Call(one, last, tuple(part for part in PARTS if part in parts), single)
    assert_matches(call, run(kernel(call), **feeds(call)))


@pytest.mark.parametrize("call", LARGE_CALLS, ids=lambda call: call.name)
def test_the_number_of_threads_changes_no_bit(call: Call) -> None:
    x = call.arrays()[0]
    alone, *others = (run(kernel(call, threads), X=x) for threads in (1, 2, 5))
    for other in others:
        np.testing.assert_array_equal(other, alone)


@pytest.mark.parametrize("call", LARGE_CALLS[:-2], ids=lambda call: call.name)
def test_the_place_in_the_image_changes_no_bit(call: Call) -> None:
    x, w, epilogue = call.arrays()
    constants = inputs(x, w, epilogue)
    for name in "XZR":
        del constants[name]
    runner = session(model(constants, call.attributes, function=False), library=True)
    whole = run(runner, X=x, Z=epilogue.z, R=epilogue.r)
    down, across = (1, 2) if call.channels_last else (2, 3)

    def cut(array: FloatArray, top: int, left: int, height: int, width: int) -> FloatArray:
        index = [slice(None)] * 4
        index[down], index[across] = slice(top, top + height), slice(left, left + width)
        return array[tuple(index)]

    for place in ((0, 1, 37, 44), (3, 2, 20, 31), (17, 7, 13, 9), (5, 20, 8, 7)):
        part = run(runner, X=cut(x, *place), Z=cut(epilogue.z, *place), R=cut(epilogue.r, *place))
        reach_down, reach_across = call.case.pads[:2]
        inner = (reach_down, reach_across, place[2] - 2 * reach_down, place[3] - 2 * reach_across)
        np.testing.assert_array_equal(cut(part, *inner), cut(cut(whole, *place), *inner))


@pytest.mark.parametrize("last", [0, 1])
def test_the_place_in_the_batch_changes_no_bit(last: int) -> None:
    parts = tuple(part for part in PARTS if part not in "zr")
    call = Call(LARGE, last, parts)
    x = call.arrays()[0]
    runner = kernel(call)
    np.testing.assert_array_equal(run(runner, X=x)[1:], run(runner, X=x[1:]))


def test_neutral_values_change_nothing() -> None:
    # Steps that are left out, and steps that run with neutral values for some of the channels.
    call = LARGE_CALLS[1]
    x, w, _ = call.arrays()
    neutral = Epilogue.neutral()
    some = np.ones(35, np.float32)
    some[3] = 0.5
    outputs = []
    for epilogue in (neutral, replace(neutral, alpha=some, slope=some)):
        constants = inputs(x, w, epilogue)
        del constants["X"]
        one = session(model(constants, call.attributes, function=False), library=True)
        outputs.append(np.delete(run(one, X=x), 3, axis=3))
    np.testing.assert_array_equal(outputs[1], outputs[0])


ALPHAS = (0.0, 1e-3, 0.3, 0.5, 0.8, 0.999, 1.0, 1.0001, 1.2, 1.5, 2.0, 3.7, 30.0, 1024.0)


def powers(t: FloatArray) -> FloatArray:
    """The kernel's power activation of [pixels] values with ALPHAS: [pixels, alphas]."""
    count = len(ALPHAS)
    neutral = Epilogue.neutral()
    epilogue = replace(neutral, scale=np.zeros(1, np.float32), alpha=np.array(ALPHAS, np.float32))
    constants = inputs(neutral.z, np.zeros((count, 1, 1, 1), np.float32), epilogue)
    del constants["X"], constants["Z"]
    one = session(model(constants, {"channels_last": 1}, function=False), library=True)
    z = np.repeat(t[:, np.newaxis], count, 1).reshape(1, 1, -1, count)
    return run(one, X=np.zeros((1, 1, len(t), 1), np.float32), Z=z)[0, 0]


def test_power_is_within_its_documented_bound() -> None:
    rng = np.random.default_rng(0)
    magnitudes = np.concatenate(
        [
            np.exp2(rng.uniform(-149, 128, 20_000)),
            np.exp2(rng.uniform(-2, 2, 20_000)),
            1 + rng.normal(0, 1e-4, 2_000),
            np.exp2(np.arange(-149, 128)),
            [1e-12, 2e-12, 0.5e-12, 2**0.5, 2**-0.5, 3.4e38],
        ]
    ).astype(np.float32)
    t = np.concatenate([magnitudes, -magnitudes])
    alphas = np.array(ALPHAS, np.float32).astype(np.float64)
    truth = power(t.astype(np.float64)[:, np.newaxis], alphas)
    actual = powers(t).astype(np.float64)
    largest = float(np.finfo(np.float32).max)
    bound = (3 + 2 * np.abs(alphas - 1)) * 2.0**-23
    # Just below the largest float, the bound itself reaches beyond.
    infinite = np.abs(truth) * (1 + bound) > largest
    assert np.isinf(actual[np.abs(truth) * (1 - bound) > largest * (1 + 2.0**-24)]).all()
    assert (np.sign(actual) == np.sign(truth) * (actual != 0)).all()
    off = np.abs(np.where(infinite, 0, actual) - np.where(infinite, 0, truth))
    assert (off <= bound * np.abs(truth) + 3 * 2.0**-149).all()


def test_power_of_zero_and_of_one() -> None:
    t = np.array([0.0, -0.0, 1.0, -1.0], np.float32)
    np.testing.assert_array_equal(powers(t), np.repeat(t[:, np.newaxis], len(ALPHAS), 1))


def test_an_exponent_of_one_changes_no_bit() -> None:
    t = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    np.testing.assert_array_equal(powers(t)[:, ALPHAS.index(1.0)], t)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_end_without_a_crash(value: float) -> None:
    call = LARGE_CALLS[1]
    x = call.arrays()[0].copy()
    x[:, ::3, ::5, ::7] = value
    runner = kernel(call)
    assert run(runner, X=x).shape == (2, 37, 45, 35)
    # They leave nothing behind.
    assert_matches(call, run(runner, **feeds(call)))
