"""PSNR and SSIM as super-resolution papers count them: on Y, without the border."""

from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.errors import AdderSRError
from addersr.runtime.colour import luma
from addersr.runtime.pixels import Pixels


def psnr(image: Pixels, reference: Pixels, border: int) -> float:
    """Peak signal-to-noise ratio of Y in dB; infinite for equal images.

    Args:
        image: uint8 [H, W] (gray, taken as Y) or [H, W, 3] (RGB).
        reference: the same shape.
        border: pixels left out at each side, by convention the scale.
    """
    ours, theirs = _luma_pair(image, reference, border)
    error = float(np.mean((ours - theirs) ** 2))
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))


def ssim(image: Pixels, reference: Pixels, border: int) -> float:
    """Structural similarity of Y: Gaussian window of 11 with sigma 1.5, as the original MATLAB.

    Raises:
        AdderSRError: scikit-image is not installed, or the images are smaller than the window.
    """
    ours, theirs = _luma_pair(image, reference, border)
    if min(ours.shape) < 11:
        raise AdderSRError(
            f"SSIM needs at least 11x11 pixels inside the border of {border}, "
            f"got {ours.shape[1]}x{ours.shape[0]}."
        )
    try:
        from skimage.metrics import structural_similarity
    except ImportError as error:
        raise AdderSRError(
            "SSIM needs scikit-image, which is not installed: pip install 'addersr[train]'."
        ) from error
    similarity: Any = structural_similarity(
        ours,
        theirs,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    return float(similarity)


def _luma_pair(
    image: Pixels, reference: Pixels, border: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    if image.shape != reference.shape:
        raise AdderSRError(
            f"Only images of one size can be compared, got {list(image.shape)} "
            f"and {list(reference.shape)}."
        )
    height, width = image.shape[:2]
    if border < 0 or min(height, width) <= 2 * border:
        raise AdderSRError(
            f"Nothing is left of {width}x{height} pixels without a border of {border}."
        )
    inside = (slice(border, height - border), slice(border, width - border))
    return luma(image[inside]), luma(reference[inside])
