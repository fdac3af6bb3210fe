"""A network as the quantiser sees it: a short list of layers between a float tensor and another.

All tensors lie between layers; a layer is a sum over taps with everything that follows it. The
layout (channels first or last) is a matter of the fp32 file only.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx

Reals: TypeAlias = npt.NDArray[np.float64]
Kind: TypeAlias = Literal["adder", "conv"]


def _one() -> Reals:
    return np.ones(1)


def _zero() -> Reals:
    return np.zeros(1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """``T = scale·S + bias + z``, ``Y = clip(PReLU(power(T))) + r``, tensors by name.

    S is ``-Σ|x - w|`` (adder) or ``Σ x·w`` (conv). ``scale``, ``bias``, ``alpha`` and ``slope``
    are [1] or [O] and may be wider than float32: they are what the file's numbers say.
    """

    name: str
    """Of the sum's node in the fp32 file."""
    kind: Kind
    x: str
    y: str
    w: npt.NDArray[np.float32]
    """[O, C/group, kh, kw]."""
    attributes: dict[str, Any]
    """auto_pad, strides, pads, dilations and group, those that are given."""
    scale: Reals = field(default_factory=_one)
    bias: Reals = field(default_factory=_zero)
    z: str | None = None
    alpha: Reals = field(default_factory=_one)
    slope: Reals = field(default_factory=_one)
    clip: tuple[float, float] = (-np.inf, np.inf)
    r: str | None = None
    t: str | None = None
    """The tensor of the fp32 file that holds T; None where no tensor does."""

    @property
    def outputs(self) -> int:
        """O."""
        return int(self.w.shape[0])

    @property
    def has_curve(self) -> bool:
        """Whether a power or a PReLU follows, which needs a table; a clip alone does not."""
        is_clip = (self.slope == 1).all() or (self.slope == 0).all()
        return not is_clip or bool((self.alpha != 1).any())

    @property
    def is_sum(self) -> bool:
        """Whether nothing follows T: it is the output."""
        bare = bool((self.alpha == 1).all() and (self.slope == 1).all()) and self.r is None
        return bare and self.clip == (-np.inf, np.inf)

    @property
    def is_copy(self) -> bool:
        """Whether every output is its own input, scaled and shifted."""
        alone = self.w.shape[1:] == (1, 1, 1) and self.attributes.get("group", 1) == self.outputs
        return alone and self.kind == "conv" and self.is_sum and self.z is None

    @property
    def limits(self) -> tuple[float, float]:
        """The clip; where there is no curve, ReLU is a part of it."""
        low, high = self.clip
        if not self.has_curve and (self.slope == 0).all():
            low, high = max(low, 0.0), max(high, 0.0) if low <= high else high
        return min(low, high), high

    @property
    def inputs(self) -> tuple[str, ...]:
        """All tensors that it reads."""
        return tuple(name for name in (self.x, self.z, self.r) if name is not None)

    def with_y(self, y: str, **changes: Any) -> "Layer":
        """The same with one more step, whose result is ``y``."""
        return replace(self, y=y, **changes)


@dataclass(frozen=True, eq=False)
class Concat:
    """Channels of several tensors, one after the other."""

    name: str
    inputs: tuple[str, ...]
    y: str


@dataclass(frozen=True, eq=False)
class Shuffle:
    """Depth to space (mode CRD) between layers."""

    name: str
    x: str
    y: str
    blocksize: int

    @property
    def inputs(self) -> tuple[str, ...]:
        """The one tensor that it reads."""
        return (self.x,)


Step: TypeAlias = Layer | Concat | Shuffle


@dataclass(frozen=True, eq=False)
class Network:
    """What lies between the float tensors ``start`` and ``end``, in the order of computation.

    ``end`` is the last layer's tensor, depth to space by ``blocksize``, plus ``start`` enlarged if
    ``anchored``.
    """

    model: onnx.ModelProto
    """The fp32 file."""
    start: str
    """Float tensor [N, C, H, W], the input or what is made of it."""
    end: str
    """Float tensor [N, C, b·H, b·W], the output or what it is made of."""
    steps: tuple[Step, ...]
    last: str
    """The tensor that becomes ``end``."""
    blocksize: int
    anchored: bool
    channels: dict[str, int]
    """Of ``start`` and of every tensor between layers."""
    channels_last: dict[str, bool]
    """The layout of every tensor in the fp32 file."""
    before: tuple[onnx.NodeProto, ...]
    """Nodes that make ``start`` of the input."""
    after: tuple[onnx.NodeProto, ...]
    """Nodes that make the output of ``end``."""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The steps that compute."""
        return tuple(step for step in self.steps if isinstance(step, Layer))

    @property
    def tensors(self) -> tuple[str, ...]:
        """``start`` and every step's output."""
        return (self.start, *(step.y for step in self.steps))

    def readers(self, tensor: str) -> tuple[Step, ...]:
        """The steps that read a tensor."""
        return tuple(step for step in self.steps if tensor in step.inputs)
