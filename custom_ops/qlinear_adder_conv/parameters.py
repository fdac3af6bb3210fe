"""The parameters of a QLinearAdderConv node, with every check; ``parameters.cc`` says the same."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from addersr.custom_ops import requantization
from addersr.custom_ops.requantization.parameters import (
    MAX_SUM,
    IntArray,
    check_values,
    data_range,
)
from addersr.errors import AdderSRError


def _zero_point() -> IntArray:
    return np.zeros(1, np.uint8)


@dataclass(frozen=True, kw_only=True)
class Parameters(requantization.Parameters):
    """What a node says beside X, Z and R. T is uint8 or int16; O is the number of filters.

    Args:
        bits: of the data; see :func:`~addersr.custom_ops.requantization.data_range`.
        w: filters, ``[O, C/group, kh, kw]``, T.
        x_zero_point: the value of padding, ``[C]`` or one for all, T.

    The others are those of the requantisation; the sums are taken from ``offset``.

    Raises:
        AdderSRError: a value is out of its range.
    """

    op: ClassVar[str] = "QLinearAdderConv"

    w: IntArray
    x_zero_point: IntArray = field(default_factory=_zero_point)

    def __post_init__(self) -> None:
        low, high = data_range(self.w.dtype, self.bits, op=self.op)
        if self.w.ndim != 4 or 0 in self.w.shape:
            raise AdderSRError(
                "QLinearAdderConv expects a filter W of shape [O, C/group, kh, kw], not empty, "
                f"got {list(self.w.shape)}."
            )
        if self.dtype != self.w.dtype:
            raise AdderSRError(
                f"QLinearAdderConv expects z_zero_point of {self.w.dtype}, got {self.dtype}."
            )
        self.check_requantization(self.w.shape[0])
        taps = int(np.prod(self.w.shape[1:]))
        if taps > MAX_SUM >> self.bits:
            raise AdderSRError(
                f"QLinearAdderConv expects sums below 2^30: at most {MAX_SUM >> self.bits} taps of "
                f"{self.bits} bits, got {taps}."
            )
        check_values(self.op, "W", self.w, self.w.dtype, low, high)
        check_values(self.op, "x_zero_point", self.x_zero_point, self.w.dtype, low, high)
