"""How far the network in integers may be from the one in fp32, derived for the input at hand.

Two bounds share the steps below. :func:`propagated_bound` needs the fp32 network only, whose
tensors it knows; it carries a bound E for each of them from layer to layer. All errors might add up
in it, so after some layers it is wide. :func:`check_layers` starts afresh at every layer, from the
integers that really went into it: as tight as half a step, it finds a single wrong weight.

- Image to integers: half a step, and what the range cuts off.
- Adder sum: ``Σ E_x`` over the taps, and ``Σ|w - w_q|``, since ``|x - w|`` moves by no more than x
  or w do. Weights that were clamped lose nothing.
- Convolution: ``Σ |w|·E_x + Σ |w - w_q|·(|x| + E_x)``.
- T: that times ``|scale|``, E_z, and the roundings of fp32 on both sides.
- Table: the least and largest value of the activation on ``T ± dT``, cut to the domain and widened
  by half a step of it. Power, PReLU and clip are monotone on each side of 0, so that the ends and 0
  are enough (as in FusedAdderConv's tolerance).
- Output: half a unit of the table, of R and of Y, E_r, and what the range cuts off.

Nothing is sampled: the bounds hold for every implementation that the specifications allow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.custom_ops.adder_conv.reference import adder_conv
from addersr.custom_ops.convolution.geometry import Attributes
from addersr.custom_ops.fused_adder_conv.reference import power
from addersr.export.quantization.float_network import END, FloatNetwork, has_hidden_t, t_name
from addersr.export.quantization.integers import (
    Surroundings,
    activation_of,
    adder_weights,
    conv_weights,
    per_filter,
)
from addersr.export.quantization.layers import Concat, Layer, Network, Reals
from addersr.export.quantization.lower import checked_groups, surroundings
from addersr.runtime.plan import Plan, TensorPlan

#: Twice what rounding to nearest can do.
_EPS = float(np.finfo(np.float32).eps)
#: Roundings of fp32 between a sum and the table, and in the fp32 layer: no more than these.
_ROUNDINGS = 8


@dataclass(frozen=True)
class LayerCheck:
    """One layer in integers beside the same layer in float64 on the same inputs."""

    name: str
    error: float
    """Where it is nearest its bound."""
    bound: float
    """There."""

    @property
    def passed(self) -> bool:
        """Whether the layer computes what it should."""
        return self.error <= self.bound


def propagated_bound(
    network: Network, plan: Plan, x: npt.NDArray[Any]
) -> tuple[npt.NDArray[np.float32], Reals]:
    """The fp32 output, and how far that of the integers may be from it.

    Args:
        network: from ``read_network``.
        plan: of the file in integers.
        x: input of the network.

    Returns:
        ``end`` [N, c, b·H, b·W] in fp32, and the bound for each of its values.
    """
    values = {
        name: value.astype(np.float64)
        for name, value in FloatNetwork(network, threads=1).run(x).items()
    }
    bounds = _Bounds(network, plan, values)
    for step in network.steps:
        if isinstance(step, Layer):
            around = surroundings(network, plan, step)
            t = values[t_name(step) if has_hidden_t(step) else step.y]
            bounds.off[step.y] = bounds.layer(step, around, t, values[step.y])
        elif isinstance(step, Concat):
            bounds.concat(step.inputs, step.y)
        else:
            bounds.shuffle(step.x, step.y, step.blocksize)
    off = bounds.off[network.last]
    size = np.abs(values[network.last]) + off
    if network.anchored:
        size = size + np.abs(values[network.start])
    off = depth_to_space(off + 2 * _EPS * size, network.blocksize)
    return np.moveaxis(values[END], 3, 1).astype(np.float32), np.moveaxis(off, 3, 1)


def check_layers(
    network: Network, plan: Plan, integers: Mapping[str, npt.NDArray[Any]]
) -> list[LayerCheck]:
    """Every layer on the integers that went into it, beside float64 with the fp32 file's weights.

    Args:
        network: from ``read_network``.
        plan: of the file in integers.
        integers: its tensors [N, H, W, C] by their names in the fp32 file (``integer_name`` says
            what they are called in the file in integers).
    """
    values = {}
    for name in network.tensors:
        channels, of_tensor = network.channels[name], plan.tensors[name]
        centred = integers[name].astype(np.int64) - of_tensor.zero_points(channels)
        values[name] = centred * of_tensor.scales(channels)
    checks = []
    for layer in network.layers:
        bounds = _Bounds(network, plan, values)
        bounds.off.update({name: np.zeros_like(values[name]) for name in layer.inputs})
        around = surroundings(network, plan, layer)
        t, y = _in_float64(layer, values)
        bound = bounds.layer(layer, around, t, y)
        error = np.abs(values[layer.y] - y)
        worst = int(np.argmax(error / bound)) if error.size else 0
        checks.append(
            LayerCheck(layer.name, float(error.flat[worst]), float(bound.flat[worst]))
            if error.size
            else LayerCheck(layer.name, 0.0, 0.0)
        )
    return checks


def _in_float64(layer: Layer, values: Mapping[str, Reals]) -> tuple[Reals, Reals]:
    """T and Y of one layer."""
    w = layer.w.astype(np.float64)
    if layer.kind == "adder":
        planes = np.moveaxis(values[layer.x], 3, 1)
        sums = adder_conv(planes, w, np.zeros(layer.outputs), **layer.attributes)
        sums = np.moveaxis(sums, 1, 3)
    else:
        sums = convolve(values[layer.x], w, layer)
    t = layer.scale * sums + layer.bias + (0.0 if layer.z is None else values[layer.z])
    return t, _activate(layer, t) + (0.0 if layer.r is None else values[layer.r])


def depth_to_space(values: Reals, b: int) -> Reals:
    """[N, H, W, c·b·b] → [N, H·b, W·b, c], mode CRD."""
    batch, height, width, channels = values.shape
    planes = channels // b**2
    blocks = values.reshape(batch, height, width, planes, b, b).transpose(0, 1, 4, 2, 5, 3)
    result: Reals = blocks.reshape(batch, height * b, width * b, planes)
    return result


class _Bounds:
    """E of tensors, [N, H, W, C], around their values."""

    def __init__(self, network: Network, plan: Plan, values: Mapping[str, Reals]) -> None:
        self._network = network
        self._plan = plan
        self._values = values
        start = values[network.start]
        self.off = {
            network.start: _rounded(start, np.zeros_like(start), plan.tensors[network.start])
        }

    def layer(self, layer: Layer, around: Surroundings, t: Reals, values: Reals) -> Reals:
        """E of a layer's output, where its T and its output are these."""
        activation = activation_of(layer, around)
        step, zero, table = activation.step, activation.zero, activation.table
        off = self._sum_off(layer, around) * np.abs(layer.scale)
        size = np.abs(t) + off + np.abs(np.broadcast_to(layer.bias, layer.outputs))
        if layer.z is not None:
            assert around.z is not None
            off = off + self._viewed(layer.z, around.z)
            size = size + np.abs(self._values[layer.z])
        # What the requantisation adds up in fp32, in real units: the same and the zero point.
        off = off + _ROUNDINGS * _EPS * (size + step * np.abs(zero))

        last = table.shape[1] - 1
        ends = [
            (np.clip((t + sign * off) / step + zero, 0, last) - zero + sign * 0.5) * step
            for sign in (-1, 1)
        ]
        low, high = _activated(layer, *ends)
        y = around.y
        unit = y.scales(layer.outputs) * 2.0**-activation.fraction
        half = 0.5 if layer.has_curve or np.isfinite(layer.limits).any() else 0.0
        limits = [
            (np.array(limit) - y.zero_points(layer.outputs) * 2**activation.fraction) * unit
            for limit in (-(1 << 15), (1 << 15) - 1)
        ]
        low, high = (np.clip(v, *limits) for v in (low - half * unit, high + half * unit))
        if layer.r is not None:
            assert around.r is not None
            r, r_off = self._values[layer.r], self._viewed(layer.r, around.r)
            r_off = r_off + 0.5 * unit + 2 * _EPS * np.abs(r)
            low, high = low + r - r_off, high + r + r_off
            rest = (0.5 if activation.fraction else 0.0) * y.scales(layer.outputs)
            low, high = low - rest, high + rest
        # Summing them and the activation in fp32 rounds too.
        slack = _ROUNDINGS * _EPS * (np.abs(values) + np.abs(low) + np.abs(high))
        low, high = (np.clip(v, *y.limits(layer.outputs)) for v in (low, high))
        result: Reals = np.maximum(high - values, values - low) + slack
        return result

    def concat(self, inputs: tuple[str, ...], y: str) -> None:
        """E of channels side by side."""
        target, at = self._plan.tensors[y], 0
        total = self._network.channels[y]
        parts = []
        for name in inputs:
            count = self._network.channels[name]
            part = TensorPlan(
                *target.type,
                tuple(map(float, target.scales(total)[at : at + count])),
                tuple(map(int, target.zero_points(total)[at : at + count])),
            )
            parts.append(self._viewed(name, part))
            at += count
        self.off[y] = np.concatenate(parts, axis=3)

    def shuffle(self, x: str, y: str, blocksize: int) -> None:
        """E after depth to space."""
        target, planes = self._plan.tensors[y], self._network.channels[y]
        repeats = blocksize**2
        part = TensorPlan(
            *target.type,
            tuple(map(float, np.repeat(target.scales(planes), repeats))),
            tuple(map(int, np.repeat(target.zero_points(planes), repeats))),
        )
        self.off[y] = depth_to_space(self._viewed(x, part), blocksize)

    def _viewed(self, tensor: str, wanted: TensorPlan) -> Reals:
        """E of a tensor in the integers of another plan."""
        home, channels = self._plan.tensors[tensor], self._network.channels[tensor]
        ratio = home.scales(channels) / wanted.scales(channels)
        same_zero = home.zero_points(channels) == wanted.zero_points(channels)
        widened = home.dtype == "uint8" and wanted.dtype == "int16" and wanted.zero_point == (0,)
        if (widened and (np.log2(ratio) % 1 == 0).all()) or ((ratio == 1) & same_zero).all():
            return self.off[tensor]
        return _rounded(self._values[tensor], self.off[tensor], wanted)

    def _sum_off(self, layer: Layer, around: Surroundings) -> Reals:
        """E of the sum, before ``scale``."""
        groups = checked_groups(self._plan, layer, around)
        if groups:
            x, x_off = self._values[layer.x], self.off[layer.x]
            parts = []
            for group in groups:
                same = group.x == around.x
                moved = self._viewed(layer.x, around.x) if same else _rounded(x, x_off, group.x)
                part = self._adder_off(layer, replace(around, x=group.x), moved)
                parts.append(part[..., list(group.channels)])
            order = np.concatenate([group.channels for group in groups])
            total: Reals = np.concatenate(parts, axis=3)[..., np.argsort(order)]
            return total
        if layer.kind == "adder":
            return self._adder_off(layer, around, self._viewed(layer.x, around.x))
        return self._conv_off(layer, around)

    def _adder_off(self, layer: Layer, around: Surroundings, off: Reals) -> Reals:
        """E of ``-Σ|x - w|`` where that of x, as the layer sees it, is ``off``."""
        x, w = self._values[layer.x], layer.w.astype(np.float64)
        taps = int(np.prod(w.shape[1:]))
        integers, _ = adder_weights(layer, around.x, around.channels)
        low, high = (per_filter(layer, v) for v in around.x.limits(around.channels))
        zero = per_filter(layer, around.x.zero_points(around.channels))
        w_off = np.clip(w, low, high) - around.x.scale[0] * (integers - zero)
        fp32 = 2 * _EPS * taps * (np.abs(x).max(initial=0) + np.abs(w).max())
        fixed = np.abs(w_off).sum((1, 2, 3)) + fp32
        adder_off: Reals = convolve(off, np.ones_like(w), layer) + fixed
        return adder_off

    def _conv_off(self, layer: Layer, around: Surroundings) -> Reals:
        """E of ``Σ x·w``."""
        off, x, w = self.off[layer.x], self._values[layer.x], layer.w.astype(np.float64)
        taps = int(np.prod(w.shape[1:]))
        integers, unit = conv_weights(layer, around.x, around.channels)
        scales = per_filter(layer, around.x.scales(around.channels))
        w_off = np.abs(w - integers * unit[:, None, None, None] / scales)
        fp32 = 2 * _EPS * taps * np.abs(x).max(initial=0) * np.abs(w).max()
        moved = convolve(off, np.abs(w), layer)
        conv_off: Reals = moved + convolve(np.abs(x) + off, w_off, layer) + fp32
        return conv_off


