"""The integer parameters of one layer, from its real ones and the plans of the tensors around it.

Where roundings happen (a fake quantiser mirrors exactly these):

1. ``x``, ``z`` and ``r`` are integers already: ``clip(rint(real/scale) + zero_point)``.
2. Adder: ``W = clip(rint(w/s_x) + zero_point)`` on x's grid; what the clip cut off,
   ``Σ|w - clip(w)|`` in real numbers and without rounding, is taken from the bias. Weights inside
   are off by up to half a step. Conv: ``W = rint(w·s_x[c]/s_w[o])`` with 15 bits, or with what
   int32 sums leave of them: hardly a loss.
3. ``t = rint(clip(T/step + zero))``: where T falls in the table's domain.
4. ``rint`` of the table's entry in units of ``s_y·2^-fraction``, and of ``r`` in the same; without
   power and PReLU, ``t`` itself is that entry. With ``r`` a third rounding, half upwards, brings
   the sum to steps of y.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.custom_ops import qlinear_adder_conv, qlinear_fused_conv
from addersr.custom_ops.requantization import activation_table, data_range
from addersr.custom_ops.requantization.parameters import MAX_SUM, MAX_TABLE
from addersr.errors import AdderSRError
from addersr.export.quantization.layers import Layer, Reals
from addersr.runtime.plan import DomainPlan, TensorPlan

Integers = npt.NDArray[np.integer[Any]]
Parameters = qlinear_adder_conv.Parameters | qlinear_fused_conv.Parameters

_LARGEST_WEIGHT = 32767


@dataclass(frozen=True)
class Surroundings:
    """The tensors of a layer as it sees them; x of an adder, z and r have y's type and bits."""

    x: TensorPlan
    channels: int
    y: TensorPlan
    z: TensorPlan | None
    r: TensorPlan | None
    domain: DomainPlan | None


@dataclass(frozen=True)
class Activation:
    """A layer's table: entry ``T/step + zero``, in units of ``2^-fraction`` steps of y."""

    table: Integers
    fraction: int
    step: Reals
    """[O]"""
    zero: Reals
    """[O]"""


def table_fraction(y: TensorPlan, *, adds: bool) -> int:
    """Binary places of the table's entries: only a residual that is added afterwards needs some."""
    if not adds:
        return 0
    return 4 if y.dtype == "uint8" else max(0, 13 - y.bits)


def layer_parameters(layer: Layer, around: Surroundings) -> Parameters:
    """What the QLinear node of a layer says.

    Raises:
        AdderSRError: the plan does not fit the layer, or its numbers leave the op's ranges.
    """
    try:
        return _parameters(layer, around)
    except AdderSRError as error:
        raise AdderSRError(f"Cannot quantise {layer.name}: {error}") from error


def _parameters(layer: Layer, around: Surroundings) -> Parameters:
    y = around.y
    activation = activation_of(layer, around)
    scale = np.broadcast_to(layer.scale, layer.outputs)
    bias = np.broadcast_to(layer.bias, layer.outputs)
    own: dict[str, Any] = {}
    if layer.kind == "adder":
        if len(around.x.scale) != 1:
            raise AdderSRError("expected one scale for the input of an adder layer.")
        w, remainder = adder_weights(layer, around.x, around.channels)
        unit = np.full(layer.outputs, around.x.scale[0])
        bias = bias - scale * remainder
    else:
        w, unit = conv_weights(layer, around.x, around.channels)
        own["x_bits"] = around.x.bits
    multiplier = scale * unit / activation.step
    offset, rest = _split(bias / activation.step + activation.zero, multiplier)
    dtype = np.dtype(y.dtype)
    for name, residual in (("z", around.z), ("r", around.r)):
        factor = np.zeros(1)
        if residual is not None:
            factor = residual.scales(layer.outputs) / activation.step
            if name == "r":
                factor = residual.scales(layer.outputs) / y.scales(layer.outputs)
                factor = factor * 2.0**activation.fraction
        zero_point = np.zeros(1, int) if residual is None else np.array(residual.zero_point)
        own[f"{name}_multiplier"] = _few(factor.astype(np.float32))
        own[f"{name}_zero_point"] = _few(zero_point.astype(dtype))
    op: type[qlinear_adder_conv.Parameters] | type[qlinear_fused_conv.Parameters]
    is_adder = layer.kind == "adder"
    op = qlinear_adder_conv.Parameters if is_adder else qlinear_fused_conv.Parameters
    return op(
        bits=y.bits,
        w=w,
        x_zero_point=_few(np.array(around.x.zero_point, around.x.dtype)),
        offset=_few(offset.astype(np.int32)),
        multiplier=_few(multiplier.astype(np.float32)),
        bias=_few(rest.astype(np.float32)),
        table=activation.table,
        table_fraction=activation.fraction,
        **own,
    )


