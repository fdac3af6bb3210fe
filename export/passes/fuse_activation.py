"""The pointwise activation behind an adder layer becomes its slope and its clip limits."""

import numpy as np
import numpy.typing as npt
import onnx_ir as ir
from onnx_ir.passes import InPlacePass, PassResult

from addersr.export.passes.fused_layer import FusedLayer, constant, layers, only_consumer


class FuseActivation(InPlacePass):
    """PRelu, LeakyRelu and Relu → ``slope``; Clip → ``clip_min`` and ``clip_max``."""

    def call(self, model: ir.Model) -> PassResult:
        """See the class."""
        modified = False
        for layer in layers(model):
            while self._fuse(layer):
                modified = True
        return PassResult(model, modified)

    def _fuse(self, layer: FusedLayer) -> bool:
        node = only_consumer(layer.y)
        if node is None or node.domain != "" or not layer.is_neutral("r", "clip_min", "clip_max"):
            return False
        if node.op_type == "Clip":
            return _fuse_clip(layer, node)
        if not layer.is_neutral("slope"):
            return False
        slope = _slope(node, layer.filters)
        if slope is None:
            return False
        layer.absorb([node])
        layer.set("slope", slope)
        return True


def _slope(node: ir.Node, channels: int) -> npt.NDArray[np.float64] | None:
    """The factor of negative values, [1] or [O]; None if the node is something else."""
    if node.op_type == "Relu":
        return np.zeros(1)
    if node.op_type == "LeakyRelu":
        given = node.attributes.get("alpha")
        return np.full(1, 0.01 if given is None else given.as_float())
    value = constant(node.inputs[1]) if node.op_type == "PRelu" else None
    if value is None:
        return None
    # The slopes broadcast to [N, C, H, W]: [C, 1, 1], or one for all.
    per_channel = value.size == channels and value.ndim >= 3 and value.shape[-3] == channels
    return value.astype(np.float64).reshape(-1) if per_channel or value.size == 1 else None


def _fuse_clip(layer: FusedLayer, node: ir.Node) -> bool:
    limits = [-np.inf, np.inf]
    for index, value in enumerate(node.inputs[1:]):
        if value is not None:
            array = constant(value)
            if array is None:
                return False
            limits[index] = float(array.reshape(()))
    layer.absorb([node])
    for name, limit in zip(("clip_min", "clip_max"), limits, strict=True):
        if np.isfinite(limit):
            layer.set(name, np.array(limit))
    return True
