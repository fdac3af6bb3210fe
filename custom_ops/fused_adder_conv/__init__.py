"""FusedAdderConv: one layer of an adder network, the sum and everything that follows it.

``SPECIFICATION.md`` says what the op is. Importing this package needs numpy only; the ONNX side
lives in :mod:`.function`, :mod:`.schema` and :mod:`.evaluator`, as for AdderConv. The C++ kernels
are those of ``adder_conv/``.
"""

from addersr.custom_ops.fused_adder_conv.reference import Epilogue, fused_adder_conv, tolerance

#: Names of the inputs, in order. All are required.
INPUTS = ("X", "W", "scale", "bias", "Z", "alpha", "slope", "R", "clip_min", "clip_max")

__all__ = ["INPUTS", "Epilogue", "fused_adder_conv", "tolerance"]
