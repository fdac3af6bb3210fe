"""QLinearAdderConv: an adder layer in integers, with its requantisation, channels last.

``SPECIFICATION.md`` says what the op is, bit by bit. Importing this package needs numpy only; the
ONNX side lives in :mod:`.function`, :mod:`.schema` and :mod:`.evaluator`.
"""

from addersr.custom_ops.qlinear_adder_conv.parameters import Parameters
from addersr.custom_ops.qlinear_adder_conv.reference import qlinear_adder_conv
from addersr.custom_ops.requantization import activation_table, data_range, ramp_table

__all__ = ["Parameters", "activation_table", "data_range", "qlinear_adder_conv", "ramp_table"]
