"""The ops on pictures against ``runtime/colour.py`` and a bicubic enlargement in float64."""

import cv2
import numpy as np
import pytest

from addersr.custom_ops.image import cubic_filter, enlarge_levels, luma_to_rgb, rgb_to_luma
from addersr.custom_ops.image.filter import MAX_MAGNITUDE, UNIT
from addersr.errors import AdderSRError
from addersr.runtime import colour

from .image_cases import Array, pixels, random_filter


def keys(distance: float) -> float:
    """Keys' cubic, a = -0.5, as the paper has it."""
    d = abs(distance)
    if d < 1:
        return 1.5 * d**3 - 2.5 * d**2 + 1
    return -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2 if d < 2 else 0.0


def bicubic(plane: Array, scale: int) -> Array:
    """A plane enlarged along both axes in float64, by the definition, pixel by pixel."""

    def matrix(size: int) -> Array:
        rows = np.zeros((size * scale, size))
        for i in range(size * scale):
            position = (i + 0.5) / scale - 0.5
            for tap in range(int(np.floor(position)) - 1, int(np.floor(position)) + 3):
                rows[i, min(max(tap, 0), size - 1)] += keys(tap - position)
        return rows

    enlarged: Array = matrix(plane.shape[0]) @ plane @ matrix(plane.shape[1]).T
    return enlarged


def test_luma_is_that_of_colour() -> None:
    x = pixels((1, 60, 70))
    expected = colour.luma(x[0]) / 255
    # Two roundings of values below 1, and those of both constants.
    np.testing.assert_allclose(rgb_to_luma(x)[0, 0], expected, rtol=0, atol=2**-23)


@pytest.mark.parametrize("scale", range(1, 9))
def test_pictures_are_those_of_colour_with_a_bicubic_in_float(scale: int) -> None:
    x = pixels((1, 23, 31), "reference")
    rng = np.random.default_rng(scale)
    y = rng.uniform(0, 1, (1, 1, 23 * scale, 31 * scale)).astype(np.float32)
    ycbcr = colour.rgb_to_ycbcr(x[0]).astype(np.float64)
    planes = [y[0, 0] * 255.0, *(bicubic(ycbcr[:, :, i], scale) for i in (1, 2))]
    expected = np.clip(colour.ycbcr_to_rgb(np.dstack(planes).astype(np.float32)), 0, 255)
    z = luma_to_rgb(y, x, cubic_filter(scale))[0].astype(np.float64)
    # The roundings of chroma, enlarged twice and once, that of the result, and the weights'.
    limit = (1.5**2 + 1.5 + 1) / 128 + 0.5 + 0.02
    assert np.abs(z - expected).max() < limit
    assert np.abs(z - np.rint(expected)).max() <= 1


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_chroma_lies_where_opencv_puts_it(scale: int) -> None:
    # OpenCV's cubic has a = -0.75, so only smooth chroma is the same; a shift of it would show.
    across, down = np.meshgrid(np.arange(40), np.arange(30))
    x = np.stack([3 * across + 60, 100 + 0 * across, 200 - 4 * down], axis=2).astype(np.uint8)
    y = np.full((1, 1, 30 * scale, 40 * scale), 0.5, np.float32)
    z = luma_to_rgb(y, x[np.newaxis], cubic_filter(scale))[0]
    ycbcr = colour.rgb_to_ycbcr(x)
    size = (40 * scale, 30 * scale)
    chroma = cv2.resize(ycbcr[:, :, 1:], size, interpolation=cv2.INTER_CUBIC)
    expected = colour.ycbcr_to_rgb(np.dstack([y[0, 0] * 255, chroma]))
    inside = np.s_[2 * scale : -2 * scale, 2 * scale : -2 * scale]
    assert np.abs(z[inside] - np.clip(expected[inside], 0, 255)).max() < 1
    shifted = np.roll(expected, 1, axis=1)
    assert np.abs(z[inside] - np.clip(shifted[inside], 0, 255)).max() > 0.6


def test_a_picture_survives_scale_1() -> None:
    x = pixels((2, 40, 50), "identity")
    z = luma_to_rgb(rgb_to_luma(x), x, cubic_filter(1))
    np.testing.assert_array_equal(z, x)


