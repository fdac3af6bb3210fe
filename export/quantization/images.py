"""The calibration images: LR patches of a folder of HR images, and what they should become."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.errors import AdderSRError
from addersr.runtime.colour import luma
from addersr.runtime.images import find_images, read_image
from addersr.runtime.imresize import crop_to_multiple, shrink

#: More images than this do not change the ranges; those taken are spread over the folder.
MOST_IMAGES = 40
#: Side of a patch in LR pixels. Patches are padded by zeros as whole images are.
PATCH = 96


@dataclass(frozen=True)
class Patch:
    """A piece of an image."""

    x: npt.NDArray[Any]
    """The network's input, batch of one: float32 [1, c, h, w], or uint8 [1, h, w, 3]."""
    hr: npt.NDArray[np.float64]
    """[scale·h, scale·w] luma, or [scale·h, scale·w, 3] RGB, 0…255."""


def load_patches(
    folder: Path,
    *,
    scale: int,
    colour: str,
    io: str = "float",
    progress: Callable[[int, int], None] | None = None,
) -> list[Patch]:
    """One patch from each image of a folder, always the same ones.

    LR images are made as the measuring protocol does. The patch is the one of nine places in the
    image where the image varies most.

    Args:
        folder: HR images.
        scale: of the network.
        colour: ``y`` or ``rgb``.
        io: ``float`` or ``uint8``.
        progress: called with the images done and the images in all.

    Raises:
        AdderSRError: no images, a damaged one, one that is too small, or nothing but flat ones.
    """
    paths = find_images(folder)
    chosen = np.unique(np.linspace(0, len(paths) - 1, min(MOST_IMAGES, len(paths))).round())
    patches = []
    for number, index in enumerate(chosen.astype(int), 1):
        pixels = read_image(paths[index]).pixels
        pixels = pixels[:, :, :3] if pixels.ndim == 3 else pixels
        try:
            patches.append(_patch(pixels, scale, colour, io))
        except AdderSRError as error:
            raise AdderSRError(f"{paths[index].name}: {error}") from error
        if progress is not None:
            progress(number, len(chosen))
    if all(np.ptp(patch.x) == 0 for patch in patches):
        raise AdderSRError(
            f"Every image in {folder} is a flat area of one colour, from which no range can be "
            "learnt: expected some photos."
        )
    return patches


def _patch(pixels: npt.NDArray[np.uint8], scale: int, colour: str, io: str) -> Patch:
    hr = crop_to_multiple(pixels, scale)
    lr = shrink(hr, scale)
    height, width = (min(PATCH, side) for side in lr.shape[:2])
    places = [
        (round(down * (lr.shape[0] - height)), round(right * (lr.shape[1] - width)))
        for down in (0.0, 0.5, 1.0)
        for right in (0.0, 0.5, 1.0)
    ]
    deviations = [
        float(lr[top : top + height, left : left + width].std(axis=(0, 1)).mean())
        for top, left in places
    ]
    top, left = places[int(np.argmax(deviations))]
    lr = lr[top : top + height, left : left + width]
    hr = hr[top * scale : (top + height) * scale, left * scale : (left + width) * scale]
    if io == "uint8" or colour == "rgb":
        lr, hr = _rgb(lr), _rgb(hr)
    wanted = luma(hr) if colour == "y" else hr.astype(np.float64)
    return Patch(_input(lr, colour, io), wanted)


def _rgb(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)


def _input(lr: npt.NDArray[np.uint8], colour: str, io: str) -> npt.NDArray[Any]:
    if io == "uint8":
        return np.ascontiguousarray(lr)[None]
    planes = luma(lr)[None] if colour == "y" else np.moveaxis(lr, 2, 0).astype(np.float64)
    return np.ascontiguousarray((planes / 255).astype(np.float32))[None]
