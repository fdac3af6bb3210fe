"""All ops of the domain for onnx's ReferenceEvaluator, computed by their numpy references.

>>> from onnx.reference import ReferenceEvaluator
>>> evaluator = ReferenceEvaluator(model, new_ops=list(EVALUATORS))  # doctest: +SKIP
"""

from onnx.reference.op_run import OpRun

from addersr.custom_ops.adder_conv.evaluator import AdderConv
from addersr.custom_ops.fused_adder_conv.evaluator import FusedAdderConv
from addersr.custom_ops.image.evaluator import LumaToRgb, RgbToLuma
from addersr.custom_ops.qlinear_adder_conv.evaluator import QLinearAdderConv
from addersr.custom_ops.qlinear_fused_conv.evaluator import QLinearFusedConv
from addersr.custom_ops.quantization.evaluator import (
    DequantizeChannelsFirst,
    QuantizeChannelsLast,
    RequantizeChannelsLast,
)

EVALUATORS: tuple[type[OpRun], ...] = (
    AdderConv,
    DequantizeChannelsFirst,
    FusedAdderConv,
    LumaToRgb,
    QLinearAdderConv,
    QLinearFusedConv,
    QuantizeChannelsLast,
    RequantizeChannelsLast,
    RgbToLuma,
)
