"""How many pixels of the input a pixel of the output depends on."""

from dataclasses import dataclass
from math import lcm

from addersr.export.counts.graph import Graph, Reach


@dataclass(frozen=True)
class _Intervals:
    """The input pixels behind the pixels of a tensor, along one axis.

    ``len(spans)`` pixels of the tensor lie on ``period`` pixels of the network's input: pixel
    ``p + n·len(spans)`` depends on ``spans[p]`` moved by ``n·period``.
    """

    spans: tuple[tuple[int, int], ...]
    period: int

    def at(self, pixel: int) -> tuple[int, int]:
        """First and last input pixel behind any pixel."""
        repetition, phase = divmod(pixel, len(self.spans))
        first, last = self.spans[phase]
        return first + repetition * self.period, last + repetition * self.period

    def behind(self, reach: Reach) -> "_Intervals":
        """Those of the output of an operation."""
        spans = []
        # After so many pixels of the output, whole periods of this tensor have gone by.
        for pixel in range(len(self.spans) * reach.divisor):
            position = pixel * reach.step
            first, _ = self.at((position + reach.low) // reach.divisor)
            _, last = self.at((position + reach.high) // reach.divisor)
            spans.append((first, last))
        return _Intervals(tuple(spans), self.period * reach.step)

    def repeated(self, times: int) -> "_Intervals":
        """The same with a longer period."""
        spans = (self.at(pixel) for pixel in range(len(self.spans) * times))
        return _Intervals(tuple(spans), self.period * times)


def receptive_field(graph: Graph) -> tuple[int, int] | None:
    """Height and width, in pixels of the input, of what a pixel of the output depends on.

    Pixels of the output at different places between those of the input may see more or less: the
    most is given. None: the whole image, or not known.
    """
    height, width = (_along(graph, axis) for axis in (0, 1))
    return None if height is None or width is None else (height, width)


def _along(graph: Graph, axis: int) -> int | None:
    known: dict[str, _Intervals | None] = {graph.input: _Intervals(((0, 0),), 1)}
    for operation in graph.operations:
        result: _Intervals | None = None
        for index, source in enumerate(operation.sources):
            before = known[source.tensor]
            if before is None or source.reaches is None:
                result = None
                break
            behind = before.behind(source.reaches[axis])
            result = behind if index == 0 else _union(result, behind)
            if result is None:
                break
        known.update(dict.fromkeys(operation.outputs, result))
    output = known[graph.output]
    return None if output is None else max(last - first + 1 for first, last in output.spans)


def _union(one: _Intervals | None, other: _Intervals) -> _Intervals | None:
    """What depends on two tensors; None where their resolutions differ."""
    if one is None or one.period * len(other.spans) != other.period * len(one.spans):
        return None
    period = lcm(one.period, other.period)
    a, b = one.repeated(period // one.period), other.repeated(period // other.period)
    spans = ((min(x[0], y[0]), max(x[1], y[1])) for x, y in zip(a.spans, b.spans, strict=True))
    return _Intervals(tuple(spans), period)
