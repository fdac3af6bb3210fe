"""What multiplies and shifts each channel behind an adder layer goes into its scale and bias."""

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir
from onnx_ir.passes import InPlacePass, PassResult

from addersr.errors import AdderSRError
from addersr.export.passes.fused_layer import constant, layers, only_consumer

Affine = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""Factor and shift per channel, [O]."""


class FoldAffine(InPlacePass):
    """``γ·A + β``, as Mul and Add by constants or as BatchNormalization, → ``scale`` and ``bias``.

    All that follows one layer is put together in float64 and rounded once.
    """

    def call(self, model: ir.Model) -> PassResult:
        """See the class."""
        modified = False
        for layer in layers(model):
            if not layer.is_neutral("z", "alpha", "slope", "r", "clip_min", "clip_max"):
                continue
            scale, bias = layer.per_channel("scale"), layer.per_channel("bias")
            absorbed = []
            node = only_consumer(layer.y)
            while node is not None:
                affine = affine_of(node, layer.filters)
                if affine is None:
                    break
                factor, shift = affine
                scale, bias = scale * factor, bias * factor + shift
                absorbed.append(node)
                node = only_consumer(node.outputs[0])
            if absorbed:
                layer.absorb(absorbed)
                layer.set("scale", scale)
                layer.set("bias", bias)
                modified = True
        return PassResult(model, modified)


def affine_of(node: ir.Node, channels: int) -> Affine | None:
    """What a node does to each of the channels of [N, C, H, W]; None if it does anything else.

    Raises:
        AdderSRError: a batch normalisation whose variances are damaged.
    """
    if node.op_type == "BatchNormalization" and node.domain == "":
        return _batch_normalization(node, channels)
    if node.op_type not in ("Mul", "Add", "Sub", "Div") or node.domain != "":
        return None
    first, second = (constant(value) for value in node.inputs)
    if second is None and node.op_type in ("Sub", "Div"):
        return None  # a constant minus, or divided by, a tensor
    value = first if second is None else second
    per_channel = None if value is None else _per_channel(value, channels)
    if per_channel is None:
        return None
    one, zero = np.ones(channels), np.zeros(channels)
    if node.op_type == "Mul":
        return per_channel, zero
    if node.op_type == "Div":
        return (1 / per_channel, zero) if per_channel.all() else None
    return one, per_channel if node.op_type == "Add" else -per_channel


def _per_channel(value: npt.NDArray[Any], channels: int) -> npt.NDArray[np.float64] | None:
    shape = (1,) * (4 - value.ndim) + value.shape
    if value.ndim > 4 or shape[0] != 1 or shape[2:] != (1, 1) or shape[1] not in (1, channels):
        return None
    return np.broadcast_to(value.astype(np.float64).reshape(-1), channels)


def _batch_normalization(node: ir.Node, channels: int) -> Affine | None:
    arrays = [constant(value) for value in node.inputs[1:]]
    gamma, beta, mean, variance = (None if a is None else _row(a) for a in arrays)
    if gamma is None or beta is None or mean is None or variance is None:
        return None
    if gamma.size != channels:
        return None
    given = node.attributes.get("epsilon")
    spread = variance + (1e-5 if given is None else given.as_float())
    if not (spread > 0).all():
        raise AdderSRError(
            f"The layer {node.name} has a variance of {variance.min():g}, expected none below 0: "
            "its weights are damaged. Use an earlier checkpoint."
        )
    factor = gamma / np.sqrt(spread)
    return factor, beta - mean * factor


def _row(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    return values.astype(np.float64)
