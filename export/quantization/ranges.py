"""From statistics to a plan: the window of real numbers that a tensor's integers cover.

- A tensor that an adder layer reads has one scale, since x and w must have the same; its zero point
  differs from channel to channel, so the scale covers the widest channel, not the widest union.
- A tensor that only convolutions read or that is a residual has a scale for each channel.
- Every window holds 0, the value of padding.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from addersr.custom_ops.requantization import data_range
from addersr.export.quantization.float_network import t_name
from addersr.export.quantization.layers import Concat, Layer, Network, Shuffle
from addersr.export.quantization.lower import view_name
from addersr.export.quantization.statistics import Statistics
from addersr.runtime.plan import DomainPlan, Plan, TensorPlan

Reals = npt.NDArray[np.float64]
Type = tuple[str, int]
"""dtype and bits."""

#: Entries of a table with a power or PReLU.
TABLE_SIZE = 4096


@dataclass(frozen=True)
class Choice:
    """What is decided beside the statistics."""

    types: Mapping[str, Type]
    """Of every tensor."""
    widths: Mapping[str, Reals]
    """Share of its min/max window that a tensor's integers cover, [1] or [C]; else all of it."""
    precision: str


def make_plan(network: Network, statistics: Mapping[str, Statistics], choice: Choice) -> Plan:
    """The plan with these types and windows."""
    groups = _scale_groups(network, choice.types)
    tensors: dict[str, TensorPlan] = {}
    for name in network.tensors:
        dtype, bits = choice.types[name]
        if name == network.start:
            tensors[name] = _start(dtype, bits)
            continue
        if name in groups:
            step = max(_step(statistics[one], choice, one) for one in groups[name])
            tensors[name] = one_scale(statistics[name], step, dtype, bits)
        else:
            tensors[name] = _scale_per_channel(statistics[name], choice, name)
        maker = next(step for step in network.steps if step.y == name)
        if isinstance(maker, Layer) and _shares_table(maker):
            tensors[name] = _one_for_all(statistics[name], choice, name)
    _align_moves(network, tensors)
    _add_views(network, tensors, statistics)
    return Plan(tensors, make_domains(network, statistics), choice.precision)


def make_domains(network: Network, statistics: Mapping[str, Statistics]) -> dict[str, DomainPlan]:
    """The domains of all tables."""
    return {
        layer.name: _domain(statistics[t_name(layer)], shared=_shares_table(layer))
        for layer in network.layers
        if layer.has_curve
    }


def mse_widths(network: Network, statistics: Mapping[str, Statistics], choice: Choice) -> Choice:
    """The choice with the widths that make each tensor's own squared error least."""
    groups = _scale_groups(network, choice.types)
    widths = {}
    candidates = np.linspace(0.5, 1.0, 26)
    for name in network.tensors[1:]:
        one = statistics[name]
        levels = _levels(choice.types[name])
        low, high = _with_zero(one)
        errors = np.zeros((len(candidates), len(low)))
        for index, share in enumerate(candidates):
            span = (high - low) if name not in groups else np.full(len(low), (high - low).max())
            step = share * span / levels
            _, clipped = _place(one, step * levels)
            errors[index] = clipped + step**2 / 12
        if name in groups:
            errors = errors.sum(axis=1, keepdims=True)
        widths[name] = candidates[errors.argmin(axis=0)]
    return Choice(choice.types, {**widths, **choice.widths}, choice.precision)


def _levels(type_: Type) -> int:
    low, high = data_range(*type_)
    return high - low


def _with_zero(one: Statistics) -> tuple[Reals, Reals]:
    """The ends of each channel's values and 0."""
    low, high = np.minimum(one.low, 0), np.maximum(one.high, 0)
    return low, np.where(high > low, high, low + 1e-6)


def _step(one: Statistics, choice: Choice, name: str) -> float:
    """The scale of a tensor with one, by its widest channel."""
    low, high = _with_zero(one)
    share = float(np.max(choice.widths.get(name, np.ones(1))))
    return share * float((high - low).max()) / _levels(choice.types[name])


def one_scale(one: Statistics, step: float, dtype: str, bits: int) -> TensorPlan:
    """One scale, and for each channel the zero point that cuts off least."""
    levels = _levels((dtype, bits))
    starts, _ = _place(one, np.full(len(one.low), step * levels))
    return TensorPlan(dtype, bits, (step,), _zero_points(starts, np.array([step]), dtype, bits))


def _scale_per_channel(one: Statistics, choice: Choice, name: str) -> TensorPlan:
    dtype, bits = choice.types[name]
    low, high = _with_zero(one)
    steps = choice.widths.get(name, np.ones(1)) * (high - low) / _levels((dtype, bits))
    starts, _ = _place(one, steps * _levels((dtype, bits)))
    zeros = _zero_points(starts, steps, dtype, bits)
    return TensorPlan(dtype, bits, tuple(map(float, steps)), zeros)


def _one_for_all(one: Statistics, choice: Choice, name: str) -> TensorPlan:
    """One scale and one zero point."""
    dtype, bits = choice.types[name]
    low, high = _with_zero(one)
    whole = Statistics(low.min(keepdims=True), high.max(keepdims=True), np.ones((1, 1), np.int64))
    step = float(np.max(choice.widths.get(name, np.ones(1)))) * float(high.max() - low.min())
    step /= _levels((dtype, bits))
    return one_scale(whole, step, dtype, bits)


