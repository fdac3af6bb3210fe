"""The two ops in numpy: the definition that every other implementation equals, bit by bit."""

from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.custom_ops.image.filter import TAPS, UNIT, FilterArray, check_filter
from addersr.errors import AdderSRError

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]
Pixels = npt.NDArray[np.uint8]

#: 1000 times the luma of full range: of R, G and B.
LUMA_WEIGHTS = np.array([299, 587, 114], np.int32)
#: From there to luma / 255 of limited range.
LUMA_FACTOR = np.float32(219 / 65025000)
LUMA_OFFSET = np.float32(16 / 255)
#: 2^15 (B - luma, R - luma): rows for R, G, B, columns for U, V.
CHROMA_WEIGHTS = np.array([[-9798, 22971], [-19235, -19235], [29033, -3736]], np.int32)
#: From there to U and V, in units of 2^-6.
CHROMA_SHIFT = 9
#: 2^15 times the share of U and V, the rows, in R, G and B.
COLOUR_WEIGHTS = np.array([[0, -6364, 32768], [32768, -16691, 0]], np.int32)
#: From there to levels.
COLOUR_FACTOR = np.float32(2.0**-21)
#: From luma / 255 to the luma of full range.
FULL_FACTOR = np.float32(65025 / 219)
FULL_OFFSET = np.float32(4080 / 219)
#: Beyond these every colour is 0 or 255.
LEAST, MOST = np.float32(-2), np.float32(3)


def rgb_to_luma(x: Pixels) -> FloatArray:
    """Luma / 255 of an RGB picture: Y of BT.601 in limited range.

    Args:
        x: ``[N, H, W, 3]``, uint8.

    Returns:
        ``[N, 1, H, W]``, float32.

    Raises:
        AdderSRError: type or shape are not those of the op.
    """
    _check_pixels("RgbToLuma", x)
    sums = x.astype(np.int32) @ LUMA_WEIGHTS
    y: FloatArray = sums.astype(np.float32) * LUMA_FACTOR + LUMA_OFFSET
    return y[:, np.newaxis]


def luma_to_rgb(y: FloatArray, x: Pixels, rows: FilterArray) -> Pixels:
    """The RGB picture that has the luma ``y`` and the enlarged chroma of ``x``.

    Args:
        y: luma / 255, ``[N, 1, s·H, s·W]``, float32; what is not a number becomes black.
        x: ``[N, H, W, 3]``, uint8.
        rows: the filter, ``[s, 5]``, int16: see :func:`.cubic_filter`.

    Returns:
        ``[N, s·H, s·W, 3]``, uint8.

    Raises:
        AdderSRError: types, shapes or values are not those of the op.
    """
    op = "LumaToRgb"
    _check_pixels(op, x)
    scale = check_filter(op, rows)
    batch, height, width, _ = x.shape
    shape = (batch, 1, height * scale, width * scale)
    if y.dtype != np.float32 or y.shape != shape:
        raise AdderSRError(
            f"{op} expects Y of shape {list(shape)} and float32, X's size times the rows of "
            f"filter, got {list(y.shape)} {y.dtype}."
        )
    chroma = (x.astype(np.int32) @ CHROMA_WEIGHTS + (1 << (CHROMA_SHIFT - 1))) >> CHROMA_SHIFT
    enlarged = _enlarge(_enlarge(chroma, rows, axis=1), rows, axis=2)
    limited = np.minimum(np.maximum(np.where(np.isnan(y), LEAST, y), LEAST), MOST)
    full = (limited * FULL_FACTOR - FULL_OFFSET)[:, 0, :, :, np.newaxis]
    rgb = full + (enlarged @ COLOUR_WEIGHTS).astype(np.float32) * COLOUR_FACTOR
    pixels: Pixels = np.rint(np.clip(rgb, 0, 255)).astype(np.uint8)
    return pixels


def enlarge_levels(x: Pixels, rows: FilterArray) -> Pixels:
    """Bytes enlarged as LumaToRgb enlarges chroma; for alpha, which its pictures do not have.

    Args:
        x: ``[N, H, W, c]``, uint8.
        rows: the filter, ``[s, 5]``, int16: see :func:`.cubic_filter`.

    Returns:
        ``[N, s·H, s·W, c]``, uint8: with C = 64 (x - 128) and E as in the specification,
        ``((E + 32) >> 6) + 128``, limited to 0…255.
    """
    check_filter("enlarge_levels", rows)
    centred = (x.astype(np.int32) - 128) * 64
    enlarged = _enlarge(_enlarge(centred, rows, axis=1), rows, axis=2)
    levels: Pixels = np.clip(((enlarged + 32) >> 6) + 128, 0, 255).astype(np.uint8)
    return levels


def _enlarge(values: IntArray, rows: FilterArray, *, axis: int) -> IntArray:
    size = values.shape[axis]
    sums = np.zeros((len(rows), *values.shape), np.int32)
    for k, weights in enumerate(rows.astype(np.int32).T):
        places = np.clip(np.arange(size) + k - TAPS // 2, 0, size - 1)
        sums += np.multiply.outer(weights, values.take(places, axis))
    rounded = (sums + UNIT // 2) // UNIT
    # The phases of an axis lie behind it.
    placed = np.moveaxis(rounded, 0, axis + 1)
    shape = [*values.shape]
    shape[axis] *= len(rows)
    return placed.reshape(shape)


def _check_pixels(op: str, x: npt.NDArray[Any]) -> None:
    if x.dtype != np.uint8 or x.ndim != 4 or x.shape[3] != 3:
        raise AdderSRError(
            f"{op} expects X of shape [N, H, W, 3] and uint8, got {list(x.shape)} {x.dtype}."
        )
