"""The parameters of a QLinearAdderConv node, with every check; ``parameters.cc`` says the same."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.errors import AdderSRError

IntArray = npt.NDArray[np.integer[Any]]
FloatArray = npt.NDArray[np.float32]

#: Offsets and sums stay below, so that no difference of two of them leaves int32.
MAX_SUM = 1 << 30
#: Floats stay below, so that no product with an int32 overflows.
MAX_FLOAT = 2.0**64
#: The largest table.
MAX_TABLE = 1 << 16

_TYPES: dict[str, tuple[int, int]] = {"uint8": (1, 8), "int16": (2, 16)}


def data_range(dtype: npt.DTypeLike, bits: int) -> tuple[int, int]:
    """The least and the largest value of data of ``dtype`` (uint8 or int16) with ``bits`` bits.

    Raises:
        AdderSRError: the op knows no such data.
    """
    name = np.dtype(dtype).name
    if name not in _TYPES:
        raise AdderSRError(f"QLinearAdderConv expects data of uint8 or int16, got {name}.")
    least, most = _TYPES[name]
    if not least <= bits <= most:
        raise AdderSRError(
            f"QLinearAdderConv expects bits from {least} to {most} for {name}, got {bits}."
        )
    return (0, (1 << bits) - 1) if name == "uint8" else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def _zero_point() -> IntArray:
    return np.zeros(1, np.uint8)


def _zero() -> FloatArray:
    return np.zeros(1, np.float32)


@dataclass(frozen=True)
class Parameters:
    """What a node says beside X, Z and R. T is uint8 or int16; O is the number of filters.

    Values that are given per channel may also be one value for all.

    Args:
        bits: of the data; see :func:`data_range`.
        w: filters, ``[O, C/group, kh, kw]``, T.
        offset: subtracted from the sums with the opposite sign, ``[O]``, int32.
        multiplier: of that difference, ``[O]``, float32.
        bias: in steps of the table's domain, ``[O]``, float32.
        table: the activation, ``[1 or O, size]``, int16, in units of 2^-table_fraction steps of Y.
        table_fraction: 0 to 8.
        x_zero_point: the value of padding, ``[C]``, T.
        z_zero_point, z_multiplier, r_zero_point, r_multiplier: of the residuals, ``[O]``.

    Raises:
        AdderSRError: a value is out of its range.
    """

    bits: int
    w: IntArray
    offset: IntArray
    multiplier: FloatArray
    bias: FloatArray
    table: IntArray
    table_fraction: int = 0
    x_zero_point: IntArray = field(default_factory=_zero_point)
    z_zero_point: IntArray = field(default_factory=_zero_point)
    z_multiplier: FloatArray = field(default_factory=_zero)
    r_zero_point: IntArray = field(default_factory=_zero_point)
    r_multiplier: FloatArray = field(default_factory=_zero)

    def __post_init__(self) -> None:
        low, high = data_range(self.w.dtype, self.bits)
        if not 0 <= self.table_fraction <= 8:
            raise AdderSRError(
                f"QLinearAdderConv expects table_fraction from 0 to 8, got {self.table_fraction}."
            )
        if self.w.ndim != 4 or 0 in self.w.shape:
            raise AdderSRError(
                "QLinearAdderConv expects a filter W of shape [O, C/group, kh, kw], not empty, "
                f"got {list(self.w.shape)}."
            )
        outputs, taps = self.w.shape[0], int(np.prod(self.w.shape[1:]))
        if taps > MAX_SUM >> self.bits:
            raise AdderSRError(
                f"QLinearAdderConv expects sums below 2^30: at most {MAX_SUM >> self.bits} taps of "
                f"{self.bits} bits, got {taps}."
            )
        self._check_table(outputs)
        self._check("W", self.w, self.w.dtype, None, low, high)
        self._check("x_zero_point", self.x_zero_point, self.w.dtype, None, low, high)
        self._check("offset", self.offset, np.int32, outputs, -MAX_SUM, MAX_SUM)
        for name in ("multiplier", "bias", "z_multiplier", "r_multiplier"):
            values = getattr(self, name)
            self._check(name, values, np.float32, outputs, -MAX_FLOAT, MAX_FLOAT)
        for name in ("z_zero_point", "r_zero_point"):
            self._check(name, getattr(self, name), self.w.dtype, outputs, low, high)

    def _check_table(self, outputs: int) -> None:
        shape, dtype = self.table.shape, self.table.dtype
        fits = len(shape) == 2 and shape[0] in (1, outputs) and 2 <= shape[1] <= MAX_TABLE
        if dtype != np.int16 or not fits or shape[0] * shape[1] > MAX_SUM:
            raise AdderSRError(
                f"QLinearAdderConv expects a table of [1 or {outputs}, 2 to {MAX_TABLE}] int16, "
                f"got {list(shape)} {dtype}."
            )

    @staticmethod
    def _check(
        name: str,
        values: npt.NDArray[Any],
        dtype: npt.DTypeLike,
        channels: int | None,
        low: float,
        high: float,
    ) -> None:
        if values.dtype != dtype:
            raise AdderSRError(
                f"QLinearAdderConv expects {name} of {np.dtype(dtype)}, got {values.dtype}."
            )
        if channels is not None and values.shape not in ((1,), (channels,)):
            raise AdderSRError(
                f"QLinearAdderConv expects {name} to have 1 value or one per channel "
                f"({channels}), got shape {list(values.shape)}."
            )
        wrong = values[~((values >= low) & (values <= high))]
        if wrong.size:
            raise AdderSRError(
                f"QLinearAdderConv expects {name} to hold values from {low} to {high}, "
                f"got {wrong.flat[0]}."
            )
