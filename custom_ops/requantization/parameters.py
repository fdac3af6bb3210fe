"""The parameters of a requantisation, with every check; ``parameters.cc`` says the same."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

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


def data_range(
    dtype: npt.DTypeLike, bits: int, *, op: str = "An op in integers", name: str = "bits"
) -> tuple[int, int]:
    """The least and the largest value of data of ``dtype`` (uint8 or int16) with ``bits`` bits.

    Args:
        op, name: of the op and its attribute, for error messages.

    Raises:
        AdderSRError: the ops know no such data.
    """
    dtype_name = np.dtype(dtype).name
    if dtype_name not in _TYPES:
        raise AdderSRError(f"{op} expects data of uint8 or int16, got {dtype_name}.")
    least, most = _TYPES[dtype_name]
    if not least <= bits <= most:
        raise AdderSRError(
            f"{op} expects {name} from {least} to {most} for {dtype_name}, got {bits}."
        )
    if dtype_name == "uint8":
        return 0, (1 << bits) - 1
    return -(1 << (bits - 1)), (1 << (bits - 1)) - 1


def check_values(
    op: str,
    name: str,
    values: npt.NDArray[Any],
    dtype: npt.DTypeLike,
    low: float,
    high: float,
    *,
    channels: int | None = None,
) -> None:
    """Refuse values of another type or out of their range, or neither 1 nor one per channel.

    Args:
        channels: None where the shape is another's business.

    Raises:
        AdderSRError: the sentence for a node of ``op``.
    """
    if values.dtype != dtype:
        raise AdderSRError(f"{op} expects {name} of {np.dtype(dtype)}, got {values.dtype}.")
    if channels is not None and values.shape not in ((1,), (channels,)):
        raise AdderSRError(
            f"{op} expects {name} to have 1 value or one per channel ({channels}), "
            f"got shape {list(values.shape)}."
        )
    wrong = values[~((values >= low) & (values <= high))]
    if wrong.size:
        raise AdderSRError(
            f"{op} expects {name} to hold values from {low} to {high}, got {wrong.flat[0]}."
        )


def _zero_point() -> IntArray:
    return np.zeros(1, np.uint8)


def _zero() -> FloatArray:
    return np.zeros(1, np.float32)


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """What a node says about its requantisation. T, uint8 or int16, is that of Z, R and Y.

    O is the number of outputs. Values that are given per channel may also be one value for all.
    A subclass adds the filter, and calls :meth:`check_requantization`.

    Args:
        bits: of the output; see :func:`data_range`.
        offset: added to the sums, or from which they are taken, ``[O]``, int32.
        multiplier: of the result, ``[O]``, float32.
        bias: in steps of the table's domain, ``[O]``, float32.
        table: the activation, ``[1 or O, size]``, int16, in units of 2^-table_fraction steps of Y.
        table_fraction: 0 to 8.
        z_zero_point, r_zero_point: of the residuals, ``[O]``, T.
        z_multiplier, r_multiplier: of the residuals, ``[O]``, float32.
    """

    op: ClassVar[str]

    bits: int
    offset: IntArray
    multiplier: FloatArray
    bias: FloatArray
    table: IntArray
    table_fraction: int = 0
    z_zero_point: IntArray = field(default_factory=_zero_point)
    z_multiplier: FloatArray = field(default_factory=_zero)
    r_zero_point: IntArray = field(default_factory=_zero_point)
    r_multiplier: FloatArray = field(default_factory=_zero)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of residuals and output: that of their zero points."""
        return self.z_zero_point.dtype

    def check_requantization(self, outputs: int) -> None:
        """Check everything but the filter, of which there are ``outputs``.

        Raises:
            AdderSRError: a value is out of its range.
        """
        low, high = data_range(self.dtype, self.bits, op=self.op)
        if not 0 <= self.table_fraction <= 8:
            raise AdderSRError(
                f"{self.op} expects table_fraction from 0 to 8, got {self.table_fraction}."
            )
        shape, dtype = self.table.shape, self.table.dtype
        fits = len(shape) == 2 and shape[0] in (1, outputs) and 2 <= shape[1] <= MAX_TABLE
        if dtype != np.int16 or not fits or shape[0] * shape[1] > MAX_SUM:
            raise AdderSRError(
                f"{self.op} expects a table of [1 or {outputs}, 2 to {MAX_TABLE}] int16, "
                f"got {list(shape)} {dtype}."
            )
        check_values(self.op, "offset", self.offset, np.int32, -MAX_SUM, MAX_SUM, channels=outputs)
        for name in ("multiplier", "bias", "z_multiplier", "r_multiplier"):
            values = getattr(self, name)
            check_values(self.op, name, values, np.float32, -MAX_FLOAT, MAX_FLOAT, channels=outputs)
        for name in ("z_zero_point", "r_zero_point"):
            values = getattr(self, name)
            check_values(self.op, name, values, self.dtype, low, high, channels=outputs)