def convolve(x: Reals, w: Reals, layer: Layer) -> Reals:
    """``Σ x·w`` with the geometry of a layer, channels last, padded with 0, in float64."""
    attributes = Attributes(**layer.attributes, op=layer.name)
    kernel = w.shape[2:]
    axes = [attributes.output_axis(i, x.shape[i + 1], kernel[i]) for i in (0, 1)]
    sizes = [
        (axes[i][0] - 1) * attributes.strides[i] + attributes.extent(i, kernel[i]) for i in (0, 1)
    ]
    padded = np.zeros((x.shape[0], *sizes, x.shape[3]))
    inside = padded[:, axes[0][1] :, axes[1][1] :]
    rows, columns = (min(inside.shape[i], x.shape[i]) for i in (1, 2))
    inside[:, :rows, :columns] = x[:, :rows, :columns]
    group = attributes.group
    filters = w.reshape(group, -1, *w.shape[1:])
    result = np.zeros((x.shape[0], axes[0][0], axes[1][0], group, filters.shape[1]))
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            down, across = i * attributes.dilations[0], j * attributes.dilations[1]
            taps = padded[
                :,
                down : down + (axes[0][0] - 1) * attributes.strides[0] + 1 : attributes.strides[0],
                across : across + (axes[1][0] - 1) * attributes.strides[1] + 1 : (
                    attributes.strides[1]
                ),
            ]
            parts = taps.reshape(*taps.shape[:3], group, -1)
            result += np.einsum("nhwgc,gmc->nhwgm", parts, filters[..., i, j])
    channels_last: Reals = result.reshape(*result.shape[:3], -1)
    return channels_last


