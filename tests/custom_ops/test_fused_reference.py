"""FusedAdderConv's reference by hand, and wrong versions of it that the comparison must reject."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from addersr.custom_ops.adder_conv import adder_conv
from addersr.custom_ops.adder_conv.reference import FloatArray
from addersr.custom_ops.fused_adder_conv import Epilogue, fused_adder_conv, tolerance
from addersr.custom_ops.fused_adder_conv.reference import power
from addersr.errors import AdderSRError

from .adder_conv_cases import case
from .fused_adder_conv_cases import CALLS, PART_CALLS, PARTS, Call
from .fused_adder_conv_model import assert_matches

NEUTRAL = Epilogue.neutral(np.float64)


def one(value: float) -> FloatArray:
    return np.full(1, value)


def test_every_step_by_hand() -> None:
    # Two filters of one tap on two pixels: A = -|x - w|.
    x = np.array([1.0, 5.0]).reshape(1, 1, 1, 2)
    w = np.array([2.0, 9.0]).reshape(2, 1, 1, 1)
    epilogue = Epilogue(
        scale=np.array([2.0, 0.5]),  # -2, -6 and -4, -2
        bias=np.array([1.0, -5.0]),  # -1, -5 and -9, -7
        z=np.array([5.0, 1.0, 5.0, 16.0]).reshape(1, 2, 1, 2),  # 4, -4 and -4, 9
        alpha=np.array([0.5, 2.0]),  # 2, -2 and -16, 81
        slope=np.array([3.0, -0.25]),  # 2, -6 and 4, 81
        r=np.array([0.1, 0.2, 0.3, 0.4]).reshape(1, 2, 1, 2),
        clip_min=np.array(-5.0),
        clip_max=np.array(3.0),  # 2, -5 and 3, 3
    )
    y = fused_adder_conv(x, w, epilogue)
    np.testing.assert_allclose(y.ravel(), [2.1, -4.8, 3.3, 3.4], rtol=1e-15)
    last = replace(epilogue, z=np.moveaxis(epilogue.z, 1, 3), r=np.moveaxis(epilogue.r, 1, 3))
    y = fused_adder_conv(np.moveaxis(x, 1, 3), w, last, channels_last=1)
    np.testing.assert_allclose(np.moveaxis(y, 3, 1).ravel(), [2.1, -4.8, 3.3, 3.4], rtol=1e-15)


@pytest.mark.parametrize("call", [*CALLS[::5], *PART_CALLS], ids=lambda call: call.name)
def test_float32_stays_float32_and_within_tolerance(call: Call) -> None:
    actual = fused_adder_conv(*call.arrays(), **call.attributes)
    assert actual.dtype == np.float32
    assert_matches(call, actual)


def test_the_neutral_epilogue_leaves_adder_conv() -> None:
    x, w, b = case("groups_2").arrays()
    attributes = case("groups_2").attributes
    np.testing.assert_array_equal(
        fused_adder_conv(x, w, replace(Epilogue.neutral(), bias=b), **attributes),
        adder_conv(x, w, np.zeros_like(b), **attributes) + b[:, np.newaxis, np.newaxis],
    )


def test_power_by_hand() -> None:
    t = np.array([-4.0, -0.25, 0.0, 1e-14, 1e-12, 1.0, 9.0])
    np.testing.assert_allclose(
        power(t, one(0.5)), [-2.0, -0.5, 0.0, 1e-8, 1e-6, 1.0, 3.0], rtol=1e-12
    )
    np.testing.assert_array_equal(power(t, one(1.0)), t)
    assert power(np.float32([1e38]), np.float32([2])) == np.inf


def test_tolerance_by_hand() -> None:
    eps = 2.0**-23
    x, w = np.full((1, 1, 1, 1), 1.0), np.full((1, 1, 1, 1), 3.0)  # A = -2, within 8 eps
    epilogue = replace(NEUTRAL, scale=one(-0.5), bias=one(3.0))  # T = 1 + 3
    off = eps * (0.5 * 8 + 1 + 4 + 4)
    np.testing.assert_allclose(tolerance(x, w, epilogue), off + 4 * eps + 4 * eps, rtol=1e-9)
    # The slope of a root is greatest on the side of zero, and that of PReLU at least 1.
    rooted = replace(epilogue, alpha=one(0.5), slope=one(7.0))
    grown = 2 - np.sqrt(4 - off) + eps * (4 + 1 + np.log(4)) * np.sqrt(4 + off)
    np.testing.assert_allclose(tolerance(x, w, rooted), 7 * (grown + 2 * eps) + 2 * eps, rtol=1e-6)


Step = Callable[[FloatArray, dict[str, FloatArray]], FloatArray]


def prelu(t: FloatArray, e: dict[str, FloatArray]) -> FloatArray:
    return np.where(t < 0, e["slope"] * t, t)


STEPS: dict[str, Step] = {
    "scale": lambda t, e: t * e["scale"],
    "bias": lambda t, e: t + e["bias"],
    "z": lambda t, e: t + e["z"],
    "alpha": lambda t, e: power(t, e["alpha"]),
    "slope": prelu,
    "clip": lambda t, e: np.clip(t, e["clip_min"], e["clip_max"]),
    "r": lambda t, e: t + e["r"],
}


def bent(call: Call, steps: tuple[str, ...], **changed: Step) -> FloatArray:
    """The output of FusedAdderConv with other steps, NCHW, in float64."""
    x, w, epilogue = (array.astype(np.float64) for array in call.arrays())
    total = adder_conv(x, w, np.zeros(w.shape[0]), **call.attributes)
    values = {
        name: array.reshape(-1, 1, 1) if array.ndim == 1 else array
        for name, array in zip(Epilogue.__dataclass_fields__, epilogue.arrays(), strict=True)
    }
    for step in steps:
        total = {**STEPS, **changed}[step](total, values)
    return total


WHOLE = Call(case("channels_17_to_23"), 0, PARTS)
WITHOUT_CLIP = Call(case("channels_17_to_23"), 0, tuple(p for p in PARTS if p != "clip"))


def test_the_unbent_steps_are_accepted() -> None:
    assert_matches(WHOLE, bent(WHOLE, PARTS))
    assert_matches(WITHOUT_CLIP, bent(WITHOUT_CLIP, PARTS))


@pytest.mark.parametrize("call", [WHOLE, WITHOUT_CLIP], ids=lambda call: call.name)
@pytest.mark.parametrize("left_out", PARTS)
def test_a_step_that_is_left_out_shows(call: Call, left_out: str) -> None:
    if left_out in call.parts:
        with pytest.raises(AssertionError):
            assert_matches(call, bent(call, tuple(part for part in PARTS if part != left_out)))


@pytest.mark.parametrize("index", [0, 2, 3, 4, 5])
def test_two_steps_in_the_other_order_show(index: int) -> None:
    # Bias and Z (index 1) are both added.
    steps = list(PARTS)
    steps[index : index + 2] = reversed(steps[index : index + 2])
    if index == 3:  # PReLU with a positive slope and the power differ by the slope's power
        assert steps[3:5] == ["slope", "alpha"]
    with pytest.raises(AssertionError):
        assert_matches(WHOLE, bent(WHOLE, tuple(steps)))


BENT: dict[str, Step] = {
    "alpha_without_sign": lambda t, e: np.abs(t) ** e["alpha"],
    "alpha_one_less": lambda t, e: np.sign(t) * np.abs(t) ** (e["alpha"] - 1),
    "alpha_of_the_first_channel": lambda t, e: power(t, e["alpha"][:1]),
    "slope_for_all": lambda t, e: t * e["slope"],
    "slope_of_positive": lambda t, e: np.where(t > 0, e["slope"] * t, t),
    "scale_of_the_next_channel": lambda t, e: t * np.roll(e["scale"], 1, 0),
    "bias_subtracted": lambda t, e: t - e["bias"],
    "z_turned": lambda t, e: t + e["z"][..., ::-1],
    "r_turned": lambda t, e: t + e["r"][..., ::-1, :],
    "clip_at_zero": lambda t, e: np.clip(t, 0, e["clip_max"]),
}


@pytest.mark.parametrize("name", BENT)
def test_a_wrong_step_shows(name: str) -> None:
    with pytest.raises(AssertionError):
        assert_matches(WHOLE, bent(WHOLE, PARTS, **{name.split("_")[0]: BENT[name]}))


X, W = np.zeros((1, 4, 5, 6)), np.zeros((2, 4, 3, 3))
WRONG: list[tuple[dict[str, FloatArray], dict[str, Any], str]] = [
    ({}, {"channels_last": 2}, r"channels_last to be 0 \(NCHW\) or 1 \(NHWC\), got 2"),
    ({}, {"channels_last": 1}, "W's channels times group = 4 x 1, got 6 channels"),
    ({}, {"strides": (0, 1)}, "FusedAdderConv expects strides to be 2 integers of 1 or more"),
    ({"scale": np.ones(3)}, {}, r"scale to have 1 value or one per filter \(2\), got shape \[3\]"),
    ({"slope": np.ones((2, 1))}, {}, r"slope to have 1 value .* got shape \[2, 1\]"),
    ({"z": np.ones((1, 2, 3, 5))}, {}, r"Z to have the shape of Y, \[1, 2, 3, 4\], .*3, 5\]"),
    ({"r": np.ones((1, 2, 1, 1))}, {}, r"R to have the shape of Y, \[1, 2, 3, 4\], or \[1, 1"),
    ({"clip_min": np.zeros(1)}, {}, r"clip_min to be a scalar, got shape \[1\]"),
    ({"alpha": np.full(2, -0.1)}, {}, r"alpha to lie between 0 and 1024, got \[-0.1, -0.1\]"),
    ({"alpha": np.full(1, np.nan)}, {}, "alpha to lie between 0 and 1024"),
    ({"bias": np.zeros(1, np.float32)}, {}, "all inputs in float32, or all in float64, got"),
]


@pytest.mark.parametrize(("changed", "attributes", "message"), WRONG)
def test_mistakes_end_in_a_sentence(
    changed: dict[str, FloatArray], attributes: dict[str, Any], message: str
) -> None:
    with pytest.raises(AdderSRError, match=message):
        fused_adder_conv(X, W, replace(NEUTRAL, **changed), **attributes)
    with pytest.raises(AdderSRError, match="X to have 4 dimensions"):
        fused_adder_conv(X[0], W, NEUTRAL)
