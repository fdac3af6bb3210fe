"""The borders of an integer network: quantise an image, change types, make an image again.

``SPECIFICATION.md`` says what the three ops are, bit by bit. Importing this package needs numpy
only; the ONNX side lives in :mod:`.function`, :mod:`.schema` and :mod:`.evaluator`.
"""

from addersr.custom_ops.quantization.reference import (
    dequantize_channels_first,
    quantize_channels_last,
    requantize_channels_last,
)

__all__ = ["dequantize_channels_first", "quantize_channels_last", "requantize_channels_last"]
