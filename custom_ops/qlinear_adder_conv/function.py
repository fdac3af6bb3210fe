"""QLinearAdderConv as a function of standard ONNX operators.

The sums are formed in int32 and the requantisation in float32, one operation after the other, so
that the result equals the kernels' bit for bit.
"""

from typing import TYPE_CHECKING

from addersr.custom_ops.convolution.function import LOWEST_OPSET, check_opset, tap_sums
from addersr.custom_ops.requantization.function import REQUANTIZATION

if TYPE_CHECKING:
    import onnx

_SIGNATURE = """
<domain: "ai.addersr", opset_import: ["": {opset}]>
QLinearAdderConv <auto_pad, bits, dilations, group, kernel_shape, pads, strides, table_fraction>
  (X, W, x_zero_point, offset, multiplier, bias, Z, z_zero_point, z_multiplier, table,
   R, r_zero_point, r_multiplier) => (Y)
"""

_SUMS = tap_sums(
    weights="""
  w_zero_shape = Concat <axis = 0> (groups, one, channels, one)
  w_zero_points = Reshape (zero_points, w_zero_shape)
  w_terms = Sub (w_grouped, w_zero_points)
""",
    term="""
    difference = Sub (pixels, tap_weights)
    term = Abs (difference)
""",
)

_BODY = "{" + _SUMS + "difference_integers = Sub (offset, all_sums)" + REQUANTIZATION + "}"


def qlinear_adder_conv_function(opset: int = LOWEST_OPSET) -> "onnx.FunctionProto":
    """The body of QLinearAdderConv (domain ``ai.addersr``) for a model's ``functions``.

    Args:
        opset: version of the standard operators, that of the model the function is added to.

    Raises:
        AdderSRError: ``opset`` lacks operators that the body needs.
    """
    from onnx import parser

    check_opset("QLinearAdderConv", opset)
    function = parser.parse_function(_SIGNATURE.format(opset=opset) + _BODY)
    function.doc_string = (
        "An adder layer in integers; see addersr's QLinearAdderConv specification."
    )
    return function
