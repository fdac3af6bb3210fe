"""AdderConv: the convolution whose taps are absolute differences instead of products.

``SPECIFICATION.md`` says what the op is. Importing this package needs numpy only; the ONNX side
lives in :mod:`.function` (the body of standard ops), :mod:`.schema` (types and shapes) and
:mod:`.evaluator` (the op in onnx's ReferenceEvaluator).
"""

from addersr.custom_ops.adder_conv.reference import adder_conv, tolerance
from addersr.custom_ops.convolution.geometry import Attributes, output_shape

__all__ = ["Attributes", "adder_conv", "output_shape", "tolerance"]
