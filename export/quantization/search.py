"""Ranges and types by measurement: each trial is the whole network in integers."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from addersr.export.quantization.layers import Layer, Network
from addersr.export.quantization.ranges import Choice, Type, make_plan
from addersr.export.quantization.statistics import Statistics
from addersr.export.quantization.trials import Score, Trials

Progress = Callable[[int, int], None]

#: Around the windows that each tensor's own error chose.
_FACTORS = (0.8, 0.9, 1.1, 1.25)
#: Time of a tap in int16, that of one in uint8 being 1 (docs/kernels.md, 24 and 32 channels).
INT16_COST = 1.8


def refine(
    network: Network,
    statistics: Mapping[str, Statistics],
    choice: Choice,
    trials: Trials,
    progress: Progress,
) -> Choice:
    """Widen or narrow one tensor's window after the other where the output gets better by it.

    The squared error of a tensor says little about what a clipped value does to the output.
    """
    best = trials.measure(make_plan(network, statistics, choice)).error
    names = [name for name in network.tensors if name in choice.widths]
    total = len(names) * len(_FACTORS)
    for index, name in enumerate(names):
        start = choice.widths[name]
        for number, factor in enumerate(_FACTORS, 1):
            changed = replace(choice, widths={**choice.widths, name: start * factor})
            error = trials.measure(make_plan(network, statistics, changed)).error
            if error < best:
                best, choice = error, changed
            progress(index * len(_FACTORS) + number, total)
    return choice


def cheapest_types(
    network: Network,
    narrow: Mapping[str, Type],
    wide: Mapping[str, Type],
    measure: Callable[[Mapping[str, Type]], Score],
    max_drop: float,
    progress: Progress,
) -> Mapping[str, Type]:
    """Types of the tensors, u8 or i16 for each layer, that cost least and keep the quality.

    Greedy: from all layers in int16, the layers become uint8 in the order of the drop that each
    causes alone for the time that it saves; a step that leaves the limit is taken back. The cost of
    a layer is its taps, in int16 ``INT16_COST`` times as much.

    Args:
        narrow, wide: the types with all layers in uint8, and with all in int16.
        measure: of an assignment.
        max_drop: in dB, against fp32.
        progress: called with trials done and trials in all.
    """
    # A layer computes in the type of its output. The last tensor is int16 in both.
    layers = [layer for layer in network.layers if narrow[layer.y] != wide[layer.y]]
    total = 2 * len(layers) + 1
    types = dict(narrow)
    if measure(types).drop <= max_drop:
        progress(total, total)
        return types
    types = dict(wide)
    rates = {}
    for number, layer in enumerate(layers, 1):
        drop = measure({**types, layer.y: narrow[layer.y]}).drop
        rates[layer.y] = max(drop, 0.0) / (taps(layer) * (INT16_COST - 1))
        progress(1 + number, total)
    for number, layer in enumerate(sorted(layers, key=lambda layer: rates[layer.y]), 1):
        changed = {**types, layer.y: narrow[layer.y]}
        if measure(changed).drop <= max_drop:
            types = changed
        progress(1 + len(layers) + number, total)
    return types


def cost(network: Network, types: Mapping[str, Type]) -> float:
    """Of all layers, in taps of uint8 for each of a layer's outputs."""
    return sum(
        taps(layer) * (INT16_COST if types[layer.y][0] == "int16" else 1.0)
        for layer in network.layers
    )


def taps(layer: Layer) -> int:
    """Taps of all filters."""
    return int(np.prod(layer.w.shape))
