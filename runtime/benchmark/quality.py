"""Whether what runs fast is also right: PSNR against HR, and against plain onnxruntime."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from addersr.runtime.enlarge import network_enlarger
from addersr.runtime.images import find_images, read_image
from addersr.runtime.imresize import crop_to_multiple, shrink
from addersr.runtime.metrics import psnr
from addersr.runtime.network import Network
from addersr.runtime.pixels import Pixels

_SAMPLE = (48, 64, 3)


@dataclass(frozen=True)
class Quality:
    """A model's output as pixels of 8 bits."""

    psnr: float | None
    """Mean PSNR on Y against HR in dB, by the protocol of ``addersr evaluate``; None: no folder."""
    data: str | None
    """Name of that folder."""
    images: int
    """How many pictures were enlarged; without a folder one, of noise."""
    psnr_to_plain: float | None
    """Mean over the pictures that differ from plain onnxruntime's; None: none does, or the model
    has no operators of ours."""
    differing: int | None
    """How many pictures differ; None: the model has no operators of ours."""
    max_difference: int | None
    """Levels by which a pixel differs at most; None: the model has no operators of ours."""

    def to_json(self) -> dict[str, Any]:
        """All fields, with units in the names."""
        return {
            "psnr_db": self.psnr,
            "data": self.data,
            "images": self.images,
            "psnr_to_plain_db": self.psnr_to_plain,
            "differing_from_plain": self.differing,
            "max_difference_to_plain": self.max_difference,
        }


def measure_quality(
    model: Path,
    folder: Path | None,
    *,
    threads: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Quality:
    """Enlarge pictures with our library, and, if that changes anything, without.

    Args:
        model: ONNX file exported by addersr.
        folder: HR images; None: a small picture of noise, for the comparison alone.
        threads: of onnxruntime.
        progress: called with the images done and the images in all.

    Raises:
        AdderSRError: no images, a damaged or too small one, or a model that does not run.
    """
    network = Network(model, threads=threads)
    enlarge = network_enlarger(network)
    plain: Callable[[Pixels], Pixels] | None = None
    if network.info.uses_adder_ops:
        plain = network_enlarger(Network(model, threads=threads, use_library=False))
    scale = network.info.scale
    scores: list[float] = []
    differences: list[tuple[float, int]] = []
    paths: list[Path | None] = [None] if folder is None else [*find_images(folder)]
    for done, path in enumerate(paths, 1):
        if path is None:
            small: Pixels = np.random.default_rng(0).integers(0, 256, _SAMPLE, dtype=np.uint8)
            large = enlarge(small)
        else:
            reference = _reference(path, scale)
            small = shrink(reference, scale)
            large = enlarge(small)
            scores.append(psnr(large, reference, scale))
        if plain is not None:
            other = plain(small)
            worst = int(np.abs(large.astype(np.int16) - other).max())
            differences.append((psnr(large, other, scale), worst))
        if progress is not None:
            progress(done, len(paths))
    apart = [decibels for decibels, worst in differences if worst]
    # Pictures may differ in their chroma alone: then PSNR on Y is infinite.
    finite = [decibels for decibels in apart if np.isfinite(decibels)]
    return Quality(
        psnr=float(np.mean(scores)) if scores else None,
        data=None if folder is None else folder.resolve().name,
        images=len(paths),
        psnr_to_plain=float(np.mean(finite)) if finite else None,
        differing=None if plain is None else len(apart),
        max_difference=None if plain is None else max(worst for _, worst in differences),
    )


def _reference(path: Path, scale: int) -> Pixels:
    pixels = read_image(path).pixels
    if pixels.ndim == 3:
        pixels = pixels[:, :, :3]
    return crop_to_multiple(pixels, scale)