def _place(one: Statistics, spans: Reals) -> tuple[Reals, Reals]:
    """Windows of given widths that hold 0 and lose least.

    Returns:
        Where each channel's window begins, and its mean squared loss.
    """
    low, high = _with_zero(one)
    # From the window that ends at the channel's end to that which begins at its beginning; wider
    # windows lie around the values.
    first, last = np.maximum(-spans, high - spans), np.minimum(0, low)
    first, last = np.minimum(first, 0), np.maximum(last, -spans)
    shares = np.linspace(0, 1, 33)
    fits = spans >= (high - low)
    centred = np.where(low == 0, 0.0, np.where(high == 0, high - spans, (low + high - spans) / 2))
    starts = np.where(fits, np.clip(centred, -spans, 0), first)
    losses = np.zeros(len(low))
    if fits.all():
        return starts, losses
    total = np.maximum(one.counts.sum(axis=1), 1)
    best = np.full(len(low), np.inf)
    for share in shares:
        start = first + share * (last - first)
        below = np.maximum(start[:, None] - one.centres, 0)
        above = np.maximum(one.centres - (start + spans)[:, None], 0)
        loss = ((below**2 + above**2) * one.counts).sum(axis=1) / total
        better = ~fits & (loss < best)
        starts, best = np.where(better, start, starts), np.where(better, loss, best)
    return starts, np.where(fits, 0.0, best)


def _zero_points(starts: Reals, steps: Reals, dtype: str, bits: int) -> tuple[int, ...]:
    low, high = data_range(dtype, bits)
    zeros = np.clip(low + np.rint(-starts / steps), low, high).astype(int)
    return tuple(int(zero) for zero in (zeros[:1] if (zeros == zeros[0]).all() else zeros))


def _start(dtype: str, bits: int) -> TensorPlan:
    """Of the image, 0…1: as many steps as fit, and a whole number of them to one of 8 bits."""
    low, _ = data_range(dtype, bits)
    levels = _levels((dtype, bits))
    steps = levels // 255 * 255 if levels >= 255 else levels
    return TensorPlan(dtype, bits, (1 / steps,), (low,))


def _shares_table(layer: Layer) -> bool:
    """Whether all outputs can have one table, or one limit: then they get one scale."""
    same = all(len(v) == 1 or (v == v[0]).all() for v in (layer.alpha, layer.slope))
    return same and (layer.has_curve or np.isfinite(layer.limits[1]))


def _domain(one: Statistics, *, shared: bool) -> DomainPlan:
    """All values of T and a margin; what lies beyond is taken for the end."""
    low, high = one.low, one.high
    if shared:
        low, high = low.min(keepdims=True), high.max(keepdims=True)
    margin = 0.05 * (high - low) + 1e-6 * np.maximum(1, np.abs(low))
    low, high = low - margin, high + margin
    steps = (high - low) / (TABLE_SIZE - 1)
    zeros = np.rint(-low / steps)
    return DomainPlan(
        TABLE_SIZE, tuple(float(step) for step in steps), tuple(int(zero) for zero in zeros)
    )


def _scale_groups(network: Network, types: Mapping[str, Type]) -> dict[str, tuple[str, ...]]:
    """Tensors that need one scale, with those that must have the same one."""
    groups = {layer.x: {layer.x} for layer in network.layers if layer.kind == "adder"}
    for step in reversed(network.steps):
        if isinstance(step, Concat) and step.y in groups:
            for name in step.inputs:
                if types[name] == types[step.y] and name != network.start:
                    joined = groups[step.y] | groups.get(name, {name})
                    groups.update(dict.fromkeys(joined, joined))
        if isinstance(step, Shuffle) and step.y in groups:
            groups.setdefault(step.x, {step.x})
    return {name: tuple(sorted(group)) for name, group in groups.items()}


def _align_moves(network: Network, tensors: dict[str, TensorPlan]) -> None:
    """What only moves values keeps their scales where it can."""
    for step in network.steps:
        if isinstance(step, Shuffle):
            count = network.channels[step.y]
            of_y, repeats = tensors[step.y], step.blocksize**2
            if tensors[step.x].type == of_y.type:
                tensors[step.x] = TensorPlan(
                    of_y.dtype,
                    of_y.bits,
                    tuple(float(v) for v in np.repeat(of_y.scales(count), repeats)),
                    tuple(int(v) for v in np.repeat(of_y.zero_points(count), repeats)),
                )
        elif isinstance(step, Concat):
            parts = [(tensors[name], network.channels[name]) for name in step.inputs]
            if all(part.type == tensors[step.y].type for part, _ in parts):
                scales = np.concatenate([part.scales(count) for part, count in parts])
                zeros = np.concatenate([part.zero_points(count) for part, count in parts])
                is_adders = any(
                    isinstance(reader, Layer) and reader.kind == "adder" and reader.x == step.y
                    for reader in network.readers(step.y)
                )
                if is_adders and (scales != scales[0]).any():
                    continue
                same = bool((scales == scales[0]).all())
                tensors[step.y] = TensorPlan(
                    *tensors[step.y].type,
                    tuple(float(v) for v in (scales[:1] if same else scales)),
                    tuple(int(v) for v in zeros),
                )


def _add_views(
    network: Network, tensors: dict[str, TensorPlan], statistics: Mapping[str, Statistics]
) -> None:
    """How tensors are rounded for layers of a narrower type."""
    for layer in network.layers:
        y = tensors[layer.y]
        reads = [(layer.z, False), (layer.r, False), (layer.x, True)]
        for name, is_x in reads:
            if name is None or (is_x and layer.kind == "conv"):
                continue
            home = tensors[name]
            fits = home.dtype == y.dtype and home.bits <= y.bits
            if fits or (home.dtype == "uint8" and y.dtype == "int16"):
                continue
            choice = Choice({name: y.type}, {}, "")
            one = statistics[name]
            # The last of the three to ask is X, which needs one scale.
            tensors[view_name(name, y)] = (
                one_scale(one, _step(one, choice, name), *y.type)
                if is_x
                else tensors.get(view_name(name, y)) or _scale_per_channel(one, choice, name)
            )
