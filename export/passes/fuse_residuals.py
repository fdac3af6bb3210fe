"""Tensors that are added before and after a layer's activations become its residuals Z and R."""

import onnx_ir as ir
from onnx_ir.passes import InPlacePass, PassResult

from addersr.export.passes.fused_layer import FusedLayer, layers, only_consumer


class FuseShortcut(InPlacePass):
    """``T + Z``: an Add behind a layer that has neither residual nor activation yet."""

    def call(self, model: ir.Model) -> PassResult:
        """See the class."""
        modified = False
        for layer in layers(model):
            if layer.is_neutral("z", "alpha", "slope", "r", "clip_min", "clip_max"):
                modified |= _fuse_add(layer, "z")
        return PassResult(model, modified)


class FuseResidual(InPlacePass):
    """``Y + R``: an Add behind a layer that has no second residual yet."""

    def call(self, model: ir.Model) -> PassResult:
        """See the class."""
        modified = False
        for layer in layers(model):
            if layer.is_neutral("r"):
                modified |= _fuse_add(layer, "r")
        return PassResult(model, modified)


def _fuse_add(layer: FusedLayer, name: str) -> bool:
    node = only_consumer(layer.y)
    if node is None or node.op_type != "Add" or node.domain != "":
        return False
    (other,) = (value for value in node.inputs if value is not layer.y)
    if other is None or other.is_initializer() or not same_shape(other, layer.y):
        return False
    # The layer moves to the place of the Add, where the other tensor has been computed.
    layer.absorb([node])
    layer.connect(name, other)
    return True


def same_shape(a: ir.Value, b: ir.Value) -> bool:
    """Whether two tensors are known to have one shape, symbolic sizes included."""
    if a.shape is None or b.shape is None or a.shape.has_unknown_dim():
        return False
    return a.shape == b.shape
