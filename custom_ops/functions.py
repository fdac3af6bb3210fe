"""The function bodies of all ops of the domain, for files that run without our library."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from addersr.custom_ops.adder_conv.function import adder_conv_function
from addersr.custom_ops.convolution.function import LOWEST_OPSET
from addersr.custom_ops.fused_adder_conv.function import fused_adder_conv_function
from addersr.custom_ops.image.function import image_functions
from addersr.custom_ops.qlinear_adder_conv.function import qlinear_adder_conv_function
from addersr.custom_ops.qlinear_fused_conv.function import qlinear_fused_conv_function
from addersr.custom_ops.quantization.function import quantization_functions

if TYPE_CHECKING:
    import onnx


def function_bodies(
    ops: Iterable[str], opset: int = LOWEST_OPSET
) -> "tuple[onnx.FunctionProto, ...]":
    """The bodies of the ops named, each once, sorted by name; other names are ignored.

    Args:
        ops: names, as of the nodes of a graph.
        opset: version of the standard operators that the model uses, 18 or newer.
    """
    every = (
        adder_conv_function(opset),
        fused_adder_conv_function(opset),
        *image_functions(opset),
        qlinear_adder_conv_function(opset),
        qlinear_fused_conv_function(opset),
        *quantization_functions(opset),
    )
    wanted = set(ops)
    chosen = [function for function in every if function.name in wanted]
    return tuple(sorted(chosen, key=lambda function: function.name))
