"""Quantisation of an exported network: calibrate, plan, lower. Needs the extra ``export``.

``quantize`` does all of it. The file in integers follows from the fp32 file and the plan in its
metadata (``lower``); ``integers`` says where each rounding happens.
"""

from addersr.export.quantization.lower import lower
from addersr.export.quantization.quantize import (
    PRECISIONS,
    Quantized,
    make_quantization_plan,
    quantize,
)
from addersr.runtime.plan import DomainPlan, Plan, TensorPlan

__all__ = [
    "PRECISIONS",
    "DomainPlan",
    "Plan",
    "Quantized",
    "TensorPlan",
    "lower",
    "make_quantization_plan",
    "quantize",
]
