"""The tables that ops in integers activate with: power, slope and clip, made at export."""

import numpy as np
import numpy.typing as npt

from addersr.custom_ops.requantization.parameters import MAX_TABLE, IntArray
from addersr.errors import AdderSRError

_INT16 = np.iinfo(np.int16)


def ramp_table(size: int, start: int = 0) -> IntArray:
    """The table without activation: ``t + start``, ``[1, size]``, int16.

    With ``table_fraction`` 0 and a size of 2^bits, t is the output itself. Kernels compute such a
    table, also a clamped one, instead of looking it up.
    """
    return np.clip(np.arange(size) + start, _INT16.min, _INT16.max).astype(np.int16)[np.newaxis]


def activation_table(
    *,
    size: int,
    t_scale: float,
    t_zero_point: int,
    y_scale: float,
    y_zero_point: int,
    table_fraction: int,
    alpha: npt.ArrayLike = 1.0,
    slope: npt.ArrayLike = 1.0,
    clip: tuple[float, float] = (-np.inf, np.inf),
) -> IntArray:
    """Power (AdderSR, CVPR 2021, eq. 10), then PReLU, then clip, for each value of the domain.

    ``T = t_scale (t - t_zero_point)``, ``P = sgn(T) |T|^alpha``, ``A = P`` or, below 0,
    ``slope P``; the entry is A, clipped, in units of ``2^-table_fraction y_scale``, plus Y's zero
    point, rounded to the nearest and, where halfway, to even.

    Args:
        size: values of the domain, 4096 or more for a power: 8 bits are too coarse near 0.
        t_scale, t_zero_point: the domain.
        y_scale, y_zero_point: the output.
        table_fraction: binary places that are kept for a residual that is added afterwards.
        alpha: exponents, above 0: one, or one per output.
        slope: PReLU's slopes for negative values: one, or one per output.
        clip: smallest and largest value of A.

    Returns:
        ``[1 or O, size]``, int16; one row if ``alpha`` and ``slope`` are single values.

    Raises:
        AdderSRError: a value is out of its range.
    """
    exponents, slopes = np.atleast_1d(alpha).astype(float), np.atleast_1d(slope).astype(float)
    if not 2 <= size <= MAX_TABLE or not (exponents > 0).all() or t_scale <= 0 or y_scale <= 0:
        raise AdderSRError(
            f"A table needs a size from 2 to {MAX_TABLE} and alpha, t_scale and y_scale above 0, "
            f"got {size}, {exponents.min()}, {t_scale} and {y_scale}."
        )
    t = t_scale * (np.arange(size) - t_zero_point)
    power = np.sign(t) * np.abs(t) ** exponents[:, np.newaxis]
    activated = np.clip(np.where(power < 0, slopes[:, np.newaxis] * power, power), *clip)
    entries = np.rint((activated / y_scale + y_zero_point) * 2.0**table_fraction)
    table: IntArray = np.clip(entries, _INT16.min, _INT16.max).astype(np.int16)
    return table
