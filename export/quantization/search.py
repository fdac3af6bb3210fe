"""Types by measurement: each trial is the whole network in integers."""

from collections.abc import Callable, Mapping

import numpy as np

from addersr.export.quantization.layers import Layer, Network
from addersr.export.quantization.ranges import Type
from addersr.export.quantization.trials import Score

Progress = Callable[[int, int], None]

#: Time of a tap in int16, that of one in uint8 being 1 (docs/kernels.md, 24 and 32 channels).
INT16_COST = 1.8


def cheapest_types(
    network: Network,
    narrow: Mapping[str, Type],
    wide: Mapping[str, Type],
    measure: Callable[[Mapping[str, Type]], Score],
    max_drop: float,
    progress: Progress,
) -> Mapping[str, Type]:
    """Types of the tensors, u8 or i16 for each layer, that cost least and keep the quality.

    Greedy from both ends, and the cheaper result counts. From all layers in int16, those that lose
    least for the time that they save become uint8 as long as the limit holds; from all in uint8,
    those that gain most for their time become int16 until it does.

    Args:
        narrow, wide: the types with all layers in uint8, and with all in int16.
        measure: of an assignment.
        max_drop: in dB, against fp32.
        progress: called with trials done and trials in all.
    """
    # A layer computes in the type of its output. The last tensor is int16 in both.
    layers = [layer for layer in network.layers if narrow[layer.y] != wide[layer.y]]
    done, total = 0, 4 * len(layers) + 1

    def drop(types: Mapping[str, Type]) -> float:
        nonlocal done
        done += 1
        progress(done, total)
        return measure(types).drop

    loss = drop(narrow)
    if loss <= max_drop:
        progress(total, total)
        return narrow

    def changed(types: Mapping[str, Type], layer: Layer, to: Mapping[str, Type]) -> dict[str, Type]:
        return {**types, layer.y: to[layer.y]}

    def by_rate(drops: Mapping[str, float]) -> list[Layer]:
        return sorted(layers, key=lambda layer: drops[layer.y] / taps(layer))

    down: Mapping[str, Type] = wide
    for layer in by_rate({layer.y: drop(changed(wide, layer, narrow)) for layer in layers}):
        if drop(changed(down, layer, narrow)) <= max_drop:
            down = changed(down, layer, narrow)
    up: Mapping[str, Type] = narrow
    for layer in by_rate({layer.y: drop(changed(narrow, layer, wide)) - loss for layer in layers}):
        up = changed(up, layer, wide)
        if drop(up) <= max_drop:
            break
    else:
        up = wide
    progress(total, total)
    return min(down, up, key=lambda types: cost(network, types))


def cost(network: Network, types: Mapping[str, Type]) -> float:
    """Of all layers: taps, those in int16 counted ``INT16_COST`` times.

    Pixels are left out: layers at another size than the input would need other weights.
    """
    return sum(
        taps(layer) * (INT16_COST if types[layer.y][0] == "int16" else 1.0)
        for layer in network.layers
    )


def taps(layer: Layer) -> int:
    """Taps of all filters."""
    return int(np.prod(layer.w.shape))
