"""Images for training: luma planes of HR images and of their MATLAB-bicubic LR images."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from addersr.errors import AdderSRError
from addersr.runtime.colour import luma
from addersr.runtime.images import find_images, read_image
from addersr.runtime.imresize import crop_to_multiple, shrink

Plane = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ImagePair:
    """Luma / 255 of one image: ``lr`` [h, w] and ``hr`` [scale·h, scale·w], float32."""

    name: str
    lr: Plane
    hr: Plane


def load_pairs(
    folder: Path,
    scale: int,
    *,
    smallest: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[ImagePair]:
    """All images of ``folder`` as LR/HR pairs.

    Args:
        folder: HR images.
        scale: LR images are this factor smaller, by the protocol's antialiased bicubic.
        smallest: LR images with a shorter side are left out.
        progress: called with (done, total).

    Raises:
        AdderSRError: no such folder, or no image of sufficient size in it.
    """
    paths = find_images(folder)
    pairs = []
    for index, path in enumerate(paths):
        pixels = read_image(path).pixels
        if pixels.ndim == 3:
            pixels = pixels[:, :, :3]
        if min(pixels.shape[:2]) >= smallest * scale:
            hr = crop_to_multiple(pixels, scale)
            pairs.append(ImagePair(path.name, _plane(shrink(hr, scale)), _plane(hr)))
        if progress is not None:
            progress(index + 1, len(paths))
    if not pairs:
        raise AdderSRError(
            f"No image in {folder} is large enough: expected at least "
            f"{smallest * scale}x{smallest * scale} pixels."
        )
    return pairs


def _plane(pixels: npt.NDArray[np.uint8]) -> Plane:
    plane: Plane = (luma(pixels) / 255).astype(np.float32)
    return plane


class PatchSampler:
    """Random patches, turned and mirrored. Step k's patches depend on (seed, k) alone.

    That makes resuming exact: there is no state to save.

    Args:
        pairs: images of at least ``patch`` LR pixels a side.
        batch: patches per step.
        patch: side in LR pixels.
        scale: HR pixels per LR pixel.
        seed: any integer ≥ 0.
    """

    def __init__(
        self, pairs: list[ImagePair], *, batch: int, patch: int, scale: int, seed: int
    ) -> None:
        self._pairs = pairs
        self._batch = batch
        self._patch = patch
        self._scale = scale
        self._seed = seed

    def sample(self, step: int) -> tuple[Tensor, Tensor]:
        """LR [batch, 1, patch, patch] and HR [batch, 1, scale·patch, scale·patch] of a step."""
        generator = np.random.default_rng((self._seed, step))
        cut = [self._cut(generator) for _ in range(self._batch)]
        lr, hr = (torch.from_numpy(np.stack(planes))[:, None] for planes in zip(*cut, strict=True))
        return lr, hr

    def _cut(self, generator: np.random.Generator) -> tuple[Plane, Plane]:
        pair = self._pairs[int(generator.integers(len(self._pairs)))]
        top = int(generator.integers(pair.lr.shape[0] - self._patch + 1))
        left = int(generator.integers(pair.lr.shape[1] - self._patch + 1))
        turns = int(generator.integers(4))
        mirror = bool(generator.integers(2))
        planes = []
        for plane, factor in ((pair.lr, 1), (pair.hr, self._scale)):
            size = self._patch * factor
            piece = plane[top * factor : top * factor + size, left * factor : left * factor + size]
            piece = np.rot90(piece, turns)
            planes.append(np.ascontiguousarray(piece[:, ::-1] if mirror else piece))
        return planes[0], planes[1]
