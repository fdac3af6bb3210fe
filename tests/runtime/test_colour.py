import numpy as np
import numpy.typing as npt
import pytest

from addersr.runtime.colour import luma, rgb_to_ycbcr, ycbcr_to_rgb


@pytest.mark.parametrize(
    ("rgb", "ycbcr"),
    [
        # The corners of MATLAB's rgb2ycbcr.
        ((0, 0, 0), (16, 128, 128)),
        ((255, 255, 255), (235, 128, 128)),
        ((255, 0, 0), (81.481, 90.203, 240)),
        ((0, 255, 0), (144.553, 53.797, 34.214)),
        ((0, 0, 255), (40.966, 240, 109.786)),
    ],
)
def test_known_colours(rgb: tuple[int, ...], ycbcr: tuple[float, ...]) -> None:
    pixel = np.array([[rgb]], np.uint8)
    np.testing.assert_allclose(rgb_to_ycbcr(pixel)[0, 0], ycbcr, atol=1e-4)
    np.testing.assert_allclose(luma(pixel), [[ycbcr[0]]], atol=1e-9)


def test_round_trip_gives_every_pixel_back() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    back = ycbcr_to_rgb(rgb_to_ycbcr(pixels))
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, pixels, atol=1e-3)


def test_gray_is_luma_as_it_is(photo: npt.NDArray[np.uint8]) -> None:
    gray = photo[:, :, 0]
    np.testing.assert_array_equal(luma(gray), gray.astype(np.float64))