def adder_weights(layer: Layer, x: TensorPlan, channels: int) -> tuple[Integers, Reals]:
    """Filters on the grid of x, clamped into its range, and what the clamp took.

    Returns:
        [O, C/group, kh, kw] of x's type, and ``Σ|w - clip(w)|`` [O] in real numbers: for every x of
        the range ``Σ|x - w| = Σ|x - clip(w)| + Σ|w - clip(w)|``, exactly.
    """
    (scale,) = x.scale
    zero = per_filter(layer, x.zero_points(channels))
    low, high = (per_filter(layer, limit) for limit in x.limits(channels))
    w = layer.w.astype(np.float64)
    inside = np.clip(w, low, high)
    integers = np.clip(np.rint(inside / scale) + zero, *x.range)
    return integers.astype(x.dtype), np.abs(w - inside).sum((1, 2, 3))


def conv_weights(layer: Layer, x: TensorPlan, channels: int) -> tuple[Integers, Reals]:
    """Filters for x's integers, as fine as int16 and sums below 2^30 allow.

    Returns:
        [O, C/group, kh, kw] int16, and the real value of a product ``X·W`` of one step each, [O].
    """
    w = layer.w.astype(np.float64) * per_filter(layer, x.scales(channels))
    most = (MAX_SUM - 1) // ((1 << x.bits) - 1)
    taps = int(np.prod(w.shape[1:]))
    largest, total = np.abs(w).max((1, 2, 3)), np.abs(w).sum((1, 2, 3))
    # Rounding adds at most half to each tap.
    unit = np.maximum(largest / _LARGEST_WEIGHT, total / max(1.0, most - taps / 2))
    unit = np.where(unit > 0, unit, 1.0)
    integers = np.rint(w / unit[:, np.newaxis, np.newaxis, np.newaxis])
    return integers.astype(np.int16), unit


def per_filter(layer: Layer, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Values of the input's channels, beside the weights that meet them: [O, C/group, 1, 1]."""
    group = layer.attributes.get("group", 1)
    rows = np.repeat(values.reshape(group, -1), layer.outputs // group, axis=0)
    return rows[:, :, np.newaxis, np.newaxis]


def _split(target: Reals, multiplier: Reals) -> tuple[Reals, Reals]:
    """``multiplier·offset + rest = target`` with an integer offset and a small rest."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        offset = np.rint(np.where(multiplier == 0, 0.0, target / multiplier))
    offset = np.clip(np.nan_to_num(offset), -MAX_SUM, MAX_SUM)
    return offset, target - offset * multiplier


def activation_of(layer: Layer, around: Surroundings) -> Activation:
    """The table of a layer and its domain."""
    y, outputs = around.y, layer.outputs
    fraction = table_fraction(y, adds=around.r is not None)
    low, high = data_range(y.dtype, y.bits)
    scales, zeros = y.scales(outputs), y.zero_points(outputs)
    if not layer.has_curve:
        # t is the entry, except for its start. A residual moves Y by up to its whole range.
        margin = (high + 1 - low) // 2 if around.r is not None else 0
        start = (low - margin) << fraction
        size = min((high + 1 - low + 2 * margin) << fraction, MAX_TABLE)
        entries = np.arange(size) + start
        least, most = (np.full(outputs, limit) for limit in layer.limits)
        units = [
            np.clip(np.rint((limit / scales + zeros) * 2.0**fraction), -(1 << 16), 1 << 16)
            for limit in (least, most)
        ]
        rows = np.clip(entries, units[0][:, np.newaxis], units[1][:, np.newaxis])
        table = np.clip(rows, -(1 << 15), (1 << 15) - 1).astype(np.int16)
        zero = (zeros * 2**fraction - start).astype(np.float64)
        return Activation(_few(table), fraction, scales * 2.0**-fraction, zero)
    domain = around.domain
    if domain is None:
        raise AdderSRError("the plan has no domain for its table.")
    steps = np.broadcast_to(np.array(domain.step), outputs)
    starts = np.broadcast_to(np.array(domain.zero_point), outputs)
    alphas, slopes = (np.broadcast_to(v, outputs) for v in (layer.alpha, layer.slope))
    columns = np.stack([steps, starts, scales, zeros, alphas, slopes], axis=1)
    rows_needed = columns[:1] if (columns == columns[0]).all() else columns
    table = np.concatenate(
        [
            activation_table(
                size=domain.size,
                t_scale=float(t_scale),
                t_zero_point=int(t_zero),
                y_scale=float(y_scale),
                y_zero_point=int(y_zero),
                table_fraction=fraction,
                alpha=float(alpha),
                slope=float(slope),
                clip=layer.limits,
            )
            for t_scale, t_zero, y_scale, y_zero, alpha, slope in rows_needed
        ]
    )
    return Activation(table, fraction, steps, starts.astype(np.float64))


def _few(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """One value, or one row, where all are the same."""
    same = len(values) > 0 and bool((values == values[:1]).all())
    return values[:1] if same else values
