"""Groups of output channels: filters of an adder layer that read x on a grid of their own.

In integers x and w share a scale, so filters with another scale need x on that grid too: it is
rounded once more for each group. A finer grid covers less of x, and what it cuts off is lost; the
squared error of each filter's own sums weighs that against the finer weights. The idea is that of
Quantized AdderNet (NeurIPS 2022), which groups filters by the range of their weights.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.custom_ops.adder_conv.reference import adder_conv
from addersr.export.quantization.float_network import FloatNetwork
from addersr.export.quantization.integers import Surroundings, adder_weights, per_filter
from addersr.export.quantization.layers import Layer, Network, Reals
from addersr.export.quantization.lower import surroundings
from addersr.export.quantization.ranges import one_scale
from addersr.export.quantization.statistics import Statistics
from addersr.runtime.plan import GroupPlan, Plan, TensorPlan

#: Windows beside the layer's own, as shares of it. By powers of two x is only moved, not rounded.
_SHARES = (0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.25)
MAX_GROUPS = 1 + len(_SHARES)
#: Pixels of each side of the corner that errors are taken from.
_SIDE = 40


def choose_groups(
    network: Network,
    plan: Plan,
    statistics: Mapping[str, Statistics],
    floats: FloatNetwork,
    inputs: Sequence[npt.NDArray[Any]],
    count: int,
) -> Plan:
    """The plan with up to ``count`` groups in every adder layer whose sums gain by them.

    Args:
        network: from ``read_network``.
        plan: without groups.
        statistics: of all tensors.
        floats: the network, to run.
        inputs: of the network, a few; a corner of each is used.
        count: 1 to ``MAX_GROUPS``; 1 gives the plan as it is.
    """
    layers = [one for one in network.layers if can_have_groups(one)]
    if count == 1 or not layers:
        return plan
    around = {layer.name: surroundings(network, plan, layer) for layer in layers}
    windows = {layer.name: _windows(around[layer.name].x, statistics[layer.x]) for layer in layers}
    errors = {layer.name: np.zeros((len(windows[layer.name]), layer.outputs)) for layer in layers}
    for given in inputs:
        values = floats.run(given)
        for layer in layers:
            x = values[layer.x][:1, :_SIDE, :_SIDE].astype(np.float64)
            home = plan.tensors[layer.x]
            errors[layer.name] += _errors(layer, around[layer.name], home, x, windows[layer.name])
    groups = {
        layer.name: chosen
        for layer in layers
        if (chosen := _best(errors[layer.name], windows[layer.name], count))
    }
    return replace(plan, groups=groups)


def can_have_groups(layer: Layer) -> bool:
    """Whether all filters of an adder layer read all of x."""
    return layer.kind == "adder" and layer.attributes.get("group", 1) == 1


def _windows(x: TensorPlan, statistics: Statistics) -> list[TensorPlan]:
    """The layer's own first."""
    narrower = [one_scale(statistics, x.scale[0] * share, x.dtype, x.bits) for share in _SHARES]
    return [x, *narrower]


def _errors(
    layer: Layer, around: Surroundings, home: TensorPlan, x: Reals, windows: Sequence[TensorPlan]
) -> Reals:
    """Mean squared error of each filter's sums with each window, [windows, O]."""
    none = np.zeros(layer.outputs)

    def sums(x: Reals, w: Reals) -> Reals:
        planes = np.moveaxis(x, 3, 1)
        return adder_conv(planes, w, none, **layer.attributes).astype(np.float64)

    expected = sums(x, layer.w.astype(np.float64))
    stored = _rounded(x, home)
    errors = []
    for window in windows:
        w, remainder = adder_weights(layer, window, around.channels)
        zero = per_filter(layer, window.zero_points(around.channels))
        real = sums(_rounded(stored, window), (w - zero) * window.scale[0])
        off = real - remainder[:, np.newaxis, np.newaxis] - expected
        errors.append((off**2).mean((0, 2, 3)))
    weighted: Reals = np.array(errors) * layer.scale**2
    return weighted


def _rounded(x: Reals, plan: TensorPlan) -> Reals:
    """Real numbers that integers stand for."""
    scales, zeros = plan.scales(x.shape[3]), plan.zero_points(x.shape[3])
    result: Reals = (np.clip(np.rint(x / scales) + zeros, *plan.range) - zeros) * scales
    return result


def _best(errors: Reals, windows: Sequence[TensorPlan], count: int) -> tuple[GroupPlan, ...]:
    """Each filter in the best of ``count`` windows, and the windows by the sum of all errors.

    Nothing, where all stay with the layer's own window.
    """
    candidates = combinations(range(len(windows)), count)
    best = np.array(min(candidates, key=lambda some: errors[list(some)].min(axis=0).sum()))
    chosen = best[errors[best].argmin(axis=0)]
    if not chosen.any():
        return ()
    return tuple(
        GroupPlan(tuple(int(o) for o in np.flatnonzero(chosen == index)), windows[index])
        for index in np.unique(chosen)
    )
