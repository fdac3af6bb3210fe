"""Images for training: planes of HR images and of their MATLAB-bicubic LR images."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from addersr.errors import AdderSRError
from addersr.models.super_resolution import Colour
from addersr.runtime.colour import luma
from addersr.runtime.images import find_images, read_image
from addersr.runtime.imresize import crop_to_multiple, shrink
from addersr.runtime.pixels import Pixels

Planes = npt.NDArray[np.float32] | npt.NDArray[np.uint8]
"""[c, h, w]: float32 in 0…1, or uint8 in 0…255, which holds colours in a quarter of the memory."""


@dataclass(frozen=True)
class ImagePair:
    """One image: ``lr`` [c, h, w] and ``hr`` [c, scale·h, scale·w].

    One plane of luma / 255, or red, green and blue. Gray files have one plane in any case.
    """

    name: str
    lr: Planes
    hr: Planes


def load_pairs(
    folder: Path,
    scale: int,
    *,
    colour: Colour = "y",
    smallest: int = 1,
    progress: Callable[[int, int], None] | None = None,
    note: Callable[[str], None] | None = None,
) -> list[ImagePair]:
    """All images of ``folder`` as LR/HR pairs.

    Args:
        folder: HR images.
        scale: LR images are this factor smaller, by the protocol's antialiased bicubic.
        colour: "y" for luma, "rgb" for colours.
        smallest: LR images with a shorter side are left out.
        progress: called with (done, total).
        note: called with a sentence if images were left out, because they are too small or cannot
            be read.

    Raises:
        AdderSRError: no such folder, or no image in it that can be read and is large enough.
    """
    paths = find_images(folder)
    pairs, unreadable, small = [], [], 0
    for index, path in enumerate(paths):
        try:
            pixels = read_image(path).pixels
        except AdderSRError as error:
            unreadable.append(str(error))
        else:
            if min(pixels.shape[:2]) >= smallest * scale:
                pairs.append(_pair(path.name, pixels, scale, colour))
            else:
                small += 1
        if progress is not None:
            progress(index + 1, len(paths))
    if len(unreadable) == len(paths):
        raise AdderSRError(
            f"None of the {len(paths)} images in {folder} can be read; the first: {unreadable[0]}"
        )
    size = f"{smallest * scale}x{smallest * scale} pixels"
    if not pairs:
        raise AdderSRError(f"No image in {folder} is large enough: expected at least {size}.")
    if unreadable and note is not None:
        note(
            f"Left out {len(unreadable)} of {len(paths)} images in {folder} that cannot be read; "
            f"the first: {unreadable[0]}"
        )
    if small and note is not None:
        note(f"Left out {small} of {len(paths)} images in {folder} that are smaller than {size}.")
    return pairs


def _pair(name: str, pixels: Pixels, scale: int, colour: Colour) -> ImagePair:
    hr = crop_to_multiple(pixels[:, :, :3] if pixels.ndim == 3 else pixels, scale)
    return ImagePair(name, _planes(shrink(hr, scale), colour), _planes(hr, colour))


def _planes(pixels: Pixels, colour: Colour) -> Planes:
    if colour == "y":
        plane: Planes = (luma(pixels)[None] / 255).astype(np.float32)
        return plane
    return np.ascontiguousarray(pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1))


def as_seen(planes: Planes, colour: Colour = "y") -> npt.NDArray[np.float32]:
    """Planes as a model of this colour takes them: float32 in 0…1, gray three times for colours."""
    values: npt.NDArray[np.float32]
    if planes.dtype == np.uint8:
        values = planes.astype(np.float32) / np.float32(255)
    else:
        values = planes.astype(np.float32, copy=False)
    return values.repeat(3, axis=0) if colour == "rgb" and len(planes) == 1 else values


def fingerprint(pairs: list[ImagePair]) -> str:
    """Tells other images, or the same ones in another order, from these."""
    digest = hashlib.sha256()
    for pair in pairs:
        digest.update(f"{pair.name} {pair.lr.shape} {pair.hr.shape} ".encode())
        digest.update(pair.lr.tobytes())
    return digest.hexdigest()


class PatchSampler:
    """Random patches, turned and mirrored. Step k's patches depend on (seed, k) alone.

    That makes resuming exact: there is no state to save.

    Args:
        pairs: images of at least ``patch`` LR pixels a side.
        batch: patches per step.
        patch: side in LR pixels.
        scale: HR pixels per LR pixel.
        seed: any integer ≥ 0.
        colour: of the model; c is 1 for "y" and 3 for "rgb".
    """

    def __init__(
        self,
        pairs: list[ImagePair],
        *,
        batch: int,
        patch: int,
        scale: int,
        seed: int,
        colour: Colour = "y",
    ) -> None:
        self._pairs = pairs
        self._batch = batch
        self._patch = patch
        self._scale = scale
        self._seed = seed
        self._colour = colour

    def sample(self, step: int) -> tuple[Tensor, Tensor]:
        """LR [batch, c, patch, patch] and HR [batch, c, scale·patch, scale·patch] of a step."""
        generator = np.random.default_rng((self._seed, step))
        cut = [self._cut(generator) for _ in range(self._batch)]
        lr, hr = (torch.from_numpy(np.stack(pieces)) for pieces in zip(*cut, strict=True))
        return lr, hr

    def _cut(
        self, generator: np.random.Generator
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        pair = self._pairs[int(generator.integers(len(self._pairs)))]
        top = int(generator.integers(pair.lr.shape[1] - self._patch + 1))
        left = int(generator.integers(pair.lr.shape[2] - self._patch + 1))
        turns = int(generator.integers(4))
        mirror = bool(generator.integers(2))
        pieces = []
        for planes, factor in ((pair.lr, 1), (pair.hr, self._scale)):
            size = self._patch * factor
            rows = slice(top * factor, top * factor + size)
            columns = slice(left * factor, left * factor + size)
            piece = np.rot90(as_seen(planes[:, rows, columns], self._colour), turns, axes=(1, 2))
            pieces.append(np.ascontiguousarray(piece[:, :, ::-1] if mirror else piece))
        return pieces[0], pieces[1]
