"""The three ops for onnx's ReferenceEvaluator, computed by the numpy references."""

from typing import Any

from onnx.reference.op_run import OpRun

from addersr.custom_ops import DOMAIN
from addersr.custom_ops.quantization import reference


class QuantizeChannelsLast(OpRun):
    """The op under the name by which ReferenceEvaluator finds it: domain and class name."""

    op_domain = DOMAIN

    def _run(self, *inputs: Any, bits: int) -> tuple[Any]:
        return (reference.quantize_channels_last(*inputs, bits=bits),)


class DequantizeChannelsFirst(OpRun):
    """See QuantizeChannelsLast."""

    op_domain = DOMAIN

    def _run(self, *inputs: Any, blocksize: int) -> tuple[Any]:
        return (reference.dequantize_channels_first(*inputs, blocksize=blocksize),)


class RequantizeChannelsLast(OpRun):
    """See QuantizeChannelsLast."""

    op_domain = DOMAIN

    def _run(self, *inputs: Any, bits: int) -> tuple[Any]:
        return (reference.requantize_channels_last(*inputs, bits=bits),)
