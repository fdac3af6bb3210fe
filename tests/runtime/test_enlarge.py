"""Enlarging in floats, as networks are measured."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from addersr.runtime.colour import rgb_to_ycbcr, ycbcr_to_rgb
from addersr.runtime.enlarge import enlarge, network_enlarger
from addersr.runtime.network import Network
from addersr.runtime.upscaler import Upscaler

Array = npt.NDArray[np.uint8]


def _nearest(planes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return planes.repeat(2, axis=1).repeat(2, axis=2)


def test_rgb_goes_through_luma_and_bicubic_chroma(photo: Array) -> None:
    result = enlarge(photo, _nearest, scale=2)
    ycbcr = rgb_to_ycbcr(photo)
    expected = np.dstack(
        [
            ycbcr[:, :, 0].repeat(2, 0).repeat(2, 1),
            cv2.resize(ycbcr[:, :, 1:], (128, 96), interpolation=cv2.INTER_CUBIC),
        ]
    )
    np.testing.assert_allclose(result, np.clip(ycbcr_to_rgb(expected), 0, 255), atol=0.51)


def test_gray_is_luma_as_it_is(photo: Array) -> None:
    seen = []

    def model(planes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        seen.append(planes)
        return _nearest(planes)

    gray = np.ascontiguousarray(photo[:, :, 0])
    np.testing.assert_array_equal(enlarge(gray, model, scale=2), _nearest(gray[None])[0])
    np.testing.assert_allclose(seen[0][0] * 255, gray, rtol=1e-6)


def test_a_network_enlarges_as_the_upscaler_but_for_chroma(adder_model: Path, photo: Array) -> None:
    run = network_enlarger(Network(adder_model, threads=1))
    upscaler = Upscaler(adder_model, threads=1)
    gray = np.ascontiguousarray(photo[:, :, 0])
    # Halves round upwards here, and to even numbers there.
    assert np.abs(run(gray).astype(int) - upscaler.upscale(gray)).max() <= 1
    rgba = np.dstack([photo, photo[:, :, 1]])
    difference = np.abs(run(rgba).astype(int) - upscaler.upscale(rgba))
    # Another bicubic for the chroma and alpha (Keys' a = -0.5, OpenCV has -0.75).
    assert difference.max() <= 12
    assert difference.mean() < 0.5
