from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from addersr.errors import AdderSRError
from addersr.runtime.images import find_images, read_image
from addersr.runtime.imresize import crop_to_multiple, imresize, shrink
from addersr.runtime.metrics import psnr

# What papers report for bicubic: they agree to the second decimal, give or take one.
PUBLISHED = {
    ("Set5", 2): 33.66,
    ("Set5", 3): 30.39,
    ("Set5", 4): 28.42,
    ("Set14", 2): 30.23,
    ("Set14", 3): 27.54,
    ("Set14", 4): 26.00,
}


@pytest.mark.parametrize(("name", "scale"), PUBLISHED)
def test_bicubic_scores_are_the_published_ones(benchmark_sets: Path, name: str, scale: int) -> None:
    scores = []
    for path in find_images(benchmark_sets / name):
        reference = crop_to_multiple(read_image(path).pixels, scale)
        enlarged = imresize(shrink(reference, scale), scale)
        scores.append(psnr(enlarged, reference, scale))
    assert round(float(np.mean(scores)), 2) == pytest.approx(PUBLISHED[name, scale], abs=0.0101)


def test_weights_by_hand() -> None:
    # Halving: the kernel is stretched to 8 samples around the middle of each pair. Weights are
    # those of Keys' cubic at 1/4, 3/4, 5/4, 7/4, halved; the edge is mirrored.
    near = [111 / 256, 29 / 256, -9 / 256, -3 / 256]
    row = np.array([[0, 0, 0, 0, 0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0, 0]], np.uint8)
    tall = np.repeat(row, 16, axis=0)
    result = imresize(tall, 0.5)
    assert result.shape == (8, 8)
    expected = [0, 0, 0, 200 * near[0], 200 * near[1], 0, 0, 0]  # the negative ones are clipped
    np.testing.assert_array_equal(result[4], np.floor(np.array(expected) + 0.5))


def test_flat_stays_flat_and_edges_are_mirrored() -> None:
    flat = np.full((9, 13, 3), 77, np.uint8)
    for scale in (0.25, 1 / 3, 0.5, 2.0, 3.0):
        assert np.all(imresize(flat, scale) == 77)


def test_sizes_are_rounded_up() -> None:
    assert imresize(np.zeros((9, 13), np.uint8), 0.5).shape == (5, 7)
    assert shrink(np.zeros((9, 13, 3), np.uint8), 2).shape == (4, 6, 3)


def test_rows_and_columns_are_alike(photo: npt.NDArray[np.uint8]) -> None:
    turned = imresize(np.ascontiguousarray(photo.swapaxes(0, 1)), 0.5).swapaxes(0, 1)
    difference = np.abs(turned.astype(int) - imresize(photo, 0.5))
    assert difference.max() <= 1  # the rounding between the two passes


def test_antialiasing_averages_a_checkerboard() -> None:
    board = (np.indices((32, 32)).sum(axis=0) % 2 * 255).astype(np.uint8)
    inside = imresize(board, 0.5)[4:-4, 4:-4]
    assert np.all(np.abs(inside.astype(int) - 128) <= 1)


def test_refuses_nonsense() -> None:
    with pytest.raises(AdderSRError, match="above 0"):
        imresize(np.zeros((4, 4), np.uint8), 0)
    with pytest.raises(AdderSRError, match="too small for scale 4"):
        crop_to_multiple(np.zeros((3, 9), np.uint8), 4)
    with pytest.raises(AdderSRError, match="Expected an image"):
        imresize(np.zeros((4, 4), np.float32), 2)  # type: ignore[arg-type]
