"""Requantisation in numpy: the definition that every other implementation equals, bit by bit."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.custom_ops.requantization.parameters import (
    FloatArray,
    IntArray,
    Parameters,
    data_range,
)
from addersr.errors import AdderSRError

#: What R adds is clamped to this, in units of the table.
RESIDUAL_LIMIT = np.float32(2**20)


def requantize(
    difference: npt.NDArray[np.integer[Any]],
    parameters: Parameters,
    z: IntArray | None = None,
    r: IntArray | None = None,
) -> IntArray:
    """D → Y; ``SPECIFICATION.md`` names every operation and its rounding.

    Args:
        difference: D, the offset with the sums, within int32, ``[N, OH, OW, O]``.
        parameters: the requantisation.
        z: residual before the activation, ``[N, OH, OW, O]`` or ``[1, 1, 1, 1]``; None is neutral.
        r: residual after the activation, likewise.

    Returns:
        ``[N, OH, OW, O]`` of ``parameters.dtype``.

    Raises:
        AdderSRError: types or shapes of residuals are wrong.
    """
    p = parameters
    # Every operation on its own, in float32: numpy fuses none with another.
    t = difference.astype(np.int32).astype(np.float32) * p.multiplier + p.bias
    if z is not None:
        t = t + _residual("Z", z, t.shape, p) * p.z_multiplier
    size = p.table.shape[1]
    t = np.rint(np.clip(t, np.float32(0), np.float32(size - 1))).astype(np.int64)
    rows = np.arange(t.shape[3]) if p.table.shape[0] > 1 else 0
    y = p.table[rows, t].astype(np.int64)
    if r is not None:
        added = _residual("R", r, t.shape, p) * p.r_multiplier
        y = y + np.rint(np.clip(added, -RESIDUAL_LIMIT, RESIDUAL_LIMIT)).astype(np.int64)
    y = (y + ((1 << p.table_fraction) >> 1)) >> p.table_fraction
    result: IntArray = np.clip(y, *data_range(p.dtype, p.bits, op=p.op)).astype(p.dtype)
    return result


def _residual(name: str, values: IntArray, shape: Sequence[int], p: Parameters) -> FloatArray:
    """A residual minus its zero point."""
    if values.dtype != p.dtype or (values.shape != tuple(shape) and values.size != 1):
        raise AdderSRError(
            f"{p.op} expects {name} to be one value or to have the shape of the output, "
            f"{list(shape)}, of {p.dtype}, got {list(values.shape)} {values.dtype}."
        )
    zero_point = p.z_zero_point if name == "Z" else p.r_zero_point
    return (values.astype(np.int32) - zero_point.astype(np.int32)).astype(np.float32)
