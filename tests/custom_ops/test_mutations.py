"""Wrong versions of AdderConv, each of which the comparison must reject.

The other tests compare implementations with the reference by ``assert_matches`` over ``CASES``.
Here a third implementation is bent, one mistake at a time, and the same comparison over the same
cases has to notice every mistake wherever it can show.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from addersr.custom_ops.adder_conv import Attributes, output_shape, tolerance
from addersr.custom_ops.adder_conv.reference import FloatArray

from .adder_conv_cases import CASES, Case, case
from .adder_conv_model import assert_matches, expected

Term = Callable[[FloatArray, FloatArray], FloatArray]
Bend = Callable[[FloatArray], FloatArray]


def distance(x: FloatArray, w: FloatArray) -> FloatArray:
    return np.abs(np.nan_to_num(x) - w)  # padded taps are NaN


@dataclass(frozen=True)
class Mutant:
    """One way to get AdderConv wrong, and the cases in which it must show."""

    shows: Callable[[Case], bool]
    term: Term = distance
    pad: Callable[[FloatArray, list[tuple[int, int]]], FloatArray] | None = None
    bend_w: Bend = lambda w: w
    bend_b: Bend = lambda b: b
    bend_case: Callable[[Case], Case] = lambda one: one
    by_group: Callable[[FloatArray, int], FloatArray] = lambda w, group: w.reshape(
        group, -1, *w.shape[1:]
    )


def pad_with_nan(x: FloatArray, margins: list[tuple[int, int]]) -> FloatArray:
    return np.pad(x, margins, constant_values=np.nan)


def patches(x: FloatArray, one: Case, pad: Callable[..., FloatArray]) -> FloatArray:
    """[N, C, OH, OW, kh, kw]: the pixels under every tap of every output."""
    attributes = Attributes(**one.attributes)
    sizes = output_shape(one.x, one.w, attributes)[2:]
    margins, extents = [(0, 0), (0, 0)], []
    for axis in (0, 1):
        size, kernel = one.x[axis + 2], one.w[axis + 2]
        extent = attributes.extent(axis, kernel)
        before = attributes.output_axis(axis, size, kernel)[1]
        touched = (sizes[axis] - 1) * one.strides[axis] + extent
        margins.append((before, max(0, touched - before - size)))
        extents.append(extent)
    windows = np.lib.stride_tricks.sliding_window_view(
        pad(x, margins), (extents[0], extents[1]), axis=(2, 3)
    )
    (down, across), (rows, columns) = one.strides, one.dilations
    return windows[:, :, ::down, ::across, ::rows, ::columns][:, :, : sizes[0], : sizes[1]]


def bent(one: Case, mutant: Mutant) -> FloatArray:
    """The output of a wrong AdderConv, in float64."""
    x, straight_w, straight_b = (array.astype(np.float64) for array in one.arrays())
    w, b, one = mutant.bend_w(straight_w), mutant.bend_b(straight_b), mutant.bend_case(one)
    pixels = patches(x, one, mutant.pad or pad_with_nan)
    pixels = pixels.reshape(one.x[0], one.group, 1, one.w[1], *pixels.shape[2:])
    weights = mutant.by_group(w, one.group)[:, :, :, np.newaxis, np.newaxis]
    sums = mutant.term(pixels, weights).sum(axis=(3, 6, 7))
    sums = sums.reshape(one.x[0], one.w[0], *sums.shape[3:])
    y: FloatArray = b[:, np.newaxis, np.newaxis] - sums
    return y


def padded(one: Case) -> bool:
    return any(one.pads) and not_empty(one)


def not_empty(one: Case) -> bool:
    return bool(np.prod(one.x))


def square(one: Case) -> bool:
    # A single pixel only ever meets the middle tap, which stays where it is.
    return one.w[2] == one.w[3] > 1 and one.x[2:] != (1, 1) and not_empty(one)


def torch_pads(one: Case) -> Case:
    left, right, top, bottom = one.pads
    return replace(one, pads=(top, left, bottom, right))


def other_same(one: Case) -> Case:
    other = {"SAME_UPPER": "SAME_LOWER", "SAME_LOWER": "SAME_UPPER"}
    return replace(one, auto_pad=other[one.auto_pad])


def odd_same(one: Case) -> bool:
    """Whether SAME_UPPER and SAME_LOWER differ: a number of zeros is odd."""
    if not one.auto_pad.startswith("SAME"):
        return False
    here, there = (Attributes(**each.attributes) for each in (one, other_same(one)))
    return any(
        here.output_axis(i, one.x[i + 2], one.w[i + 2])
        != there.output_axis(i, one.x[i + 2], one.w[i + 2])
        for i in (0, 1)
    )


MUTANTS = {
    "edge_padding": Mutant(padded, pad=lambda x, m: np.pad(x, m, mode="edge")),
    "padding_of_ones": Mutant(padded, pad=lambda x, m: np.pad(x, m, constant_values=1.0)),
    "padding_does_not_count": Mutant(padded, lambda x, w: np.nan_to_num(np.abs(x - w))),
    "squared_distance": Mutant(not_empty, lambda x, w: distance(x, w) ** 2),
    "signed_difference": Mutant(not_empty, lambda x, w: np.nan_to_num(x) - w),
    "negated_product": Mutant(not_empty, lambda x, w: -np.nan_to_num(x) * w),
    "filter_transposed_in_space": Mutant(square, bend_w=lambda w: w.swapaxes(2, 3)),
    "filter_flipped": Mutant(square, bend_w=lambda w: w[:, :, ::-1, ::-1]),
    "filter_transposed_in_channels": Mutant(
        lambda one: one.w[0] == one.w[1] > 1, bend_w=lambda w: w.swapaxes(0, 1)
    ),
    "bias_missing": Mutant(not_empty, bend_b=np.zeros_like),
    "bias_subtracted": Mutant(not_empty, bend_b=np.negative),
    "axes_of_strides_swapped": Mutant(
        lambda one: one.strides[0] != one.strides[1],
        bend_case=lambda one: replace(one, strides=one.strides[::-1]),
    ),
    "axes_of_dilations_swapped": Mutant(
        lambda one: one.dilations[0] != one.dilations[1] and one.dilations[0] < 3,
        bend_case=lambda one: replace(one, dilations=one.dilations[::-1]),
    ),
    "pads_in_the_order_of_torch": Mutant(lambda one: torch_pads(one) != one, bend_case=torch_pads),
    "odd_zero_on_the_other_side": Mutant(odd_same, bend_case=other_same),
    "filters_dealt_out_to_groups": Mutant(
        lambda one: 1 < one.group < one.w[0] and not_empty(one),
        by_group=lambda w, group: w.reshape(-1, group, *w.shape[1:]).swapaxes(0, 1),
    ),
}


@pytest.mark.parametrize("one", CASES, ids=lambda one: one.name)
def test_the_unbent_implementation_is_accepted(one: Case) -> None:
    assert_matches(one, bent(one, Mutant(not_empty)), expected(one))


@pytest.mark.parametrize("name", MUTANTS)
def test_the_comparison_rejects(name: str) -> None:
    mutant = MUTANTS[name]
    designated = [one for one in CASES if mutant.shows(one)]
    assert designated
    for one in designated:
        with pytest.raises(AssertionError):
            assert_matches(one, bent(one, mutant), expected(one))


def test_the_comparison_accepts_the_tolerance_and_no_more() -> None:
    one = case("kernel_3x3")
    truth = expected(one)
    limit = tolerance(*one.arrays())
    off = truth.copy()
    off[0, 3, 1, 2] += 0.99 * limit
    assert_matches(one, off, truth)
    off[0, 3, 1, 2] += 0.02 * limit
    with pytest.raises(AssertionError, match=r"kernel_3x3: differs by .*, tolerance"):
        assert_matches(one, off, truth)


def test_the_comparison_rejects_another_shape_and_nan() -> None:
    one = case("kernel_3x3")
    truth = expected(one)
    with pytest.raises(AssertionError):
        assert_matches(one, truth[:, :1], truth)
    with pytest.raises(AssertionError):
        assert_matches(one, np.where(truth == truth.max(), np.nan, truth), truth)
