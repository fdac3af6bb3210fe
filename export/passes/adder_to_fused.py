"""AdderConv becomes FusedAdderConv, whose epilogue the other passes fill."""

import numpy as np
import onnx_ir as ir
from onnx_ir.passes import InPlacePass, PassResult

from addersr.custom_ops import DOMAIN, VERSION
from addersr.export.passes.fused_layer import FusedLayer, check_finite, constant


class AdderToFused(InPlacePass):
    """``AdderConv(X, W, B)`` → ``FusedAdderConv(X, W, …)`` with B as bias, all else neutral."""

    def call(self, model: ir.Model) -> PassResult:
        """See the class.

        Raises:
            AdderSRError: filters that are not finite.
        """
        found = [n for n in model.graph if n.op_type == "AdderConv" and n.domain == DOMAIN]
        for node in found:
            x, w, b = node.inputs
            bias, filters = constant(b), constant(w)
            if bias is None or filters is None:
                continue  # a filter that is computed stays with the plain op
            check_finite(node, "filter", filters)
            assert x is not None
            assert w is not None
            name = (node.name or "").rpartition("/")[0]
            layer = FusedLayer.create(
                model.graph,
                f"{name}/FusedAdderConv" if name else "FusedAdderConv",
                x,
                w,
                node.attributes.values(),
            )
            layer.y.name = layer.node.name
            layer.absorb([node])
            layer.set("bias", bias.astype(np.float64))
        if found:
            model.opset_imports[DOMAIN] = VERSION
        return PassResult(model, bool(found))
