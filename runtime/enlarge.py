"""From an image to a larger one in floats, around any model: how networks are measured.

Chroma and alpha go through OpenCV's bicubic, as in the papers' evaluations. What applications get
is :class:`.Upscaler`'s, whose pixels differ by rounding and by another bicubic for the chroma.
"""

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np

from addersr.runtime.colour import rgb_to_ycbcr, ycbcr_to_rgb
from addersr.runtime.network import Network
from addersr.runtime.pixels import Pixels, Plane, check_pixels, to_uint8

PlaneModel: TypeAlias = Callable[[Plane], Plane]
"""float32 [c, H, W] with values 0…1 to float32 [c, scale·H, scale·W]; c = 1 (luma) or 3 (RGB)."""
PictureModel: TypeAlias = Callable[[Pixels], Pixels]
"""uint8 RGB [H, W, 3] to uint8 RGB [scale·H, scale·W, 3]."""

_FULL = np.float32(255)


def network_enlarger(network: Network) -> Callable[[Pixels], Pixels]:
    """A function that enlarges images with a network, by :func:`enlarge` or its sister."""
    info = network.info

    def run(image: Pixels) -> Pixels:
        if info.io == "uint8":
            return enlarge_pictures(image, network.run, scale=info.scale)
        return enlarge(image, network.run, scale=info.scale, colour=info.colour)

    return run


def enlarge(image: Pixels, model: PlaneModel, *, scale: int, colour: str = "y") -> Pixels:
    """Enlarge an image of 8 bits.

    A luma model (``colour`` "y") gets Y of BT.601 for RGB and the gray values as they are for
    gray; chroma is enlarged bicubically. An "rgb" model gets all three channels. Alpha is
    enlarged bicubically.

    Args:
        image: uint8 [H, W], [H, W, 3] RGB or [H, W, 4] RGBA.
        model: enlarges planes.
        scale: by how much.
        colour: what the model's planes are.

    Returns:
        uint8 of the same kind, ``scale`` times as high and wide.
    """
    check_pixels(image)
    if image.ndim == 2:
        return _enlarge_gray(image, model, colour)
    rgb = image[:, :, :3]
    colours = _enlarge_luma(rgb, model, scale) if colour == "y" else _enlarge_rgb(rgb, model)
    return _with_alpha(colours, image, scale)


def enlarge_pictures(image: Pixels, model: PictureModel, *, scale: int) -> Pixels:
    """Enlarge an image of 8 bits by a model that takes and gives RGB pictures.

    A gray image becomes an RGB picture of equal channels, and the mean of the three is the result.
    So a luma model sees gray in the limited range of BT.601, while :func:`enlarge` hands it over as
    it is. Alpha is enlarged bicubically.

    Args:
        As for :func:`enlarge`.
    """
    check_pixels(image)
    if image.ndim == 2:
        colours = model(np.repeat(image[:, :, np.newaxis], 3, axis=2))
        return to_uint8(colours.mean(axis=2, dtype=np.float32))
    return _with_alpha(model(np.ascontiguousarray(image[:, :, :3])), image, scale)


def _with_alpha(colours: Pixels, image: Pixels, scale: int) -> Pixels:
    """Enlarged colours with the enlarged alpha of the image, if it has any."""
    if image.shape[2] == 3:
        return colours
    alpha = to_uint8(_bicubic(image[:, :, 3].astype(np.float32), scale))
    return np.dstack([colours, alpha])


def _enlarge_gray(image: Pixels, model: PlaneModel, colour: str) -> Pixels:
    plane = image.astype(np.float32)[None] / _FULL
    if colour == "y":
        return to_uint8(model(plane)[0] * _FULL)
    return to_uint8(model(np.repeat(plane, 3, axis=0)).mean(axis=0) * _FULL)


def _enlarge_luma(rgb: Pixels, model: PlaneModel, scale: int) -> Pixels:
    ycbcr = rgb_to_ycbcr(rgb)
    y = model(np.ascontiguousarray(ycbcr[None, :, :, 0]) / _FULL)[0] * _FULL
    chroma = _bicubic(ycbcr[:, :, 1:], scale)
    return to_uint8(ycbcr_to_rgb(np.dstack([y, chroma])))


def _enlarge_rgb(rgb: Pixels, model: PlaneModel) -> Pixels:
    planes = np.ascontiguousarray(rgb.transpose(2, 0, 1)).astype(np.float32) / _FULL
    return to_uint8(model(planes).transpose(1, 2, 0) * _FULL)


def _bicubic(planes: Plane, scale: int) -> Plane:
    # Enlarging needs no antialiasing, so OpenCV's bicubic is as good as MATLAB's here.
    size = (planes.shape[1] * scale, planes.shape[0] * scale)
    enlarged = cv2.resize(np.ascontiguousarray(planes), size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(enlarged, np.float32)
