"""The quantisation plan: the scale and zero point of every tensor, the domain of every table.

The integer file follows from the fp32 file and its plan alone (``lower``). The plan is JSON, in the
file's metadata as ``addersr.plan``. Values are kept as doubles, so a plan survives unchanged.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.custom_ops.requantization import data_range
from addersr.errors import AdderSRError

#: Of plans without groups of output channels, and of plans with them.
_VERSION, _VERSION_WITH_GROUPS = 1, 2
_WHAT = "The quantisation plan"


@dataclass(frozen=True)
class TensorPlan:
    """``real = scale·(integer - zero_point)``, one value or one per channel."""

    dtype: str
    """``uint8`` or ``int16``."""
    bits: int
    """The integers lie in the range that ``data_range(dtype, bits)`` gives."""
    scale: tuple[float, ...]
    zero_point: tuple[int, ...]

    def __post_init__(self) -> None:
        low, high = self.range
        if not self.scale or not all(0 < scale < np.inf for scale in self.scale):
            raise AdderSRError(f"{_WHAT} expects finite scales above 0, got {list(self.scale)}.")
        if not self.zero_point or not all(low <= zero <= high for zero in self.zero_point):
            raise AdderSRError(
                f"{_WHAT} expects zero points from {low} to {high}, got {list(self.zero_point)}."
            )

    @property
    def range(self) -> tuple[int, int]:
        """The least and the largest integer."""
        return data_range(self.dtype, self.bits, op=_WHAT)

    @property
    def type(self) -> tuple[str, int]:
        """``dtype`` and ``bits``."""
        return self.dtype, self.bits

    def scales(self, channels: int) -> npt.NDArray[np.float64]:
        """[channels]."""
        return np.broadcast_to(np.array(self.scale, np.float64), channels)

    def zero_points(self, channels: int) -> npt.NDArray[np.int64]:
        """[channels]."""
        return np.broadcast_to(np.array(self.zero_point, np.int64), channels)

    def limits(self, channels: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The least and the largest real number of each channel."""
        low, high = self.range
        scales, zero_points = self.scales(channels), self.zero_points(channels)
        return scales * (low - zero_points), scales * (high - zero_points)


@dataclass(frozen=True)
class DomainPlan:
    """Where a layer's T falls in its table: entry ``T/step + zero_point``, one value or one per
    output. Layers without power and PReLU have none: their domain is that of the output."""

    size: int
    step: tuple[float, ...]
    zero_point: tuple[int, ...]

    def __post_init__(self) -> None:
        if not 2 <= self.size <= 1 << 16 or not all(0 < step < np.inf for step in self.step):
            raise AdderSRError(
                f"{_WHAT} expects tables of 2 to 65536 entries and finite steps above 0, "
                f"got {self.size} and {list(self.step)}."
            )


@dataclass(frozen=True)
class GroupPlan:
    """Outputs of an adder layer that read x on a grid of their own."""

    channels: tuple[int, ...]
    """Which, in rising order."""
    x: TensorPlan
    """x as they see it, of the type and bits of the layer."""

    def __post_init__(self) -> None:
        rises = all(a < b for a, b in zip(self.channels, self.channels[1:], strict=False))
        if not self.channels or self.channels[0] < 0 or not rises:
            raise AdderSRError(
                f"{_WHAT} expects a group's channels in rising order, got {list(self.channels)}."
            )


@dataclass(frozen=True)
class Plan:
    """Everything that ``lower`` needs beside the fp32 file."""

    tensors: Mapping[str, TensorPlan]
    """By the tensor's name in the fp32 file. A layer computes in the type of its output. Where it
    reads a wider tensor, ``name|uint8/8`` says how that is rounded to the layer's own type."""
    domains: Mapping[str, DomainPlan]
    """By the layer's name."""
    precision: str
    """``u8``, ``i16`` or ``mixed``."""
    groups: Mapping[str, tuple[GroupPlan, ...]] = field(default_factory=dict)
    """By the name of an adder layer whose outputs do not all read x on the same grid; each output
    is in one of the groups."""

    def to_json(self) -> str:
        """One line of JSON."""
        fields = {"version": _VERSION_WITH_GROUPS if self.groups else _VERSION, **asdict(self)}
        if not self.groups:
            del fields["groups"]
        return json.dumps(fields, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """The plan that ``to_json`` wrote.

        Raises:
            AdderSRError: it is no plan, of another version, or a value is out of its range.
        """
        try:
            fields: dict[str, Any] = json.loads(text)
            version = fields["version"]
            expected = _VERSION_WITH_GROUPS if "groups" in fields else _VERSION
            if version != expected:
                raise AdderSRError(
                    f"{_WHAT} has version {version}, and this addersr reads {expected}. Quantise "
                    "the model again."
                )
            return cls(
                tensors={name: _tensor(item) for name, item in fields["tensors"].items()},
                domains={
                    name: DomainPlan(
                        int(item["size"]),
                        tuple(map(float, item["step"])),
                        tuple(map(int, item["zero_point"])),
                    )
                    for name, item in fields["domains"].items()
                },
                precision=str(fields["precision"]),
                groups={
                    name: tuple(
                        GroupPlan(tuple(map(int, item["channels"])), _tensor(item["x"]))
                        for item in items
                    )
                    for name, items in fields.get("groups", {}).items()
                },
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise AdderSRError(
                f"{_WHAT} is damaged ({error}). Quantise the model again."
            ) from error


def _tensor(item: Mapping[str, Any]) -> TensorPlan:
    return TensorPlan(
        str(item["dtype"]),
        int(item["bits"]),
        tuple(map(float, item["scale"])),
        tuple(map(int, item["zero_point"])),
    )
