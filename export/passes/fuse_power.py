"""The power activation of AdderSR, written out in standard operators, becomes a layer's alpha."""

import numpy as np
import numpy.typing as npt
import onnx_ir as ir
from onnx_ir.passes import InPlacePass, PassResult

from addersr.custom_ops.fused_adder_conv.reference import TINY
from addersr.errors import AdderSRError
from addersr.export.passes.fold_affine import affine_of
from addersr.export.passes.fused_layer import FusedLayer, constant, layers, only_consumer


class FusePower(InPlacePass):
    """``T·exp((α - 1)·log(max(|T|, 1e-12)))``, the traced PowerActivation, → ``alpha``."""

    def call(self, model: ir.Model) -> PassResult:
        """See the class.

        Raises:
            AdderSRError: an α that is not above 0.
        """
        modified = False
        for layer in layers(model):
            if not layer.is_neutral("alpha", "slope", "r", "clip_min", "clip_max"):
                continue
            found = _match(layer)
            if found is not None:
                nodes, alpha = found
                if not (alpha > 0).all():
                    raise AdderSRError(
                        f"The layer {layer.node.name} has an alpha of {alpha.min():g}: the power "
                        "activation expects values above 0."
                    )
                layer.absorb(nodes)
                layer.set("alpha", alpha)
                modified = True
        return PassResult(model, modified)


def _match(layer: FusedLayer) -> tuple[list[ir.Node], npt.NDArray[np.float64]] | None:
    """The nodes of a power activation of the layer's output, in order, and α per channel."""
    t = layer.y
    readers = [usage.node for usage in t.uses()]
    if t.is_graph_output() or sorted(node.op_type for node in readers) != ["Abs", "Mul"]:
        return None
    magnitude, product = sorted(readers, key=lambda node: node.op_type)
    chain = [magnitude]
    for op in ("Clip", "Log", "Mul", "Exp"):
        node = only_consumer(chain[-1].outputs[0])
        if node is None or node.op_type != op:
            return None
        chain.append(node)
    _, clip, _, factor, power = chain
    least = constant(clip.inputs[1])
    unbounded = len(clip.inputs) < 3 or clip.inputs[2] is None
    affine = affine_of(factor, layer.filters)
    if least is None or least != np.float32(TINY) or not unbounded or affine is None:
        return None
    if only_consumer(power.outputs[0]) is not product:
        return None
    return [*chain, product], affine[0] + 1
