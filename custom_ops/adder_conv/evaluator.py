"""AdderConv for onnx's ReferenceEvaluator, computed by the numpy reference.

>>> from onnx.reference import ReferenceEvaluator
>>> evaluator = ReferenceEvaluator(model, new_ops=[AdderConv])  # doctest: +SKIP
"""

from collections.abc import Sequence

from onnx.reference.op_run import OpRun

from addersr.custom_ops import DOMAIN
from addersr.custom_ops.adder_conv.reference import FloatArray, adder_conv


class AdderConv(OpRun):
    """The op under the name by which ReferenceEvaluator finds it: domain and class name."""

    op_domain = DOMAIN

    def _run(
        self,
        x: FloatArray,
        w: FloatArray,
        b: FloatArray,
        auto_pad: str | None = None,
        dilations: Sequence[int] | None = None,
        group: int | None = None,
        kernel_shape: Sequence[int] | None = None,
        pads: Sequence[int] | None = None,
        strides: Sequence[int] | None = None,
    ) -> tuple[FloatArray]:
        """One call; the evaluator passes the attributes that the node has, or None."""
        y = adder_conv(
            x,
            w,
            b,
            auto_pad=auto_pad or "NOTSET",
            strides=strides or (1, 1),
            pads=pads or (0, 0, 0, 0),
            dilations=dilations or (1, 1),
            group=1 if group is None else group,
            kernel_shape=kernel_shape or None,
        )
        return (y,)
