"""RGB and Y'CbCr of ITU-R BT.601 in limited range (Y 16…235), as MATLAB's ``rgb2ycbcr``.

Super-resolution is measured, and most models work, on this Y; see ``evaluation``.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.runtime.pixels import Plane

_TO_YCBCR = (
    np.array(
        [
            [65.481, 128.553, 24.966],
            [-37.797, -74.203, 112.0],
            [112.0, -93.786, -18.214],
        ]
    )
    / 255.0
)
_OFFSET = np.array([16.0, 128.0, 128.0])
_TO_RGB = np.linalg.inv(_TO_YCBCR)


def luma(image: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Y of an image, unrounded: [H, W] float64.

    RGB [H, W, 3] with values 0…255 gives ``16 + (65.481 R + 128.553 G + 24.966 B) / 255``.
    The values of a gray image [H, W] are Y as they are.
    """
    if image.ndim == 2:
        return image.astype(np.float64)
    # One channel after the other: no second array three times the image's size in doubles.
    y = np.full(image.shape[:2], _OFFSET[0])
    for channel in range(3):
        y += _TO_YCBCR[0, channel] * image[:, :, channel]
    return y


def rgb_to_ycbcr(rgb: npt.NDArray[Any]) -> Plane:
    """[H, W, 3] RGB, 0…255, to float32 [H, W, 3] of Y, Cb, Cr in the same units."""
    matrix, offset = _TO_YCBCR.astype(np.float32), _OFFSET.astype(np.float32)
    ycbcr: Plane = rgb.astype(np.float32) @ matrix.T + offset
    return ycbcr


def ycbcr_to_rgb(ycbcr: Plane) -> Plane:
    """The inverse of :func:`rgb_to_ycbcr`, neither rounded nor clipped."""
    matrix, offset = _TO_RGB.astype(np.float32), _OFFSET.astype(np.float32)
    rgb: Plane = (ycbcr - offset) @ matrix.T
    return rgb