def _rounded(values: Reals, off: Reals, plan: TensorPlan) -> Reals:
    """E of ``values ± off`` after rounding to a plan's integers."""
    channels = values.shape[3]
    half = plan.scales(channels) / 2
    slack = 2 * _EPS * np.abs(values)
    low, high = (np.clip(values + sign * off, *plan.limits(channels)) for sign in (-1, 1))
    result: Reals = np.maximum(high - values, values - low) + half + slack
    return result


def _activated(layer: Layer, low: Reals, high: Reals) -> tuple[Reals, Reals]:
    """The least and the largest value of power, PReLU and clip between two values of T."""
    curves = [_activate(layer, t) for t in (low, high)]
    at_zero = np.clip(0.0, *layer.limits)
    holds_zero = (low < 0) & (high > 0)
    least, most = np.minimum(*curves), np.maximum(*curves)
    least = np.where(holds_zero, np.minimum(least, at_zero), least)
    return least, np.where(holds_zero, np.maximum(most, at_zero), most)


def _activate(layer: Layer, t: Reals) -> Reals:
    p = power(t, np.broadcast_to(layer.alpha, layer.outputs))
    slope = np.broadcast_to(layer.slope, layer.outputs)
    result: Reals = np.clip(np.where(p < 0, slope * p, p), *layer.limits)
    return result
