"""Bicubic resizing as MATLAB's ``imresize`` does it: the ruler of super-resolution papers.

When it shrinks, the kernel is stretched over the source (antialiasing); OpenCV's bicubic is not,
and low-resolution images made by that one give figures that compare with nobody's.
"""

import math

import numpy as np
import numpy.typing as npt

from addersr.errors import AdderSRError
from addersr.runtime.pixels import Pixels, check_pixels, to_uint8

_SUPPORT = 4.0  # the cubic kernel reaches two samples to each side


def imresize(image: Pixels, scale: float) -> Pixels:
    """Resize by ``scale`` in both directions; the size is rounded up as MATLAB does.

    Args:
        image: uint8 [H, W] or [H, W, C].
        scale: above 1 enlarges, below 1 shrinks with antialiasing.

    Returns:
        uint8 [ceil(H·scale), ceil(W·scale)] or the same with C channels. The rows are resized
        first and rounded to 8 bits before the columns, as MATLAB does for uint8.
    """
    check_pixels(image)
    if not scale > 0:
        raise AdderSRError(f"Expected a scale above 0 to resize by, got {scale}.")
    return _along_columns(_along_rows(image, scale), scale)


def shrink(image: Pixels, scale: int) -> Pixels:
    """The LR image of a benchmark: :func:`imresize` by ``1/scale`` of a multiple of it."""
    return imresize(crop_to_multiple(image, scale), 1.0 / scale)


def crop_to_multiple(image: Pixels, scale: int) -> Pixels:
    """Cut the bottom and the right so that both sides divide by ``scale``."""
    height, width = image.shape[0] // scale * scale, image.shape[1] // scale * scale
    if height == 0 or width == 0:
        raise AdderSRError(
            f"An image of {image.shape[1]}x{image.shape[0]} pixels is too small for scale {scale}."
        )
    return image[:height, :width]


def _along_rows(image: Pixels, scale: float) -> Pixels:
    weights, indices = _contributions(image.shape[0], scale)
    result = np.zeros((len(weights), *image.shape[1:]))
    for tap in range(weights.shape[1]):
        column = weights[:, tap].reshape(-1, *([1] * (image.ndim - 1)))
        result += column * image[indices[:, tap]]
    return to_uint8(result)


def _along_columns(image: Pixels, scale: float) -> Pixels:
    return np.ascontiguousarray(np.swapaxes(_along_rows(np.swapaxes(image, 0, 1), scale), 0, 1))


def _contributions(
    length: int, scale: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Weights and source indices [new length, taps] of every output sample."""
    stretch = min(scale, 1.0)
    width = _SUPPORT / stretch
    # Samples are at pixel centres, counted from 1 as in MATLAB.
    positions = np.arange(1, math.ceil(length * scale) + 1)
    centres = positions / scale + 0.5 * (1 - 1 / scale)
    first = np.floor(centres - width / 2).astype(np.int64)
    indices = first[:, None] + np.arange(math.ceil(width) + 2)
    weights = stretch * _cubic(stretch * (centres[:, None] - indices))
    weights /= weights.sum(axis=1, keepdims=True)
    # Mirrored at the edge, the edge sample itself repeated.
    mirror = np.concatenate([np.arange(length), np.arange(length)[::-1]])
    return weights, mirror[np.mod(indices - 1, 2 * length)]


def _cubic(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Keys' kernel with a = -1/2."""
    distance = np.abs(x)
    inner = (1.5 * distance - 2.5) * distance**2 + 1
    outer = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance <= 1, inner, np.where(distance < 2, outer, 0.0))
