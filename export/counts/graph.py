"""A network as the counts see it: operations in the order in which they run, for one image size."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class Tensor:
    """A tensor between two operations."""

    shape: tuple[int, ...]
    value_bytes: int
    """Bytes of one value."""

    @property
    def values(self) -> int:
        """How many values it has."""
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        """What it takes in memory."""
        return self.values * self.value_bytes


@dataclass(frozen=True)
class Reach:
    """Which pixels of an input a pixel of the output depends on, along one axis.

    Pixel q depends on the pixels ``floor((q·step + low) / divisor)`` to
    ``floor((q·step + high) / divisor)``.
    """

    step: int = 1
    divisor: int = 1
    low: int = 0
    high: int = 0


Reaches = tuple[Reach, Reach]
"""Vertical and horizontal."""

SAME: Reaches = (Reach(), Reach())
"""A pixel depends on the pixel at its place."""


@dataclass(frozen=True)
class Source:
    """An input of an operation that depends on the image."""

    tensor: str
    reaches: Reaches | None = SAME
    """None: on all pixels, or it is not known on which."""


@dataclass(frozen=True)
class Layer:
    """A convolution, of products or of absolute differences."""

    adder: bool
    input_channels: int
    output_channels: int
    kernel: tuple[int, int]
    """Vertical and horizontal, as are all pairs."""
    stride: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    output_size: tuple[int, int]
    parameters: int
    """Numbers in the filters, and those that there is one of per filter."""
    pure_taps: int | None = None
    """Taps of all filters whose weight lies on one side of all values of the input, so that
    ``|x - w|`` is ``x`` or ``-x`` and a constant; None: not known."""
    transposed_from: tuple[int, int] | None = None
    """Of a transposed convolution the size of its input, at whose pixels its filters are applied;
    None: an ordinary one, whose filters are applied for each pixel of the output."""

    @property
    def positions(self) -> int:
        """Pixels at which each filter is applied."""
        return prod(self.transposed_from or self.output_size)

    @property
    def filter_taps(self) -> int:
        """Taps of one filter."""
        return self.input_channels // self.groups * self.kernel[0] * self.kernel[1]

    @property
    def taps(self) -> int:
        """Taps that are computed for one image."""
        return self.filter_taps * self.output_channels * self.positions


@dataclass(frozen=True)
class Operation:
    """One step of the network."""

    name: str
    """Of the layer, as in torch."""
    op: str
    sources: tuple[Source, ...]
    outputs: tuple[str, ...]
    layer: Layer | None = None
    """None: its operations are not counted."""
    in_place: bool = False
    """Whether the output may take the place of an input that is not used afterwards."""


@dataclass(frozen=True)
class Graph:
    """A network for one image size."""

    input: str
    output: str
    image_size: tuple[int, int]
    """Height and width of the input."""
    planes: int
    """Of the image: 1 for luma, 3 for RGB."""
    operations: tuple[Operation, ...]
    tensors: Mapping[str, Tensor]
    parameters: int
    weight_bytes: int
    """What everything that does not depend on the image takes in memory."""

    @property
    def layers(self) -> tuple[tuple[Operation, Layer], ...]:
        """The operations that are counted."""
        return tuple((one, one.layer) for one in self.operations if one.layer is not None)