def test_gray_stays_gray() -> None:
    x = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=3)
    y = np.random.default_rng(0).uniform(-0.1, 1.1, (1, 1, 32, 32)).astype(np.float32)
    z = luma_to_rgb(y, x, cubic_filter(2))
    np.testing.assert_array_equal(z, z[..., :1].repeat(3, axis=3))


def test_black_and_white() -> None:
    x = np.array([0, 255], np.uint8).reshape(1, 1, 2, 1).repeat(3, axis=3)
    np.testing.assert_array_equal(rgb_to_luma(x).ravel(), np.float32([16 / 255, 235 / 255]))


def test_luma_beyond_the_limits_changes_no_pixel() -> None:
    x = pixels((1, 8, 8), "limits")
    rows = random_filter(2, np.random.default_rng(5))
    for y, level in ((-2.0, 0), (-1e9, 0), (3.0, 255), (1e9, 255)):
        z = luma_to_rgb(np.full((1, 1, 16, 16), y, np.float32), x, rows)
        np.testing.assert_array_equal(z, level)


def test_the_largest_chroma_stays_in_int16() -> None:
    # Signs of pixels that fit those of the weights, so that nothing cancels out.
    rows = np.array([[-2048, -2048, 20480, 0, 0]], np.int16)
    assert np.abs(rows).sum() == MAX_MAGNITUDE
    x = np.zeros((1, 5, 5, 3), np.uint8)
    x[...] = (255, 255, 0)
    x[:, 2, 2] = (0, 0, 255)
    y = np.full((1, 1, 5, 5), 0.5, np.float32)
    z = luma_to_rgb(y, x, rows)[0, 2, 2]
    ycbcr = colour.rgb_to_ycbcr(x[0]).astype(np.float64)[:, :, 1:] - 128
    weights = rows[0] / UNIT
    chroma = np.einsum("i,j,ijc->c", weights, weights, ycbcr[:, :, :]) + 128
    expected = colour.ycbcr_to_rgb(np.float32([127.5, *chroma]).reshape(1, 1, 3)).ravel()
    assert np.abs(z - np.rint(np.clip(expected, 0, 255))).max() <= 1
    assert z[2] == 255


@pytest.mark.parametrize("scale", range(1, 9))
def test_the_cubic_filter(scale: int) -> None:
    rows = cubic_filter(scale)
    assert rows.dtype == np.int16
    assert rows.shape == (scale, 5)
    assert (rows.sum(axis=1) == UNIT).all()
    np.testing.assert_array_equal(rows, rows[::-1, ::-1])
    for p, row in enumerate(rows):
        weights = [UNIT * keys(k - 2 - ((p + 0.5) / scale - 0.5)) for k in range(5)]
        assert np.abs(row - weights).max() <= 2
        assert np.abs(row).sum() <= MAX_MAGNITUDE


def test_the_cubic_filter_by_hand() -> None:
    assert cubic_filter(1).tolist() == [[0, 0, 16384, 0, 0]]
    assert cubic_filter(2)[0].tolist() == [-384, 3712, 14208, -1152, 0]


@pytest.mark.parametrize("scale", [0, 9, -1])
def test_no_filter_for_other_scales(scale: int) -> None:
    with pytest.raises(AdderSRError, match=f"scale from 1 to 8, got {scale}"):
        cubic_filter(scale)


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 8])
def test_levels_are_enlarged_as_in_floats(scale: int) -> None:
    x = np.random.default_rng(scale).integers(0, 256, (1, 9, 7, 2), np.uint8)
    z = enlarge_levels(x, cubic_filter(scale))
    assert (z.shape, z.dtype) == ((1, 9 * scale, 7 * scale, 2), np.uint8)
    rows = cubic_filter(scale) / 2**14
    padded = np.pad(x.astype(float), ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(1, 2))
    exact = np.einsum("nhwcij,pi,qj->nhpwqc", windows, rows, rows).reshape(z.shape)
    # The fixed point rounds by a 64th of a level after each step, hence almost to the nearest.
    assert np.abs(z - np.clip(exact, 0, 255)).max() < 0.5 + 3 / 64
    if scale == 1:
        np.testing.assert_array_equal(z, x)
