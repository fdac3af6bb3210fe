"""The measuring protocol of super-resolution papers.

HR → crop to a multiple of the scale → MATLAB's bicubic → LR (8 bits) → model → 8 bits → Y of
BT.601 → PSNR and SSIM without ``scale`` pixels at each border → mean over the images. Gray files
are Y as they are.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from addersr.errors import AdderSRError
from addersr.runtime.images import find_images, read_image
from addersr.runtime.imresize import crop_to_multiple, imresize, shrink
from addersr.runtime.metrics import psnr, ssim
from addersr.runtime.pixels import Pixels

#: The name of the model that only enlarges bicubically.
BICUBIC = "bicubic"


@dataclass(frozen=True)
class ImageScore:
    """One image."""

    name: str
    psnr: float
    ssim: float


@dataclass(frozen=True)
class Evaluation:
    """A model on a set of images; the scores are means over the images."""

    model: str
    data: str
    """Name of the folder."""
    scale: int
    psnr: float
    ssim: float
    images: tuple[ImageScore, ...]

    def to_json(self) -> dict[str, Any]:
        """All fields by name."""
        return asdict(self)


def evaluate(
    model: str,
    upscale: Callable[[Pixels], Pixels],
    scale: int,
    folder: Path,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Measure a model on a folder of HR images.

    Args:
        model: its name, for the report.
        upscale: uint8 [H, W] or [H, W, 3] to the same kind, ``scale`` times as high and wide.
        scale: upscaling factor.
        folder: with image files; alpha in them is left out.
        progress: called with the images done and the images in all.

    Raises:
        AdderSRError: no images, one that is damaged or too small, or no scikit-image.
    """
    paths = find_images(folder)
    scores = []
    for path in paths:
        scores.append(_score(path, upscale, scale))
        if progress is not None:
            progress(len(scores), len(paths))
    count = len(scores)
    return Evaluation(
        model=model,
        data=folder.resolve().name,
        scale=scale,
        psnr=sum(score.psnr for score in scores) / count,
        ssim=sum(score.ssim for score in scores) / count,
        images=tuple(scores),
    )


def evaluate_bicubic(
    scale: int, folder: Path, progress: Callable[[int, int], None] | None = None
) -> Evaluation:
    """What MATLAB's bicubic enlarging gives: the scores to beat. As :func:`evaluate`."""
    return evaluate(BICUBIC, lambda image: imresize(image, scale), scale, folder, progress)


def _score(path: Path, upscale: Callable[[Pixels], Pixels], scale: int) -> ImageScore:
    pixels = read_image(path).pixels
    if pixels.ndim == 3:
        pixels = pixels[:, :, :3]
    try:
        reference = crop_to_multiple(pixels, scale)
        small = shrink(reference, scale)
        enlarged = upscale(small)
        return ImageScore(
            name=path.name,
            psnr=psnr(enlarged, reference, scale),
            ssim=ssim(enlarged, reference, scale),
        )
    except AdderSRError as error:
        raise AdderSRError(f"{path.name}: {error}") from error
