"""The parameters of a QLinearFusedConv node, with every check; ``parameters.cc`` says the same."""

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
    """What a node says beside X, Z and R. T1 and T2 are uint8 or int16; O is the number of filters.

    Args:
        x_bits: of X; see :func:`~addersr.custom_ops.requantization.data_range`.
        w: filters, ``[O, C/group, kh, kw]``, int16.
        x_zero_point: of X, ``[C]`` or one for all, T1.

    The others are those of the requantisation, whose T is T2; ``offset`` is added to the sums.

    Raises:
        AdderSRError: a value is out of its range.
    """

    op: ClassVar[str] = "QLinearFusedConv"

    x_bits: int
    w: IntArray
    x_zero_point: IntArray = field(default_factory=_zero_point)

    def __post_init__(self) -> None:
        x_type = self.x_zero_point.dtype
        low, high = data_range(x_type, self.x_bits, op=self.op, name="x_bits")
        if self.w.dtype != np.int16 or self.w.ndim != 4 or 0 in self.w.shape:
            raise AdderSRError(
                f"{self.op} expects a filter W of shape [O, C/group, kh, kw], not empty, of int16, "
                f"got {list(self.w.shape)} {self.w.dtype}."
            )
        self.check_requantization(self.w.shape[0])
        largest = int(np.abs(self.w.astype(np.int64)).sum((1, 2, 3)).max())
        most = (MAX_SUM - 1) // ((1 << self.x_bits) - 1)
        if largest > most:
            raise AdderSRError(
                f"{self.op} expects sums below 2^30: weights of a filter whose absolute values sum "
                f"to at most {most} with {self.x_bits} bits of X, got {largest}."
            )
        check_values(self.op, "x_zero_point", self.x_zero_point, x_type, low, high)
