"""The three ops in numpy: the definition that every other implementation equals, bit by bit."""

from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.custom_ops.requantization.parameters import (
    MAX_FLOAT,
    FloatArray,
    IntArray,
    check_values,
    data_range,
)
from addersr.errors import AdderSRError

#: The largest block of DequantizeChannelsFirst.
MAX_BLOCK = 8


def quantize_channels_last(
    x: FloatArray, multiplier: FloatArray, zero_point: IntArray, *, bits: int
) -> IntArray:
    """``clamp(rint(X multiplier) + zero_point)``; what is not a number becomes the least value.

    Args:
        x: ``[N, C, H, W]``, float32.
        multiplier: ``[1]`` or ``[C]``, float32.
        zero_point: ``[1]`` or ``[C]``, uint8 or int16: the type of the output.
        bits: of the output.

    Returns:
        ``[N, H, W, C]`` of the type of ``zero_point``.

    Raises:
        AdderSRError: types, shapes or values are not those of the op.
    """
    op = "QuantizeChannelsLast"
    _check_rank(op, "X", x, "[N, C, H, W]", np.float32)
    channels = x.shape[1]
    low, high = data_range(zero_point.dtype, bits, op=op)
    _check_multiplier(op, multiplier, channels)
    check_values(op, "zero_point", zero_point, zero_point.dtype, low, high, channels=channels)
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = np.moveaxis(x, 1, 3) * multiplier
    return _to_integers(scaled, zero_point, low, high)


def dequantize_channels_first(
    x: IntArray,
    multiplier: FloatArray,
    zero_point: IntArray,
    anchor: FloatArray | None = None,
    *,
    blocksize: int,
) -> FloatArray:
    """``(X - zero_point) multiplier``, depth to space, plus the enlarged anchor.

    Args:
        x: ``[N, H, W, C]``, uint8 or int16.
        multiplier: ``[1]`` or ``[C]``, float32.
        zero_point: ``[1]`` or ``[C]``, of the type of ``x``.
        anchor: ``[N, C/b², H, W]`` or ``[1, 1, 1, 1]``, float32; None is 0.
        blocksize: b, 1 to 8.

    Returns:
        ``[N, C/b², H·b, W·b]``, float32.

    Raises:
        AdderSRError: types, shapes or values are not those of the op.
    """
    op = "DequantizeChannelsFirst"
    data_range(x.dtype, 8, op=op)
    _check_rank(op, "X", x, "[N, H, W, C]", x.dtype)
    batch, height, width, channels = x.shape
    planes = output_planes(channels, blocksize)
    _check_multiplier(op, multiplier, channels)
    check_values(op, "zero_point", zero_point, x.dtype, -np.inf, np.inf, channels=channels)
    if anchor is None:
        anchor = np.zeros((1, 1, 1, 1), np.float32)
    shape = (batch, planes, height, width)
    if anchor.dtype != np.float32 or anchor.shape not in ((1, 1, 1, 1), shape):
        raise AdderSRError(
            f"{op} expects anchor to be [1, 1, 1, 1] or {list(shape)}, of float32, "
            f"got {list(anchor.shape)} {anchor.dtype}."
        )
    values = (x.astype(np.int32) - zero_point).astype(np.float32) * multiplier
    blocks = values.reshape(batch, height, width, planes, blocksize, blocksize)
    blocks = blocks.transpose(0, 3, 1, 4, 2, 5)
    with np.errstate(invalid="ignore"):
        y: FloatArray = blocks + anchor[:, :, :, np.newaxis, :, np.newaxis]
    return y.reshape(batch, planes, height * blocksize, width * blocksize)


def requantize_channels_last(
    x: IntArray,
    x_zero_point: IntArray,
    multiplier: FloatArray,
    y_zero_point: IntArray,
    *,
    bits: int,
) -> IntArray:
    """``clamp(rint((X - x_zero_point) multiplier) + y_zero_point)``.

    Args:
        x: ``[N, H, W, C]``, uint8 or int16.
        x_zero_point: ``[1]`` or ``[C]``, of the type of ``x``.
        multiplier: ``[1]`` or ``[C]``, float32.
        y_zero_point: ``[1]`` or ``[C]``, uint8 or int16: the type of the output.
        bits: of the output.

    Returns:
        ``[N, H, W, C]`` of the type of ``y_zero_point``.

    Raises:
        AdderSRError: types, shapes or values are not those of the op.
    """
    op = "RequantizeChannelsLast"
    data_range(x.dtype, 8, op=op)
    _check_rank(op, "X", x, "[N, H, W, C]", x.dtype)
    channels = x.shape[3]
    low, high = data_range(y_zero_point.dtype, bits, op=op)
    check_values(op, "x_zero_point", x_zero_point, x.dtype, -np.inf, np.inf, channels=channels)
    _check_multiplier(op, multiplier, channels)
    check_values(op, "y_zero_point", y_zero_point, y_zero_point.dtype, low, high, channels=channels)
    scaled = (x.astype(np.int32) - x_zero_point).astype(np.float32) * multiplier
    return _to_integers(scaled, y_zero_point, low, high)


def output_planes(channels: int, blocksize: int) -> int:
    """Channels of DequantizeChannelsFirst's output, ``C/b²``.

    Raises:
        AdderSRError: ``blocksize`` is out of range or does not divide the channels.
    """
    op = "DequantizeChannelsFirst"
    if not 1 <= blocksize <= MAX_BLOCK:
        raise AdderSRError(f"{op} expects blocksize from 1 to {MAX_BLOCK}, got {blocksize}.")
    if channels % blocksize**2:
        raise AdderSRError(
            f"{op} expects X to have a multiple of blocksize² = {blocksize**2} channels, "
            f"got {channels}."
        )
    return channels // blocksize**2


def _to_integers(scaled: FloatArray, zero_point: IntArray, low: int, high: int) -> IntArray:
    least = (low - zero_point.astype(np.int32)).astype(np.float32)
    most = (high - zero_point.astype(np.int32)).astype(np.float32)
    clamped = np.clip(np.where(np.isnan(scaled), least, scaled), least, most)
    y: IntArray = (np.rint(clamped).astype(np.int32) + zero_point).astype(zero_point.dtype)
    return y


def _check_rank(
    op: str, name: str, values: npt.NDArray[Any], layout: str, dtype: npt.DTypeLike
) -> None:
    if values.ndim != 4 or values.dtype != dtype:
        raise AdderSRError(
            f"{op} expects {name} of shape {layout} and {np.dtype(dtype)}, "
            f"got {list(values.shape)} {values.dtype}."
        )


def _check_multiplier(op: str, multiplier: FloatArray, channels: int) -> None:
    check_values(op, "multiplier", multiplier, np.float32, -MAX_FLOAT, MAX_FLOAT, channels=channels)
