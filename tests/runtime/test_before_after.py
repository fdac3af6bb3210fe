import cv2
import numpy as np
import numpy.typing as npt
import pytest

from addersr.runtime.before_after import before_after

Array = npt.NDArray[np.uint8]


@pytest.mark.parametrize("kind", ["gray", "rgb", "rgba"])
def test_bicubic_is_left_and_the_model_right(photo: Array, kind: str) -> None:
    image = {"gray": photo[:, :, 0], "rgb": photo, "rgba": np.dstack([photo, photo[:, :, 0]])}[kind]
    image = np.ascontiguousarray(image)
    enlarged = image.repeat(2, 0).repeat(2, 1)
    result = before_after(image, enlarged, ("bicubic", "nearest"))
    bicubic = cv2.resize(image, (128, 96), interpolation=cv2.INTER_CUBIC)
    if kind == "gray":
        bicubic, enlarged = np.dstack([bicubic] * 3), np.dstack([enlarged] * 3)
    np.testing.assert_array_equal(result[:96, :128], bicubic[:, :, :3])
    np.testing.assert_array_equal(result[:96, -128:], enlarged[:, :, :3])
    bar = result[96:]
    for half in (bar[:, :128], bar[:, -128:]):
        assert (half < 100).any()  # letters
        assert (half == 255).mean() > 0.5


def test_the_window_shows_the_detail() -> None:
    enlarged = np.full((200, 300), 90, np.uint8)
    enlarged[120:150, 210:240] = np.random.default_rng(0).integers(0, 255, (30, 30), np.uint8)
    result = before_after(enlarged[::2, ::2].copy(), enlarged, ("a", "b"), window=40)
    right = result[:40, -40:, 0]
    assert right.std() > 40
    assert np.count_nonzero(right != 90) > 800  # most of the 900 pixels of detail
