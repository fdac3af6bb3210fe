"""What the embedding library makes of a picture, in numpy around a bare session.

``runtime/embedding/frames/README.md`` specifies it. The library is tested against this, and this
runs in its place where it is missing.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.custom_ops.image import cubic_filter, enlarge_levels, luma_to_rgb, rgb_to_luma
from addersr.runtime.network import Network
from addersr.runtime.pixels import Pixels

_FULL = np.float32(255)


def upscale_picture(network: Network, image: Pixels) -> Pixels:
    """Enlarge a whole picture.

    Args:
        network: of any kind.
        image: uint8 [H, W] gray, [H, W, 3] RGB or [H, W, 4] RGBA.

    Returns:
        uint8 of the same kind, ``scale`` times as high and wide.
    """
    if image.ndim == 2:
        return _gray(network, image)
    colours = _colours(network, np.ascontiguousarray(image[:, :, :3]))
    if image.shape[2] == 3:
        return colours
    alpha = enlarge_levels(image[None, :, :, 3:], cubic_filter(network.info.scale))[0]
    return np.concatenate([colours, alpha], axis=2)


def _gray(network: Network, image: Pixels) -> Pixels:
    if network.info.io == "float" and network.info.colour == "y":
        (levels,) = _levels(network.run(_floats(image[None])))
        return np.asarray(levels, np.uint8)
    colours = _colours(network, np.repeat(image[:, :, np.newaxis], 3, axis=2))
    # The mean, rounded; a third has no halves.
    mean: Pixels = ((colours.sum(axis=2, dtype=np.int32) + 1) // 3).astype(np.uint8)
    return mean


def _colours(network: Network, rgb: Pixels) -> Pixels:
    if network.info.io == "uint8":
        pixels: Pixels = network.run(rgb)
        return pixels
    if network.info.colour == "rgb":
        planes = network.run(_floats(np.ascontiguousarray(rgb.transpose(2, 0, 1))))
        return np.moveaxis(_levels(planes), 0, 2)
    luma = network.run(rgb_to_luma(rgb[None])[0])
    (joined,) = luma_to_rgb(luma[None], rgb[None], cubic_filter(network.info.scale))
    return np.asarray(joined, np.uint8)


def _floats(levels: Pixels) -> npt.NDArray[np.float32]:
    return np.asarray(levels.astype(np.float32) / _FULL, np.float32)


def _levels(values: npt.NDArray[Any]) -> Pixels:
    """What is not a number becomes black."""
    levels = np.rint(np.clip(np.nan_to_num(values, nan=0.0) * _FULL, 0, 255))
    return np.asarray(levels, np.uint8)
