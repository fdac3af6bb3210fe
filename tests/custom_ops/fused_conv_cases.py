"""Convolutions in integers for the shapes of AdderConv's cases."""

import zlib
from dataclasses import dataclass

import numpy as np

from addersr.custom_ops.qlinear_fused_conv import Parameters, qlinear_fused_conv
from addersr.custom_ops.requantization import data_range
from addersr.custom_ops.requantization.parameters import IntArray

from .adder_conv_cases import Case
from .qlinear_cases import Kind, Layer, residual_multiplier, table, table_size


@dataclass(frozen=True)
class ConvKind(Kind):
    """The type of the input, beside what a Kind says about output and residuals."""

    x_dtype: str = "uint8"
    x_bits: int = 8


CONV_KINDS = (
    ConvKind("uint8_to_uint8"),
    ConvKind("uint8_to_int16_everything", "int16", 11, "power", True, "tensor", "tensor"),
    ConvKind("uint8_to_int16_16_bits", "int16", 16, x_bits=7),
    ConvKind("int16_to_uint8", "uint8", 8, "clipped", True, "value", "value", "int16", 12),
    ConvKind(
        "int16_16_bits_to_int16", "int16", 12, "shared_power", True, "tensor", "none", "int16", 16
    ),
)


def conv_layer(case: Case, kind: ConvKind) -> Layer:
    """A call whose outputs spread over the whole range: the same in every process."""
    rng = np.random.default_rng(zlib.crc32(f"conv {case.name} {kind.name}".encode()))
    x_low, x_high = data_range(kind.x_dtype, kind.x_bits)
    low, high = data_range(kind.dtype, kind.bits)
    span = high - low
    n, c, h, w = case.x
    outputs, taps = case.w[0], case.taps
    size, fraction = table_size(kind)

    def data(*shape: int) -> IntArray:
        return rng.integers(low, high + 1, shape).astype(kind.dtype)

    def channels(count: int) -> int:
        return count if kind.per_channel else 1

    largest = min(300, (2**30 - 1) // ((x_high - x_low) * taps))
    spread = max(1.0, 0.3 * (x_high - x_low) * largest * np.sqrt(taps))
    zero_points = rng.integers(x_low, x_high + 1, channels(c))
    multiplier = rng.uniform(0.5, 1.5, channels(outputs)) * size / (5 * spread)
    negative = rng.random(channels(outputs)) < 0.3
    parameters = Parameters(
        bits=kind.bits,
        x_bits=kind.x_bits,
        w=rng.integers(-largest, largest + 1, case.w).astype(np.int16),
        offset=rng.normal(0, spread / 4, channels(outputs)).astype(np.int32),
        multiplier=np.where(negative, -multiplier, multiplier).astype(np.float32),
        bias=rng.normal(size / 2, size / 50, channels(outputs)).astype(np.float32),
        table=table(kind, size, outputs, low, high, fraction, rng),
        table_fraction=fraction,
        x_zero_point=zero_points.astype(kind.x_dtype),
        z_zero_point=data(channels(outputs)),
        z_multiplier=residual_multiplier(kind.z, size / span / 3, channels(outputs), rng),
        r_zero_point=data(channels(outputs)),
        r_multiplier=residual_multiplier(kind.r, 2**fraction / 3, channels(outputs), rng),
    )
    x = rng.integers(x_low, x_high + 1, (n, h, w, c)).astype(kind.x_dtype)
    shape = qlinear_fused_conv(x[:0], parameters, **case.attributes).shape
    residuals = [
        data(n, *shape[1:]) if mode == "tensor" else data(1, 1, 1, 1) for mode in (kind.z, kind.r)
    ]
    return Layer(case, x, parameters, *residuals)
