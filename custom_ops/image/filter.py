"""The polyphase filters of LumaToRgb: their checks, and Keys' cubic."""

from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.errors import AdderSRError

FilterArray = npt.NDArray[np.int16]

#: Source pixels of an output pixel along one axis: two before, its own, two behind.
TAPS = 5
#: What each row sums up to: 1.
UNIT = 1 << 14
#: The most that the magnitudes of a row sum up to, so that enlarged chroma stays in int16.
MAX_MAGNITUDE = 3 << 13
#: The largest scale.
MAX_SCALE = 8


def cubic_filter(scale: int) -> FilterArray:
    """Keys' cubic (a = -0.5) for an enlargement by ``scale``, as LumaToRgb takes it.

    Row p belongs to the output pixels whose middle lies ``(p + 0.5)/scale - 0.5`` source pixels
    behind that of the source pixel they lie in, as with imresize and OpenCV.

    Args:
        scale: 1 to 8.

    Returns:
        ``[scale, 5]``, int16, in units of 2^-14; each row sums up to 2^14 exactly.

    Raises:
        AdderSRError: ``scale`` is out of range.

    Source: R. Keys, Cubic convolution interpolation for digital image processing, 1981.
    """
    if not 1 <= scale <= MAX_SCALE:
        raise AdderSRError(f"cubic_filter expects scale from 1 to {MAX_SCALE}, got {scale}.")
    positions = (np.arange(scale) + 0.5) / scale - 0.5
    taps = np.arange(TAPS) - TAPS // 2
    d = np.abs(taps - positions[:, np.newaxis])
    near = 1.5 * d**3 - 2.5 * d**2 + 1
    far = -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
    weights = np.where(d <= 1, near, np.where(d < 2, far, 0))
    rows: FilterArray = np.rint(weights * UNIT).astype(np.int16)
    # What rounding leaves goes to the largest weight, where it matters least.
    rows[np.arange(scale), rows.argmax(axis=1)] += (UNIT - rows.sum(axis=1)).astype(np.int16)
    return rows


def check_filter(op: str, rows: npt.NDArray[Any]) -> int:
    """The scale of a filter.

    Args:
        op: for error messages.

    Raises:
        AdderSRError: ``rows`` is no filter of the op.
    """
    if rows.dtype != np.int16 or rows.ndim != 2 or rows.shape[1] != TAPS:
        raise AdderSRError(
            f"{op} expects filter of shape [s, {TAPS}] and int16, "
            f"got {list(rows.shape)} {rows.dtype}."
        )
    scale = int(rows.shape[0])
    check_scale(op, scale)
    for p, row in enumerate(rows.astype(np.int32)):
        if row.sum() != UNIT:
            raise AdderSRError(
                f"{op} expects each row of filter to sum up to {UNIT}, got {row.sum()} in row {p}."
            )
        magnitude = np.abs(row).sum()
        if magnitude > MAX_MAGNITUDE:
            raise AdderSRError(
                f"{op} expects the magnitudes of each row of filter to sum up to {MAX_MAGNITUDE} "
                f"at most, got {magnitude} in row {p}."
            )
    return scale


def check_scale(op: str, scale: int) -> None:
    """Refuse a filter with a wrong number of rows.

    Raises:
        AdderSRError: there are too few or too many.
    """
    if not 1 <= scale <= MAX_SCALE:
        raise AdderSRError(f"{op} expects filter of 1 to {MAX_SCALE} rows, got {scale}.")
