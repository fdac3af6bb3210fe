"""QLinearFusedConv for onnx's ReferenceEvaluator, computed by the numpy reference."""

from typing import Any

from onnx.reference.op_run import OpRun

from addersr.custom_ops import DOMAIN
from addersr.custom_ops.qlinear_fused_conv.parameters import Parameters
from addersr.custom_ops.qlinear_fused_conv.reference import qlinear_fused_conv
from addersr.custom_ops.requantization.parameters import FloatArray, IntArray


class QLinearFusedConv(OpRun):
    """The op under the name by which ReferenceEvaluator finds it: domain and class name."""

    op_domain = DOMAIN

    def _run(
        self,
        x: IntArray,
        w: IntArray,
        x_zero_point: IntArray,
        offset: IntArray,
        multiplier: FloatArray,
        bias: FloatArray,
        z: IntArray,
        z_zero_point: IntArray,
        z_multiplier: FloatArray,
        table: IntArray,
        r: IntArray,
        r_zero_point: IntArray,
        r_multiplier: FloatArray,
        bits: int,
        table_fraction: int,
        x_bits: int,
        **attributes: Any,
    ) -> tuple[IntArray]:
        """One call; the evaluator passes the attributes that the node has, or None."""
        parameters = Parameters(
            bits=bits,
            x_bits=x_bits,
            w=w,
            offset=offset,
            multiplier=multiplier,
            bias=bias,
            table=table,
            table_fraction=table_fraction,
            x_zero_point=x_zero_point,
            z_zero_point=z_zero_point,
            z_multiplier=z_multiplier,
            r_zero_point=r_zero_point,
            r_multiplier=r_multiplier,
        )
        given = {name: value for name, value in attributes.items() if value is not None}
        return (qlinear_fused_conv(x, parameters, z, r, **given),)
