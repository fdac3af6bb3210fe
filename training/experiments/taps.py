"""How many taps end outside the range of their layer's input, and what they are worth.

Where w lies above all x, ``-|x - w|`` is ``x - w``, and below all x it is ``w - x``: the tap adds
or subtracts its input and a constant, and does not compare any more. So the question is what
happens to the PSNR when such taps are made exactly that (nothing, if they are beyond the whole
range), and when their input is taken away from them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from addersr.errors import AdderSRError
from addersr.models.adder_conv import AdderConv2d, adder_conv2d
from addersr.models.super_resolution import SuperResolution
from addersr.tables import Table
from addersr.training.data import ImagePair, as_seen
from addersr.training.validation import validation_psnr

#: The share of all inputs that the central range holds.
CENTRAL = 0.998
#: The name of all layers together.
ALL = "all layers"
_BINS = 1 << 16

Interval = tuple[float, float]
Change = Literal["replaced", "removed"]
"""``±x`` plus the tap's constant, or ``-|w|``, its response to an input of 0, alone."""


@dataclass(frozen=True)
class Beyond:
    """The taps outside an interval.

    Attributes:
        share: of all taps, 0…1.
        replaced, removed: dB of the model with these taps changed, see ``Change``.
    """

    share: float
    replaced: float
    removed: float


@dataclass(frozen=True)
class LayerTaps:
    """One layer, or all together.

    Attributes:
        name: as torch has it, or ``ALL``.
        whole, central: what the layer sees (None of all together); padding counts as 0.
        beyond_whole, beyond_central: the taps outside.
    """

    name: str
    whole: Interval | None
    central: Interval | None
    beyond_whole: Beyond
    beyond_central: Beyond


@dataclass(frozen=True)
class TapReport:
    """A model on a set of images: ``psnr`` in dB as trained; all layers together come last."""

    psnr: float
    layers: tuple[LayerTaps, ...]


def analyse_taps(
    model: SuperResolution,
    pairs: list[ImagePair],
    progress: Callable[[int, int], None] | None = None,
) -> TapReport:
    """Count the taps outside what their layers see on some images, and change them.

    Args:
        model: in evaluation mode; it is not changed.
        pairs: the images.
        progress: called with (evaluations done, total).

    Raises:
        AdderSRError: the model has no adder layer.
    """
    layers = {name: m for name, m in model.named_modules() if isinstance(m, AdderConv2d)}
    if not layers:
        raise AdderSRError("The model has no adder layer. Choose the checkpoint of an adder model.")
    whole = _whole_ranges(model, layers, pairs)
    central = _central_ranges(model, layers, pairs, whole)
    subjects = [(name, (name,)) for name in layers] + [(ALL, tuple(layers))]
    total = 1 + 4 * len(subjects)
    done = 0

    def psnr(names: Sequence[str], ranges: Mapping[str, Interval], change: Change) -> float:
        nonlocal done
        with ExitStack() as stack:
            for name in names:
                stack.enter_context(_changed(layers[name], ranges[name], change))
            value = validation_psnr(model, pairs)
        done += 1
        if progress is not None:
            progress(done, total)
        return value

    def beyond(names: Sequence[str], ranges: Mapping[str, Interval]) -> Beyond:
        outside = torch.cat([_outside(layers[n].weight, ranges[n]).flatten() for n in names])
        return Beyond(
            float(outside.float().mean()),
            psnr(names, ranges, "replaced"),
            psnr(names, ranges, "removed"),
        )

    return TapReport(
        psnr((), whole, "replaced"),
        tuple(
            LayerTaps(
                title,
                whole.get(title),
                central.get(title),
                beyond(names, whole),
                beyond(names, central),
            )
            for title, names in subjects
        ),
    )


