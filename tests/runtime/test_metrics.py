import sys

import numpy as np
import numpy.typing as npt
import pytest

from addersr.errors import AdderSRError
from addersr.runtime.metrics import psnr, ssim


def test_psnr_by_hand() -> None:
    reference = np.full((8, 8), 100, np.uint8)
    image = reference.copy()
    image[4, 4] = 110
    # One of the 16 pixels inside the border is wrong by 10.
    assert psnr(image, reference, 2) == pytest.approx(10 * np.log10(255**2 / (100 / 16)))
    # In the border, it does not count.
    assert psnr(image, reference, 3) == pytest.approx(10 * np.log10(255**2 / (100 / 4)))
    image[4, 4], image[1, 1] = 100, 0
    assert psnr(image, reference, 2) == float("inf")


def test_colour_is_compared_on_luma() -> None:
    reference = np.full((8, 8, 3), 100, np.uint8)
    image = reference.copy()
    image[:, :, 1] += 10
    error = 10 * 128.553 / 255
    assert psnr(image, reference, 1) == pytest.approx(20 * np.log10(255 / error))


def _ssim_by_hand(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> float:
    """The formula of the paper, window by window."""
    axis = np.arange(-5, 6)
    kernel = np.exp(-(axis[:, None] ** 2 + axis**2) / (2 * 1.5**2))
    kernel /= kernel.sum()
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = []
    for top in range(x.shape[0] - 10):
        for left in range(x.shape[1] - 10):
            a, b = x[top : top + 11, left : left + 11], y[top : top + 11, left : left + 11]
            mean_a, mean_b = (kernel * a).sum(), (kernel * b).sum()
            var_a = (kernel * a * a).sum() - mean_a**2
            var_b = (kernel * b * b).sum() - mean_b**2
            covariance = (kernel * a * b).sum() - mean_a * mean_b
            values.append(
                (2 * mean_a * mean_b + c1)
                * (2 * covariance + c2)
                / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
            )
    return float(np.mean(values))


def test_ssim_is_that_of_the_paper(photo: npt.NDArray[np.uint8]) -> None:
    pytest.importorskip("skimage")
    gray = np.ascontiguousarray(photo[:, :, 1])
    other = np.clip(gray + np.random.default_rng(0).normal(0, 9, gray.shape), 0, 255)
    noisy = other.astype(np.uint8)
    inside = (slice(2, -2), slice(2, -2))
    expected = _ssim_by_hand(gray[inside].astype(float), noisy[inside].astype(float))
    assert ssim(noisy, gray, 2) == pytest.approx(expected, abs=1e-9)
    assert ssim(gray, gray, 2) == pytest.approx(1)


def test_ssim_names_the_missing_package(
    photo: npt.NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "skimage.metrics", None)
    with pytest.raises(AdderSRError, match=r"addersr\[train\]"):
        ssim(photo, photo, 2)


def test_refuses_what_cannot_be_compared(photo: npt.NDArray[np.uint8]) -> None:
    with pytest.raises(AdderSRError, match="one size"):
        psnr(photo, photo[:-1], 2)
    with pytest.raises(AdderSRError, match="Nothing is left"):
        psnr(photo[:4], photo[:4], 2)
    with pytest.raises(AdderSRError, match="11x11"):
        ssim(photo[:12], photo[:12], 2)
