"""The three ops as functions of standard ONNX operators, one rounding each.

Clip takes only one limit for all channels, and what it makes of NaN differs from version to
version: hence Where, Max and Min. ``bits`` and ``blocksize`` have no defaults, as elsewhere.
"""

from typing import TYPE_CHECKING

from addersr.custom_ops.convolution.function import LOWEST_OPSET
from addersr.errors import AdderSRError

if TYPE_CHECKING:
    import onnx

# From scaled, float32 and channels last, and the zero point of Y.
_TO_INTEGERS = """
  two = Constant <value_float = 2.0> ()
  bits_integer = Constant <value_int: int = @bits> ()
  bits_real = Cast <to = 1> (bits_integer)
  span = Pow (two, bits_real)
  one_real = Constant <value_float = 1.0> ()
  zero_real = Constant <value_float = 0.0> ()
  # 300 survives a cast to int16 and back, but not one to uint8.
  probe = Constant <value_int = 300> ()
  probe_typed = CastLike (probe, y_zero)
  probe_back = Cast <to = 7> (probe_typed)
  is_signed = Equal (probe, probe_back)
  half_span = Div (span, two)
  below = Where (is_signed, half_span, zero_real)
  range_low = Neg (below)
  past = Add (range_low, span)
  range_high = Sub (past, one_real)
  y_zero_integers = Cast <to = 6> (y_zero)
  y_zero_reals = Cast <to = 1> (y_zero_integers)
  least = Sub (range_low, y_zero_reals)
  most = Sub (range_high, y_zero_reals)
  not_a_number = IsNaN (scaled)
  numbers = Where (not_a_number, least, scaled)
  not_below = Max (numbers, least)
  clamped = Min (not_below, most)
  rounded = Round (clamped)
  integers = Cast <to = 6> (rounded)
  sums = Add (integers, y_zero_integers)
  Y = CastLike (sums, y_zero)
"""

_CENTRED = """
  x_integers = Cast <to = 6> (X)
  zero_integers = Cast <to = 6> (x_zero)
  centred = Sub (x_integers, zero_integers)
  reals = Cast <to = 1> (centred)
  scaled = Mul (reals, multiplier)
"""

_BODIES = {
    "QuantizeChannelsLast": """
QuantizeChannelsLast <bits> (X, multiplier, y_zero) => (Y)
{
  last = Transpose <perm = [0, 2, 3, 1]> (X)
  scaled = Mul (last, multiplier)
"""
    + _TO_INTEGERS
    + "}",
    "DequantizeChannelsFirst": """
DequantizeChannelsFirst <blocksize> (X, multiplier, x_zero, anchor) => (Y)
{
"""
    + _CENTRED
    + """
  # [N, H, W, C/b², b, b] → [N, C/b², H, b, W, b], beside the anchor's [N, C/b², H, 1, W, 1].
  one = Constant <value_ints = [1]> ()
  block_scalar = Constant <value_int: int = @blocksize> ()
  block = Reshape (block_scalar, one)
  area = Mul (block, block)
  pixels = Shape <start = 0, end = 3> (X)
  channels = Shape <start = 3, end = 4> (X)
  planes = Div (channels, area)
  split = Concat <axis = 0> (pixels, planes, block, block)
  blocks = Reshape <allowzero = 1> (scaled, split)
  placed = Transpose <perm = [0, 3, 1, 4, 2, 5]> (blocks)
  anchor_rows = Shape <start = 0, end = 3> (anchor)
  anchor_columns = Shape <start = 3, end = 4> (anchor)
  anchor_split = Concat <axis = 0> (anchor_rows, one, anchor_columns, one)
  anchors = Reshape <allowzero = 1> (anchor, anchor_split)
  sums = Add (placed, anchors)
  batch = Shape <start = 0, end = 1> (X)
  height = Shape <start = 1, end = 2> (X)
  width = Shape <start = 2, end = 3> (X)
  y_height = Mul (height, block)
  y_width = Mul (width, block)
  y_shape = Concat <axis = 0> (batch, planes, y_height, y_width)
  Y = Reshape <allowzero = 1> (sums, y_shape)
}""",
    "RequantizeChannelsLast": """
RequantizeChannelsLast <bits> (X, x_zero, multiplier, y_zero) => (Y)
{
"""
    + _CENTRED
    + _TO_INTEGERS
    + "}",
}


def quantization_functions(opset: int = LOWEST_OPSET) -> "list[onnx.FunctionProto]":
    """The bodies of the three ops (domain ``ai.addersr``) for a model's ``functions``.

    Args:
        opset: version of the standard operators, that of the model the functions are added to.

    Raises:
        AdderSRError: ``opset`` lacks operators that the bodies need.
    """
    from onnx import parser

    if opset < LOWEST_OPSET:
        raise AdderSRError(
            f"The function bodies of the ops that quantise need opset {LOWEST_OPSET} or newer, "
            f"got {opset}."
        )
    functions = []
    for name, body in _BODIES.items():
        domains = f'<domain: "ai.addersr", opset_import: ["": {opset}]>'
        function = parser.parse_function(domains + body)
        function.doc_string = f"See addersr's specification of {name}."
        functions.append(function)
    return functions
