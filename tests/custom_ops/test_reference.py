"""The numpy reference against numbers worked out by hand and against a brute-force loop."""

from typing import Any

import numpy as np
import onnx
import pytest

from addersr.custom_ops.adder_conv import Attributes, adder_conv, output_shape, tolerance
from addersr.custom_ops.adder_conv.reference import FloatArray
from addersr.errors import AdderSRError

from .adder_conv_cases import CASES, DEFAULTS, Case, case
from .adder_conv_model import assert_matches, expected

SMALL = [
    one
    for one in CASES
    if np.prod(one.x) * one.taps * one.w[0] <= 60_000 and not one.name.startswith("width_")
]


def brute_force(x: FloatArray, w: FloatArray, b: FloatArray, given: dict[str, Any]) -> FloatArray:
    """One output at a time, one tap at a time, straight from the words of the specification."""
    attributes = {**DEFAULTS, **given}
    auto_pad, group = attributes["auto_pad"], attributes["group"]
    starts, counts = [], []
    for axis in (0, 1):
        size, kernel = x.shape[axis + 2], w.shape[axis + 2]
        stride, dilation = attributes["strides"][axis], attributes["dilations"][axis]
        reach = dilation * (kernel - 1)
        if auto_pad.startswith("SAME"):
            # As many outputs as strides begin inside; the zeros they need, split in halves.
            count = len(range(0, size, stride))
            zeros = max(0, stride * (count - 1) + reach + 1 - size)
            begin = -((zeros + (auto_pad == "SAME_LOWER")) // 2)
        else:
            begin, end = -attributes["pads"][axis], size + attributes["pads"][axis + 2]
            count = len([start for start in range(begin, end, stride) if start + reach < end])
        starts.append(begin)
        counts.append(count)
    y = np.zeros((x.shape[0], w.shape[0], *counts))
    for n, o, row, column in np.ndindex(*y.shape):
        total = 0.0
        for c, i, j in np.ndindex(*w.shape[1:]):
            channel = o // (w.shape[0] // group) * w.shape[1] + c
            h = starts[0] + row * attributes["strides"][0] + i * attributes["dilations"][0]
            v = starts[1] + column * attributes["strides"][1] + j * attributes["dilations"][1]
            inside = 0 <= h < x.shape[2] and 0 <= v < x.shape[3]
            total += abs((float(x[n, channel, h, v]) if inside else 0.0) - float(w[o, c, i, j]))
        y[n, o, row, column] = float(b[o]) - total
    return y


@pytest.mark.parametrize("one", SMALL, ids=lambda one: one.name)
def test_equals_a_brute_force_loop(one: Case) -> None:
    truth = brute_force(*one.arrays(), one.attributes)
    actual = expected(one)
    assert actual.shape == truth.shape
    np.testing.assert_allclose(actual, truth, rtol=1e-12, atol=1e-12)


def test_the_small_cases_cover_every_attribute() -> None:
    assert {name for one in SMALL for name in one.attributes} == set(DEFAULTS)
    assert {one.auto_pad for one in SMALL} == {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"}
    assert any(one.x[0] == 0 for one in SMALL)


@pytest.mark.parametrize("one", CASES, ids=lambda one: one.name)
def test_float32_stays_float32_and_within_tolerance(one: Case) -> None:
    actual = adder_conv(*one.arrays(), **one.attributes)
    assert actual.dtype == np.float32
    assert_matches(one, actual, expected(one))


@pytest.mark.parametrize("one", CASES, ids=lambda one: one.name)
def test_output_shape_is_that_of_onnx_conv(one: Case) -> None:
    float32 = onnx.TensorProto.FLOAT
    # onnx infers no size of an empty batch's convolution; sizes do not depend on the batch.
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Conv", ["X", "W"], ["Y"], **one.attributes)],
        "conv",
        [
            onnx.helper.make_tensor_value_info("X", float32, (1, *one.x[1:])),
            onnx.helper.make_tensor_value_info("W", float32, one.w),
        ],
        [onnx.helper.make_tensor_value_info("Y", float32, None)],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)])
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph.output[0]
    conv = tuple(dim.dim_value for dim in inferred.type.tensor_type.shape.dim)
    assert output_shape(one.x, one.w, Attributes(**one.attributes)) == (one.x[0], *conv[1:])


def test_one_tap() -> None:
    x = np.array([[[[1.0, 2.0], [3.0, -4.0]]]])
    y = adder_conv(x, np.full((1, 1, 1, 1), 0.5), np.array([10.0]))
    np.testing.assert_array_equal(y, [[[[9.5, 8.5], [7.5, 5.5]]]])


def test_a_filter_is_not_flipped() -> None:
    x = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    equal, turned = x.copy(), x[:, :, ::-1, ::-1]
    w = np.concatenate([equal, turned])
    np.testing.assert_array_equal(
        adder_conv(x, w, np.zeros(2)).ravel(), [0.0, -(3.0 + 1.0 + 1.0 + 3.0)]
    )


def test_padded_taps_count_with_the_weight() -> None:
    x = np.full((1, 1, 1, 1), 5.0)
    w = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    # The middle weight is 5 as is x; the other eight meet zeros.
    y = adder_conv(x, w, np.zeros(1), pads=(1, 1, 1, 1))
    np.testing.assert_array_equal(y, [[[[-(45.0 - 5.0)]]]])


def test_channels_add_up_and_groups_do_not_mix() -> None:
    x = np.array([1.0, 10.0, 100.0, 1000.0]).reshape(1, 4, 1, 1)
    w = np.zeros((2, 2, 1, 1))
    np.testing.assert_array_equal(adder_conv(x, w, np.zeros(2), group=2).ravel(), [-11.0, -1100.0])
    w = np.zeros((2, 4, 1, 1))
    np.testing.assert_array_equal(adder_conv(x, w, np.zeros(2)).ravel(), [-1111.0, -1111.0])


