"""A picture that shows what a model is good for: bicubic on the left, the model on the right."""

import cv2
import numpy as np
import numpy.typing as npt

from addersr.runtime.pixels import Pixels, check_pixels

_BAR = 36
_GAP = 4
_BLACK = (0, 0, 0)


def before_after(
    image: Pixels, enlarged: Pixels, labels: tuple[str, str], window: int = 480
) -> Pixels:
    """Put the bicubic enlargement of ``image`` beside ``enlarged``, with a bar of labels.

    Args:
        image: uint8 [H, W], [H, W, 3] or [H, W, 4], the input of the model.
        enlarged: the model's output for it, of the same kind.
        labels: under the left and under the right half.
        window: side of the square that is shown, in pixels of ``enlarged``: the one with the
            most detail, since a whole photo would be scaled down again by whatever shows it.

    Returns:
        uint8 [h, w, 3] RGB.
    """
    check_pixels(image)
    check_pixels(enlarged)
    height, width = enlarged.shape[:2]
    bicubic = cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC)
    left, right = _rgb(np.asarray(bicubic, np.uint8)), _rgb(enlarged)
    shown = _detailed_window(right, window)
    left, right = left[shown], right[shown]
    gap = np.full((left.shape[0], _GAP, 3), 255, np.uint8)
    bar = np.full((_BAR, 2 * left.shape[1] + _GAP, 3), 255, np.uint8)
    for label, start in zip(labels, (0, left.shape[1] + _GAP), strict=True):
        cv2.putText(
            bar, label, (start + 8, _BAR - 12), cv2.FONT_HERSHEY_SIMPLEX, 0.6, _BLACK, 1,
            cv2.LINE_AA,
        )  # fmt: skip
    return np.concatenate([np.concatenate([left, gap, right], axis=1), bar])


def _rgb(image: Pixels) -> Pixels:
    if image.ndim == 2:
        return np.repeat(image[:, :, None], 3, axis=2)
    return image[:, :, :3]


def _detailed_window(rgb: Pixels, side: int) -> tuple[slice, slice]:
    """The square with the most gradient."""
    height, width = min(side, rgb.shape[0]), min(side, rgb.shape[1])
    gray = rgb.mean(axis=2)
    detail = np.abs(np.gradient(gray, axis=0)) + np.abs(np.gradient(gray, axis=1))
    # Sums over all windows, as differences of the sums over all upper left corners.
    sums: npt.NDArray[np.float64] = np.pad(detail, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    windows = (
        sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width]
        + sums[:-height, :-width]
    )  # fmt: skip
    top, left = np.unravel_index(int(np.argmax(windows)), windows.shape)
    return slice(int(top), int(top) + height), slice(int(left), int(left) + width)