def tap_table(report: TapReport) -> Table:
    """The report for people; dB as differences to the model as trained."""

    def interval(value: Interval | None) -> str:
        return "-" if value is None else f"{value[0]:.3f}…{value[1]:.3f}"

    def cells(beyond: Beyond) -> tuple[str, ...]:
        changes = (f"{value - report.psnr:+.3f}" for value in (beyond.replaced, beyond.removed))
        return (f"{100 * beyond.share:.1f} %", *changes)

    return Table(
        f"Taps beyond what their layer sees; as trained {report.psnr:.3f} dB, differences to that "
        f"when these taps are replaced by ±x and a constant, and when they lose their input",
        (
            *("layer", f"central {100 * CENTRAL:.1f} %", "beyond", "replaced", "removed"),
            *("whole range", "beyond", "replaced", "removed"),
        ),
        tuple(
            (
                layer.name,
                interval(layer.central),
                *cells(layer.beyond_central),
                interval(layer.whole),
                *cells(layer.beyond_whole),
            )
            for layer in report.layers
        ),
        1,
    )


def _outside(weight: Tensor, interval: Interval) -> Tensor:
    return (weight < interval[0]) | (weight > interval[1])


@contextmanager
def _changed(layer: AdderConv2d, interval: Interval, change: Change) -> Iterator[None]:
    """The layer with the taps outside an interval changed."""
    weight = layer.weight.detach()
    outside = _outside(weight, interval)
    kept = weight.masked_fill(outside, 0)  # what is outside responds with -|x|, taken back below
    mask = outside.to(weight.dtype)
    signs = mask * torch.where(weight > interval[1], 1.0, -1.0)
    bias = weight.abs().sum((1, 2, 3)) if layer.centred else weight.new_zeros(len(weight))
    bias = bias - (mask * weight.abs() if change == "removed" else signs * weight).sum((1, 2, 3))
    geometry = (layer.stride, layer.padding, layer.dilation, layer.groups)

    def respond(_layer: nn.Module, inputs: tuple[Any, ...], _output: Tensor) -> Tensor:
        x: Tensor = inputs[0]
        y = adder_conv2d(x, kept, bias, *geometry)
        y = y + functional.conv2d(x.abs(), mask, None, *geometry)
        if change == "replaced":
            y = y + functional.conv2d(x, signs, None, *geometry)
        return y

    handle = layer.register_forward_hook(respond)
    try:
        yield
    finally:
        handle.remove()


def _whole_ranges(
    model: SuperResolution, layers: Mapping[str, AdderConv2d], pairs: list[ImagePair]
) -> dict[str, Interval]:
    ranges = {
        # Padded zeros are inputs like all others.
        name: (0.0, 0.0) if any(layer.padding) else (float("inf"), -float("inf"))
        for name, layer in layers.items()
    }

    def widen(name: str, x: Tensor) -> None:
        low, high = ranges[name]
        ranges[name] = (min(low, float(x.min())), max(high, float(x.max())))

    _watch(model, layers, pairs, widen)
    return ranges


def _central_ranges(
    model: SuperResolution,
    layers: Mapping[str, AdderConv2d],
    pairs: list[ImagePair],
    whole: Mapping[str, Interval],
) -> dict[str, Interval]:
    """Exact to one part in ``_BINS`` of the whole range."""
    counts = {name: torch.zeros(_BINS, dtype=torch.float64) for name in layers}

    def add(name: str, x: Tensor) -> None:
        counts[name] += torch.histc(x, _BINS, *whole[name]).double()

    _watch(model, layers, pairs, add)
    ranges = {}
    for name, count in counts.items():
        low, high = whole[name]
        below = count.cumsum(0) / count.sum()
        tail = (1 - CENTRAL) / 2
        first = int(torch.searchsorted(below, tail))
        last = int(torch.searchsorted(below, 1 - tail))
        step = (high - low) / _BINS
        ranges[name] = (low + first * step, low + min(last + 1, _BINS) * step)
    return ranges


@torch.no_grad()
def _watch(
    model: SuperResolution,
    layers: Mapping[str, AdderConv2d],
    pairs: list[ImagePair],
    see: Callable[[str, Tensor], None],
) -> None:
    """Show each layer's inputs on all images to ``see``."""

    def hook(name: str) -> Callable[[nn.Module, tuple[Any, ...]], None]:
        return lambda _layer, inputs: see(name, inputs[0])

    with ExitStack() as stack:
        for name, layer in layers.items():
            stack.callback(layer.register_forward_pre_hook(hook(name)).remove)
        for pair in pairs:
            model(torch.from_numpy(as_seen(pair.lr, model.colour))[None])
