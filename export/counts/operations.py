"""Multiplications and additions, by the convention of the papers.

A tap of a convolution is one multiplication and one addition; a tap of an adder layer is two
additions, the difference and its accumulation (AdderSR, CVPR 2021, arXiv 2009.08891, table 2).
Everything else (biases, batch normalisation, activations, residuals, resampling) is not counted.

A tap whose weight lies on one side of all values that its input takes is a pure ±x: ``|x - w|`` is
``x - w`` or ``w - x``, and the w of all such taps together are one constant of the filter. Where
kernels make use of that, it is one addition.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from addersr.export.counts.graph import Graph, Layer, Operation, Source


@dataclass(frozen=True)
class Counts:
    """Operations for one image."""

    multiplications: int = 0
    differences: int = 0
    """Additions that form ``x - w``."""
    accumulations: int = 0
    """Additions of a product or an absolute difference to a sum."""
    pure_taps: int | None = 0
    """Differences that are not needed; None: not known."""

    @property
    def additions(self) -> int:
        """Both kinds."""
        return self.differences + self.accumulations

    @property
    def operations(self) -> int:
        """Multiplications and additions."""
        return self.multiplications + self.additions

    @property
    def additions_pure_once(self) -> int | None:
        """The same with pure ±x taps as one addition; None: not known."""
        return None if self.pure_taps is None else self.additions - self.pure_taps

    def __add__(self, other: "Counts") -> "Counts":
        unknown = self.pure_taps is None or other.pure_taps is None
        return Counts(
            self.multiplications + other.multiplications,
            self.differences + other.differences,
            self.accumulations + other.accumulations,
            None if unknown else (self.pure_taps or 0) + (other.pure_taps or 0),
        )


def count(layer: Layer) -> Counts:
    """The operations of a layer."""
    if not layer.adder:
        return Counts(layer.taps, 0, layer.taps, 0)
    pure = None if layer.pure_taps is None else layer.pure_taps * layer.positions
    return Counts(0, layer.taps, layer.taps, pure)


def total(layers: Iterable[Layer]) -> Counts:
    """The operations of several layers."""
    return sum((count(layer) for layer in layers), Counts())


def as_kind(graph: Graph, kind: str) -> tuple[Layer, ...]:
    """The layers as those of the ``cnn`` or ``adder`` network with the same convolutions.

    Heads and tails stay ordinary convolutions, as in the papers: those that read as many channels
    as the image has or that no other convolution precedes, and those that no other one follows.
    """
    image = graph.planes
    before = _dependent(graph.operations)
    behind = _dependent(_backwards(graph.operations))
    return tuple(
        replace(
            layer,
            adder=kind == "adder"
            and layer.input_channels != image
            and operation.name in before & behind,
            pure_taps=None,
        )
        for operation, layer in graph.layers
    )


def _dependent(operations: Iterable[Operation]) -> frozenset[str]:
    """Names of the convolutions whose input depends on another one."""
    tensors: set[str] = set()
    layers = set()
    for one in operations:
        depends = any(source.tensor in tensors for source in one.sources)
        if depends or one.layer is not None:
            tensors.update(one.outputs)
        if depends and one.layer is not None:
            layers.add(one.name)
    return frozenset(layers)


def _backwards(operations: Sequence[Operation]) -> Iterator[Operation]:
    """The network from its output to its input."""
    for one in reversed(operations):
        sources = tuple(Source(name) for name in one.outputs)
        outputs = tuple(source.tensor for source in one.sources)
        yield replace(one, sources=sources, outputs=outputs)
