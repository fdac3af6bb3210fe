"""QLinearFusedConv: a convolution in integers, with its requantisation, channels last.

``SPECIFICATION.md`` says what the op is, bit by bit. Importing this package needs numpy only; the
ONNX side lives in :mod:`.function`, :mod:`.schema` and :mod:`.evaluator`.
"""

from addersr.custom_ops.qlinear_fused_conv.parameters import Parameters
from addersr.custom_ops.qlinear_fused_conv.reference import qlinear_fused_conv

__all__ = ["Parameters", "qlinear_fused_conv"]
