"""QLinearFusedConv's reference and parameters, by hand and beside a convolution in real numbers."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from addersr.custom_ops.qlinear_fused_conv import Parameters, qlinear_fused_conv
from addersr.custom_ops.requantization import ramp_table
from addersr.errors import AdderSRError


def one_tap(**changes: Any) -> Parameters:
    """y = 100 + 3 (x - 10), in steps of 1."""
    given: dict[str, Any] = {
        "bits": 8,
        "x_bits": 8,
        "w": np.full((1, 1, 1, 1), 3, np.int16),
        "x_zero_point": np.array([10], np.uint8),
        "offset": np.array([100], np.int32),
        "multiplier": np.ones(1, np.float32),
        "bias": np.zeros(1, np.float32),
        "table": ramp_table(256),
    }
    return Parameters(**{**given, **changes})


def run(parameters: Parameters, *x: int, **more: Any) -> list[int]:
    image = np.array(x, parameters.x_zero_point.dtype).reshape(1, 1, len(x), 1)
    return [int(value) for value in qlinear_fused_conv(image, parameters, **more).ravel()]


def test_one_tap() -> None:
    assert run(one_tap(), 0, 10, 12, 255) == [70, 100, 106, 255]


def test_padding_adds_nothing() -> None:
    p = one_tap(w=np.full((1, 1, 1, 3), 3, np.int16))
    assert run(p, 11, 12, pads=(0, 1, 0, 1)) == [109, 109]


def test_residuals_of_the_types_of_the_output() -> None:
    p = one_tap(
        z_zero_point=np.array([-5], np.int16),
        z_multiplier=np.array([2.0], np.float32),
        r_zero_point=np.array([100], np.int16),
        r_multiplier=np.array([0.5], np.float32),
    )
    z = np.array([-5, 8], np.int16).reshape(1, 1, 2, 1)
    r = np.array([100, 0], np.int16).reshape(1, 1, 2, 1)
    assert run(p, 10, 10, z=z) == [100, 126]
    assert run(replace(p, bits=16), 10, 10, z=z, r=r) == [100, 76]


def test_the_sums_are_those_of_a_convolution() -> None:
    rng = np.random.default_rng(3)
    x = rng.integers(-2048, 2048, (2, 7, 9, 4)).astype(np.int16)
    w = rng.integers(-9, 10, (6, 2, 3, 2)).astype(np.int16)
    p = Parameters(
        bits=16,
        x_bits=12,
        w=w,
        x_zero_point=np.array([5, -7, 0, 100], np.int16),
        offset=np.zeros(1, np.int32),
        multiplier=np.full(1, 1 / 64, np.float32),
        bias=np.full(1, 32768, np.float32),
        table=ramp_table(65536, -32768),
        z_zero_point=np.zeros(1, np.int16),
        r_zero_point=np.zeros(1, np.int16),
    )
    y = qlinear_fused_conv(x, p, group=2, strides=(2, 1), dilations=(1, 2))
    assert y.shape == (2, 3, 7, 6)
    for n, i, j, o in np.ndindex(y.shape):
        group = slice(2 * (o // 3), 2 * (o // 3) + 2)
        taps = x[n, 2 * i : 2 * i + 3, j : j + 3 : 2, group] - p.x_zero_point[group].astype(int)
        total = (taps * np.moveaxis(w[o], 0, 2)).sum()
        assert y[n, i, j, o] == np.rint(total / 64)


def test_scaled_integers_stand_for_real_numbers() -> None:
    """The whole point: dequantised, the result is that of the real layer within half a step."""
    rng = np.random.default_rng(0)
    x, w = rng.integers(0, 256, (1, 6, 7, 3)), rng.integers(-100, 101, (5, 3, 1, 1))
    x_scale, w_scale, y_scale, bias = 1 / 255, rng.uniform(0.001, 0.01, 5), 0.01, rng.normal(size=5)
    real = x_scale * (x - 20) @ (w_scale * w[:, :, 0, 0].T) + bias
    multiplier = x_scale * w_scale / y_scale
    offset = np.rint(bias / (x_scale * w_scale)).astype(np.int32)
    p = Parameters(
        bits=12,
        x_bits=8,
        w=w.astype(np.int16),
        x_zero_point=np.array([20], np.uint8),
        offset=offset,
        multiplier=multiplier.astype(np.float32),
        bias=((bias / (x_scale * w_scale) - offset) * multiplier + 2048).astype(np.float32),
        table=ramp_table(4096, -2048),
        z_zero_point=np.zeros(1, np.int16),
        r_zero_point=np.zeros(1, np.int16),
    )
    y = qlinear_fused_conv(x.astype(np.uint8), p)
    np.testing.assert_allclose(y_scale * y.astype(float), real, atol=0.501 * y_scale)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"bits": 9}, "bits from 1 to 8 for uint8, got 9"),
    ({"x_bits": 0}, "x_bits from 1 to 8 for uint8, got 0"),
    ({"x_zero_point": np.zeros(1, np.int8)}, "data of uint8 or int16, got int8"),
    ({"w": np.zeros((1, 1, 1, 1), np.uint8)}, r"of int16, got \[1, 1, 1, 1\] uint8"),
    ({"w": np.zeros((1, 0, 1, 1), np.int16)}, r"not empty, of int16, got \[1, 0, 1, 1\]"),
    ({"x_bits": 3}, "x_zero_point to hold values from 0 to 7, got 10"),
    ({"offset": np.array([1, 2], np.int32)}, r"one per channel \(1\), got shape \[2\]"),
    ({"z_zero_point": np.zeros(1, np.int16)}, "r_zero_point of int16, got uint8"),
    ({"table": ramp_table(256)[0]}, "a table of"),
]


@pytest.mark.parametrize(("changes", "message"), WRONG)
def test_wrong_parameters_end_in_a_sentence(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(AdderSRError, match=f"QLinearFusedConv expects .*{message}"):
        one_tap(**changes)


def test_wrong_tensors_end_in_a_sentence() -> None:
    p = one_tap()
    image = np.zeros((1, 2, 3, 1), np.uint8)
    with pytest.raises(AdderSRError, match=r"X of shape \[N, H, W, C\] and uint8"):
        qlinear_fused_conv(image[0], p)
    with pytest.raises(AdderSRError, match=r"as its zero point, got .* int16"):
        qlinear_fused_conv(image.astype(np.int16), p)
    with pytest.raises(AdderSRError, match="QLinearFusedConv expects X to have W's channels"):
        qlinear_fused_conv(np.zeros((1, 2, 3, 2), np.uint8), p)
    with pytest.raises(AdderSRError, match=r"Z to be one value .* \[1, 2, 3, 1\], of uint8"):
        qlinear_fused_conv(image, p, np.zeros((1, 2, 3, 1), np.int16))
    with pytest.raises(AdderSRError, match="x_zero_point to have 1 value or one per channel"):
        qlinear_fused_conv(image, replace(p, x_zero_point=np.zeros(2, np.uint8)))
