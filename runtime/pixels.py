"""The arrays that images are, and the check and the rounding that everybody shares."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from addersr.errors import AdderSRError

Pixels: TypeAlias = npt.NDArray[np.uint8]
"""An image of 8 bits: [H, W] gray, [H, W, 3] RGB or [H, W, 4] RGBA."""

Plane: TypeAlias = npt.NDArray[np.float32]
"""One channel [H, W] of floats."""


def check_pixels(image: npt.NDArray[Any]) -> None:
    """Refuse what is not an image of 8 bits.

    Raises:
        AdderSRError: wrong type, wrong number of axes or channels, or no pixels at all.
    """
    shape = image.shape
    right_shape = len(shape) == 2 or (len(shape) == 3 and shape[2] in (3, 4))
    if image.dtype != np.uint8 or not right_shape:
        raise AdderSRError(
            "Expected an image as uint8 array [H, W], [H, W, 3] (RGB) or [H, W, 4] (RGBA), "
            f"got {image.dtype} {list(shape)}."
        )
    if image.size == 0:
        raise AdderSRError(f"The image has no pixels: its shape is {list(shape)}.")


def to_uint8(values: npt.NDArray[Any]) -> Pixels:
    """Round to the nearest of 0…255, halves upwards; values outside are clipped."""
    rounded: Pixels = np.floor(np.clip(values, 0, 255) + 0.5).astype(np.uint8)
    return rounded
