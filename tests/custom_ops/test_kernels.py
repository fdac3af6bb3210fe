"""The C++ kernels through onnxruntime, against the float64 reference.

These tests use the instruction set that this process uses; ``test_every_isa.py`` repeats them with
every other one that the CPU has. The models carry no function body: only a kernel can run them.
"""

import os
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings

from addersr.custom_ops import library_info

from .adder_conv_calls import calls
from .adder_conv_cases import CASES, Case, case
from .adder_conv_model import assert_matches, expected, node_model, run, session

# Several tiles and panels, each with a remainder, and several blocks of rows.
LARGE = Case("large", (2, 17, 37, 45), (35, 17, 3, 3), pads=(1, 1, 1, 1))
LARGE_VARIANTS = [
    LARGE,
    replace(LARGE, name="large_stride_2", strides=(2, 2)),
    replace(LARGE, name="large_dilated", dilations=(2, 3), pads=(2, 3, 2, 3)),
    Case("large_groups", (2, 6, 37, 45), (34, 3, 3, 3), pads=(1, 1, 1, 1), group=2),
    Case("large_5x5", (1, 3, 40, 33), (9, 3, 5, 5), pads=(2, 2, 2, 2)),
]


def kernel(one: Case, threads: int = 1) -> onnxruntime.InferenceSession:
    return session(node_model(one, function=False), library=True, threads=threads)


@pytest.mark.parametrize("one", [*CASES, *LARGE_VARIANTS], ids=lambda one: one.name)
def test_kernels_match_the_reference(one: Case) -> None:
    y = run(kernel(one), X=one.arrays()[0])
    assert y.dtype == np.float32
    assert_matches(one, y, expected(one))


def test_the_kernel_wins_over_the_body() -> None:
    one = case("channels_8_to_8")
    both = session(node_model(one, function=True), library=True)
    before = library_info().calls
    assert_matches(one, run(both, X=one.arrays()[0]), expected(one))
    assert library_info().calls[library_info().kernel] > before[library_info().kernel]


def test_the_chosen_kernel_and_no_other_runs() -> None:
    before = library_info()
    run(kernel(LARGE), X=LARGE.arrays()[0])
    after = library_info()
    assert after.isa in after.available_isas
    assert os.environ.get("ADDERSR_FORCE_ISA") in (None, after.isa, after.kernel)
    called = [name for name, calls in after.calls.items() if calls > before.calls[name]]
    assert called == [after.kernel]


@pytest.mark.parametrize("one", LARGE_VARIANTS, ids=lambda one: one.name)
def test_the_number_of_threads_changes_no_bit(one: Case) -> None:
    x = one.arrays()[0]
    outputs = [run(kernel(one, threads), X=x) for threads in (1, 2, 5)]
    np.testing.assert_array_equal(outputs[1], outputs[0])
    np.testing.assert_array_equal(outputs[2], outputs[0])


@pytest.mark.parametrize(
    "one", [v for v in LARGE_VARIANTS if v.strides == (1, 1)], ids=lambda one: one.name
)
def test_the_place_in_the_image_changes_no_bit(one: Case) -> None:
    x = one.arrays()[0]
    runner = kernel(one)
    whole = run(runner, X=x)
    reach = one.pads[:2]
    for top, left, height, width in ((0, 1, 37, 44), (3, 2, 20, 31), (17, 7, 13, 9), (5, 20, 8, 7)):
        rows, columns = slice(top, top + height), slice(left, left + width)
        part = run(runner, X=x[:, :, rows, columns])
        inner = (slice(reach[0], height - reach[0]), slice(reach[1], width - reach[1]))
        np.testing.assert_array_equal(
            part[:, :, inner[0], inner[1]],
            whole[:, :, rows, columns][:, :, inner[0], inner[1]],
        )


def test_the_place_in_the_batch_changes_no_bit() -> None:
    x = LARGE.arrays()[0]
    runner = kernel(LARGE)
    np.testing.assert_array_equal(run(runner, X=x)[1:], run(runner, X=x[1:]))


def test_an_output_channel_does_not_depend_on_its_neighbours() -> None:
    # The kernel of few filters and that of many sum in the same order.
    one = replace(LARGE, x=(1, 17, 9, 11))
    x, w, b = one.arrays()
    whole = run(kernel(one), X=x)
    for first, count in ((0, 1), (3, 8), (8, 16), (30, 5)):
        part = node_model(replace(one, w=(count, 17, 3, 3)), function=False)
        chosen = slice(first, first + count)
        del part.graph.initializer[:]
        part.graph.initializer.append(onnx.numpy_helper.from_array(w[chosen], "W"))
        part.graph.initializer.append(onnx.numpy_helper.from_array(b[chosen], "B"))
        y = run(session(part, library=True), X=x)
        np.testing.assert_array_equal(y, whole[:, chosen])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_end_without_a_crash(value: float) -> None:
    x = LARGE.arrays()[0].copy()
    x[:, ::3, ::5, ::7] = value
    runner = kernel(LARGE)
    assert run(runner, X=x).shape == (2, 35, 37, 45)
    # They leave nothing behind.
    assert_matches(LARGE, run(runner, X=LARGE.arrays()[0]), expected(LARGE))


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(calls())
def test_any_valid_call_matches_the_reference(one: Case) -> None:
    assert_matches(one, run(kernel(one), X=one.arrays()[0]), expected(one))