def test_strides_and_dilations_by_hand() -> None:
    x = np.arange(1.0, 8.0).reshape(1, 1, 1, 7)
    w = np.zeros((1, 1, 1, 2))
    y = adder_conv(x, w, np.zeros(1), strides=(1, 2), dilations=(1, 3))
    np.testing.assert_array_equal(y.ravel(), [-(1.0 + 4.0), -(3.0 + 6.0)])


@pytest.mark.parametrize(
    ("mode", "sums"),
    [("SAME_UPPER", [3.0, 5.0, 7.0, 4.0]), ("SAME_LOWER", [1.0, 3.0, 5.0, 7.0])],
)
def test_the_odd_zero_of_auto_pad(mode: str, sums: list[float]) -> None:
    x = np.arange(1.0, 5.0).reshape(1, 1, 1, 4)
    y = adder_conv(x, np.zeros((1, 1, 1, 2)), np.zeros(1), auto_pad=mode)
    np.testing.assert_array_equal(-y.ravel(), sums)


def test_the_centred_bias_makes_the_output_of_zeros_zero() -> None:
    w = np.random.default_rng(0).normal(size=(4, 3, 3, 3))
    centre = np.abs(w).sum(axis=(1, 2, 3))
    y = adder_conv(np.zeros((1, 3, 4, 5)), w, centre, pads=(1, 1, 1, 1))
    np.testing.assert_allclose(y, 0.0, atol=1e-13)


def test_without_bias_the_output_is_never_positive() -> None:
    x, w, b = case("channels_8_to_8").arrays()
    assert (adder_conv(x, w, np.zeros_like(b)) <= 0).all()


def test_tolerance_by_hand() -> None:
    x = np.array([[[[-3.0, 2.0]]]])
    w = np.full((5, 4, 2, 2), 0.5)
    eps = 2.0**-23
    assert tolerance(x, w) == eps * 16 * 5 * 3.5
    assert tolerance(x, w, np.array([-7.0])) == eps * (16 * 5 * 3.5 + 2 * 7.0)
    assert tolerance(x[:0], w) == eps * 16 * 5 * 0.5


X, W, B = np.zeros((1, 4, 5, 6)), np.zeros((2, 4, 3, 3)), np.zeros(2)
WRONG: list[tuple[tuple[FloatArray, ...], dict[str, Any], str]] = [
    ((X, W, B), {"auto_pad": "SAME"}, "auto_pad to be one of NOTSET, .* got 'SAME'"),
    ((X, W, B), {"auto_pad": "VALID", "pads": (0, 1, 0, 0)}, "both auto_pad='VALID' and pads="),
    ((X, W, B), {"strides": (1, 0)}, r"strides to be 2 integers of 1 or more, got \[1, 0\]"),
    ((X, W, B), {"strides": (1,)}, r"strides to be 2 integers of 1 or more, got \[1\]"),
    ((X, W, B), {"dilations": (0, 1)}, "dilations to be 2 integers of 1 or more"),
    ((X, W, B), {"pads": (0, 0, -1, 0)}, "pads to be 4 integers of 0 or more"),
    ((X, W, B), {"pads": (1, 1)}, "pads to be 4 integers of 0 or more"),
    ((X, W, B), {"kernel_shape": (3, 3, 3)}, "kernel_shape to be 2 integers of 1 or more"),
    ((X, W, B), {"kernel_shape": (3, 2)}, r"kernel_shape to equal .* \[3, 3\], got \[3, 2\]"),
    ((X, W, B), {"group": 0}, "group to be 1 or more, got 0"),
    ((X, W, B), {"group": 2}, r"W's channels times group = 4 x 2, got 4 channels"),
    ((X, W[:, :1], B), {"group": 4}, r"filters \(2\) to be a multiple of group \(4\)"),
    ((X[0], W, B), {}, r"X of shape \[N, C, H, W\], got \[4, 5, 6\]"),
    ((X[:, :, :0], W, B), {}, r"does not fit into X \[1, 4, 0, 6\]"),
    ((X[:, :, :0], W, B), {"auto_pad": "SAME_UPPER"}, r"does not fit into X \[1, 4, 0, 6\]"),
    ((X, W[:, :, :, :0], B), {}, r"filter W of shape .* got \[2, 4, 3, 0\]"),
    ((X, W[0], B), {}, "filter W of shape"),
    ((X, W, B[:1]), {}, r"one bias per filter, shape \[2\], got \[1\]"),
    ((X, W, B[:, np.newaxis]), {}, r"one bias per filter, shape \[2\], got \[2, 1\]"),
    ((X, W, B), {"dilations": (3, 1)}, r"\[3, 3\] with dilations \[3, 1\] does not fit into X"),
    ((X.astype(np.float32), W, B), {}, "all in float32, or all in float64, got float32, float64"),
    ((X.astype(np.float16), W, B), {}, "got float16, float64 and float64"),
    ((X.astype(int), W.astype(int), B.astype(int)), {}, "got int64, int64 and int64"),
]


@pytest.mark.parametrize(("arrays", "attributes", "message"), WRONG)
def test_mistakes_end_in_a_sentence(
    arrays: tuple[FloatArray, FloatArray, FloatArray], attributes: dict[str, Any], message: str
) -> None:
    with pytest.raises(AdderSRError, match=message):
        adder_conv(*arrays, **attributes)


def test_an_equal_kernel_shape_is_accepted() -> None:
    one = case("kernel_2x3")
    y = adder_conv(*one.arrays(), kernel_shape=(2, 3), **one.attributes)
    np.testing.assert_array_equal(y, adder_conv(*one.arrays(), **one.attributes))
