"""FusedAdderConv for onnx's ReferenceEvaluator, computed by the numpy reference.

>>> from onnx.reference import ReferenceEvaluator
>>> evaluator = ReferenceEvaluator(model, new_ops=[FusedAdderConv])  # doctest: +SKIP
"""

from typing import Any

from onnx.reference.op_run import OpRun

from addersr.custom_ops import DOMAIN
from addersr.custom_ops.adder_conv.reference import FloatArray
from addersr.custom_ops.fused_adder_conv.reference import Epilogue, fused_adder_conv


class FusedAdderConv(OpRun):
    """The op under the name by which ReferenceEvaluator finds it: domain and class name."""

    op_domain = DOMAIN

    def _run(
        self,
        x: FloatArray,
        w: FloatArray,
        *epilogue: FloatArray,
        **attributes: Any,
    ) -> tuple[FloatArray]:
        """One call; the evaluator passes the attributes that the node has, or None."""
        given = {name: value for name, value in attributes.items() if value is not None}
        return (fused_adder_conv(x, w, Epilogue(*epilogue), **given),)
