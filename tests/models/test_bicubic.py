"""The enlargement inside VDSR and SRCNN is the bicubic one."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from addersr.models.bicubic import BicubicEnlargement, reach_before_enlargement
from addersr.runtime.imresize import imresize


def keys(distance: float) -> float:
    """Keys' kernel with a = -1/2, from its piecewise definition."""
    a, t = -0.5, abs(distance)
    if t <= 1:
        return (a + 2) * t**3 - (a + 3) * t**2 + 1
    return a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a if t < 2 else 0.0


def plain_bicubic(image: np.ndarray, scale: int) -> np.ndarray:
    """Pixel by pixel: the 4x4 pixels around the position, those outside taken from the edge."""
    height, width = image.shape
    result = np.zeros((scale * height, scale * width))
    for row, column in np.ndindex(result.shape):
        y, x = (row + 0.5) / scale - 0.5, (column + 0.5) / scale - 0.5
        for i in range(int(np.floor(y)) - 1, int(np.floor(y)) + 3):
            for j in range(int(np.floor(x)) - 1, int(np.floor(x)) + 3):
                value = image[min(max(i, 0), height - 1), min(max(j, 0), width - 1)]
                result[row, column] += value * keys(y - i) * keys(x - j)
    return result


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (1, 4), (6, 5)])
def test_equals_plain_bicubic(scale: int, size: tuple[int, int]) -> None:
    image = np.random.default_rng(scale).random(size)
    enlarged = BicubicEnlargement(scale).double()(torch.from_numpy(image)[None, None])
    assert enlarged.shape == (1, 1, scale * size[0], scale * size[1])
    # The filters are made in float32.
    np.testing.assert_allclose(enlarged[0, 0], plain_bicubic(image, scale), rtol=0, atol=1e-6)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_equals_imresize_inside(scale: int, photo: np.ndarray) -> None:
    """Up to its rounding to grey levels after each axis; at the edge imresize mirrors the image."""
    image = photo[..., 0]
    x = torch.from_numpy(image.astype(np.float32))[None, None]
    edge = 2 * scale
    ours = BicubicEnlargement(scale)(x)[0, 0].numpy()[edge:-edge, edge:-edge]
    theirs = imresize(image, scale)[edge:-edge, edge:-edge]
    # Columns weigh the rounded rows with at most Σ|w| = 1.25 (halfway between two pixels).
    atol = 0.5 * 1.25 + 0.5 + 1e-3
    np.testing.assert_allclose(ours.clip(0, 255), theirs, rtol=0, atol=atol)
    assert abs(float((ours - theirs).mean())) < 0.02


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("reach", [1, 2, 3, 4, 8, 20])
def test_reach(scale: int, reach: int) -> None:
    """Against the pixels that plain arithmetic finds."""
    farthest = 0
    for pixel in range(-reach, scale + reach):
        position = (pixel + 0.5) / scale - 0.5
        for source in range(-40, 41):
            if abs(keys(position - source)) > 1e-12 and abs(position - source) < 2:
                farthest = max(farthest, abs(source))
    assert reach_before_enlargement(reach, scale) == farthest
