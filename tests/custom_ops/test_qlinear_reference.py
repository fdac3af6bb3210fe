"""QLinearAdderConv's reference, parameters and tables, by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from addersr.custom_ops.adder_conv import adder_conv
from addersr.custom_ops.qlinear_adder_conv import (
    Parameters,
    activation_table,
    data_range,
    qlinear_adder_conv,
    ramp_table,
)
from addersr.custom_ops.requantization.parameters import IntArray
from addersr.errors import AdderSRError


def one_tap(**changes: Any) -> Parameters:
    """y = 100 - |x - 10|, in steps of 1."""
    given: dict[str, Any] = {
        "bits": 8,
        "w": np.full((1, 1, 1, 1), 10, np.uint8),
        "offset": np.array([100], np.int32),
        "multiplier": np.ones(1, np.float32),
        "bias": np.zeros(1, np.float32),
        "table": ramp_table(256),
    }
    return Parameters(**{**given, **changes})


def run(parameters: Parameters, *x: int, **more: Any) -> list[int]:
    image = np.array(x, parameters.w.dtype).reshape(1, 1, len(x), 1)
    return [int(value) for value in qlinear_adder_conv(image, parameters, **more).ravel()]


def test_one_tap() -> None:
    assert run(one_tap(), 0, 10, 12, 255) == [90, 100, 98, 0]


def test_each_operation_rounds_to_even_in_fp32() -> None:
    half = one_tap(multiplier=np.array([0.5], np.float32))
    assert run(half, 10, 11, 12, 13, 14, 15) == [50, 50, 49, 48, 48, 48]
    # 2^24 + 1 is no float: it becomes 2^24 before the multiplication.
    large = one_tap(offset=np.array([2**24 + 1], np.int32), bias=np.array([-(2.0**24)], np.float32))
    assert run(large, 10) == [0]
    assert run(replace(large, offset=np.array([2**24 + 3], np.int32)), 10) == [4]


def test_residuals_by_hand() -> None:
    p = one_tap(
        z_zero_point=np.array([5], np.uint8),
        z_multiplier=np.array([2.0], np.float32),
        r_zero_point=np.array([128], np.uint8),
        r_multiplier=np.array([0.5], np.float32),
    )
    z = np.array([5, 8, 0], np.uint8).reshape(1, 1, 3, 1)
    assert run(p, 10, 10, 10, z=z) == [100, 106, 90]
    r = np.array([128, 131, 125], np.uint8).reshape(1, 1, 3, 1)
    assert run(p, 10, 10, 10, r=r) == [100, 102, 98]  # 1.5 and -1.5 to even
    assert run(p, 10, 10, 10, z=z[:, :, 1:2], r=r[:, :, :1]) == [106] * 3


def test_the_last_shift_rounds_half_up() -> None:
    p = one_tap(table=ramp_table(256, -100), table_fraction=1)
    # u = t - 100: 0, -1, 1, 2 … halved, half up.
    assert run(replace(p, offset=np.array([104], np.int32)), 10, 11, 12, 13, 14, 15) == [
        2, 2, 1, 1, 0, 0,
    ]  # fmt: skip
    signed = Parameters(
        bits=8,
        w=np.full((1, 1, 1, 1), 10, np.int16),
        offset=np.array([99], np.int32),
        multiplier=np.ones(1, np.float32),
        bias=np.zeros(1, np.float32),
        table=ramp_table(256, -100),
        table_fraction=1,
        **{f"{name}_zero_point": np.zeros(1, np.int16) for name in "xzr"},
    )
    assert run(signed, 10, 11, 12, 13) == [0, -1, -1, -2]


def test_padding_is_the_zero_point_of_its_channel() -> None:
    p = one_tap(w=np.full((1, 2, 1, 1), 10, np.uint8), x_zero_point=np.array([10, 30], np.uint8))
    y = qlinear_adder_conv(np.full((1, 1, 1, 2), 10, np.uint8), p, pads=(0, 1, 0, 0))
    # A padded pixel is 10 from the second filter tap less the shared zero point: |30 - 10|.
    assert y.ravel().tolist() == [80, 100]


def test_scaled_integers_stand_for_real_numbers() -> None:
    """The whole point: dequantised, the result is that of the real layer within half a step."""
    rng = np.random.default_rng(0)
    x, w = rng.integers(0, 256, (1, 6, 7, 4)), rng.integers(0, 256, (5, 4, 3, 3))
    scale, zero_point = 0.01, 128
    real = adder_conv(
        np.moveaxis(scale * (x - zero_point), 3, 1),
        scale * (w - zero_point),
        np.zeros(5),
        pads=(1, 1, 1, 1),
    )
    real = np.moveaxis(real, 1, 3)
    gain, shift = rng.uniform(0.2, 0.4, 5), real.mean((0, 1, 2))
    wanted = (real - shift) * gain
    y_scale = np.abs(wanted).max() / 127
    offset = np.rint(-shift / scale).astype(np.int32)
    p = Parameters(
        bits=8,
        w=w.astype(np.uint8),
        offset=offset,
        multiplier=(scale * gain / y_scale).astype(np.float32),
        bias=((-shift - scale * offset) * gain / y_scale + 128).astype(np.float32),
        table=ramp_table(256),
        x_zero_point=np.array([zero_point], np.uint8),
    )
    y = qlinear_adder_conv(x.astype(np.uint8), p, pads=(1, 1, 1, 1))
    np.testing.assert_allclose(y_scale * (y.astype(float) - 128), wanted, atol=0.5001 * y_scale)


def test_a_power_table_by_hand() -> None:
    table = activation_table(
        size=8, t_scale=0.5, t_zero_point=4, y_scale=0.25, y_zero_point=10, table_fraction=1,
        alpha=[2.0, 1.0], slope=[1.0, 0.5], clip=(-1.0, 2.0),
    )  # fmt: skip
    # t = -2 -1.5 -1 -0.5 0 0.5 1 1.5
    powers = np.array([-1, -1, -1, -0.25, 0, 0.25, 1, 2])
    halves = np.array([-1, -0.75, -0.5, -0.25, 0, 0.5, 1, 1.5])
    np.testing.assert_array_equal(table, 2 * (np.stack([powers, halves]) / 0.25 + 10))
    assert table.dtype == np.int16


def test_a_table_wants_sensible_numbers() -> None:
    good: dict[str, Any] = {
        "size": 16, "t_scale": 1.0, "t_zero_point": 8, "y_scale": 1.0, "y_zero_point": 0,
        "table_fraction": 0,
    }  # fmt: skip
    for wrong in ({"size": 1}, {"size": 2**17}, {"t_scale": 0}, {"y_scale": -1}, {"alpha": 0}):
        with pytest.raises(AdderSRError, match="A table needs"):
            activation_table(**{**good, **wrong})


def ints(*values: int, dtype: str = "int32") -> IntArray:
    return np.array(values, dtype)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"bits": 9}, "bits from 1 to 8 for uint8, got 9"),
    ({"bits": 0}, "bits from 1 to 8 for uint8, got 0"),
    ({"w": np.zeros((1, 1, 1, 1), np.int8)}, "data of uint8 or int16, got int8"),
    ({"w": np.zeros((1, 1, 1), np.uint8)}, r"a filter W of shape .* got \[1, 1, 1\]"),
    ({"w": np.zeros((1, 0, 1, 1), np.uint8)}, "not empty"),
    ({"bits": 3}, "W to hold values from 0 to 7, got 10"),
    ({"w": np.zeros((1, 2**22 + 1, 1, 1), np.uint8)}, "at most 4194304 taps of 8 bits"),
    ({"offset": ints(1, 2)}, r"offset to have 1 value or one per channel \(1\), got shape \[2\]"),
    ({"offset": ints(2**30 + 1)}, "offset to hold values from"),
    ({"offset": ints(1, dtype="int64")}, "offset of int32, got int64"),
    ({"multiplier": np.array([np.nan], np.float32)}, "multiplier to hold values .* got nan"),
    ({"bias": np.array([np.inf], np.float32)}, "bias to hold values .* got inf"),
    ({"z_multiplier": np.array([1e20], np.float32)}, "z_multiplier to hold values"),
    ({"r_zero_point": ints(0)}, "r_zero_point of uint8, got int32"),
    ({"table": ramp_table(256)[0]}, r"a table of \[1 or 1, 2 to 65536\] int16, got \[256\]"),
    ({"table": ramp_table(256).astype(np.int32)}, "got .* int32"),
    ({"table": np.zeros((2, 256), np.int16)}, r"got \[2, 256\]"),
    ({"table": np.zeros((1, 1), np.int16)}, r"got \[1, 1\]"),
    ({"table_fraction": 9}, "table_fraction from 0 to 8, got 9"),
]


@pytest.mark.parametrize(("changes", "message"), WRONG)
def test_wrong_parameters_end_in_a_sentence(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(AdderSRError, match=f"QLinearAdderConv expects .*{message}"):
        one_tap(**changes)


def test_wrong_tensors_end_in_a_sentence() -> None:
    p = one_tap()
    image = np.zeros((1, 2, 3, 1), np.uint8)
    with pytest.raises(AdderSRError, match=r"X of shape \[N, H, W, C\] and uint8"):
        qlinear_adder_conv(image[0], p)
    with pytest.raises(AdderSRError, match=r"and uint8, as W, got .* int16"):
        qlinear_adder_conv(image.astype(np.int16), p)
    with pytest.raises(AdderSRError, match="QLinearAdderConv expects X to have W's channels"):
        qlinear_adder_conv(np.zeros((1, 2, 3, 2), np.uint8), p)
    for name in "zr":
        with pytest.raises(
            AdderSRError, match=rf"{name.upper()} to be one value or .*\[1, 2, 3, 1\]"
        ):
            qlinear_adder_conv(image, p, **{name: np.zeros((1, 2, 2, 1), np.uint8)})
    with pytest.raises(AdderSRError, match="x_zero_point to have 1 value or one per channel"):
        qlinear_adder_conv(image, replace(p, x_zero_point=np.zeros(2, np.uint8)))


def test_ranges() -> None:
    assert data_range(np.uint8, 6) == (0, 63)
    assert data_range(np.int16, 11) == (-1024, 1023)
    assert data_range("int16", 16) == (-32768, 32767)
