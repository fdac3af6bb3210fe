"""FusedAdderConv as a function of standard ONNX operators.

The sum is computed by the steps of AdderConv's body, always in NCHW; the epilogue in the layout of
Y.

- The layout is an attribute, which a body can only pass on to an operator that has one of its own.
  ``Gather`` has: its axis is 0 if ``channels_last`` is left out, which makes it pick a row or a
  column of a small matrix, and so 0 or 1, a number to compute shapes with.
- No ``If``, whose branches would have to agree in their shapes: one Transpose of [N, A, B] serves
  both layouts. From NHWC, A is all pixels and B the channels; where nothing is to be moved, A is 1.
- The power activation is ``T·exp(log(max(|T|, 1e-12))·(α-1))``: onnxruntime runs it twice as fast
  as ``Pow``, and the exported float models have the same expression.
"""

from typing import TYPE_CHECKING

from addersr.custom_ops.adder_conv.function import sum_steps
from addersr.custom_ops.convolution.function import LOWEST_OPSET, check_opset

if TYPE_CHECKING:
    import onnx

_BODY = """
<domain: "ai.addersr", opset_import: ["": {opset}]>
FusedAdderConv <auto_pad, channels_last, dilations, group, kernel_shape, pads, strides>
  (X, W, scale, bias, Z, alpha, slope, R, clip_min, clip_max) => (Y)
{{
  # [0, 0] is the second row of [[0, 1], [0, 0]], [1, 0] its second column.
  square_of_two = Constant <value_ints = [2, 2]> ()
  matrix_flat = Constant <value_ints = [0, 1, 0, 0]> ()
  matrix = Reshape (matrix_flat, square_of_two)
  second = Constant <value_int = 1> ()
  picked = Gather <axis: int = @channels_last> (matrix, second)
  last = ReduceMax <keepdims = 1> (picked)
  unit = Constant <value_ints = [1]> ()
  first = Sub (unit, last)

  # X as [N, C, H, W]: sizes [H, W, C] or [C, H, W] are s0, s1, s2.
  n = Shape <start = 0, end = 1> (X)
  s0 = Shape <start = 1, end = 2> (X)
  s1 = Shape <start = 2, end = 3> (X)
  s2 = Shape <start = 3, end = 4> (X)
  c_last = Mul (s2, last)
  c_first = Mul (s0, first)
  c = Add (c_last, c_first)
  h_last = Mul (s0, last)
  h_first = Mul (s1, first)
  h = Add (h_last, h_first)
  v_last = Mul (s1, last)
  v_first = Mul (s2, first)
  v = Add (v_last, v_first)
  hv = Mul (h, v)
  chv = Mul (c, hv)
  x_a_last = Mul (hv, last)
  x_a = Add (x_a_last, first)
  x_b_last = Mul (c, last)
  x_b_first = Mul (chv, first)
  x_b = Add (x_b_last, x_b_first)
  x_matrix_shape = Concat <axis = 0> (n, x_a, x_b)
  x_matrix = Reshape <allowzero = 1> (X, x_matrix_shape)
  x_turned = Transpose <perm = [0, 2, 1]> (x_matrix)
  nchw_shape = Concat <axis = 0> (n, c, h, v)
  x_nchw = Reshape <allowzero = 1> (x_turned, nchw_shape)
{sum}
  # And back: [N, O, OH, OW] as [N, A, B] is [N, O, OH OW], or A is 1.
  oh = Shape <start = 2, end = 3> (distances)
  ow = Shape <start = 3, end = 4> (distances)
  ohw = Mul (oh, ow)
  oohw = Mul (filters, ohw)
  y_a_last = Mul (filters, last)
  y_a = Add (y_a_last, first)
  y_b_last = Mul (ohw, last)
  y_b_first = Mul (oohw, first)
  y_b = Add (y_b_last, y_b_first)
  y_matrix_shape = Concat <axis = 0> (n, y_a, y_b)
  y_matrix = Reshape <allowzero = 1> (distances, y_matrix_shape)
  y_turned = Transpose <perm = [0, 2, 1]> (y_matrix)
  y0_last = Mul (oh, last)
  y0_first = Mul (filters, first)
  y0 = Add (y0_last, y0_first)
  y1_last = Mul (ow, last)
  y1_first = Mul (oh, first)
  y1 = Add (y1_last, y1_first)
  y2_last = Mul (filters, last)
  y2_first = Mul (ow, first)
  y2 = Add (y2_last, y2_first)
  out_shape = Concat <axis = 0> (n, y0, y1, y2)
  distances_out = Reshape <allowzero = 1> (y_turned, out_shape)

  # [1, -1, 1, 1] or [1, 1, 1, -1]
  where_first = Constant <value_ints = [1, -1, 1, 1]> ()
  moves = Constant <value_ints = [0, 2, 0, -2]> ()
  moved = Mul (moves, last)
  per_output = Add (where_first, moved)
  scales = Reshape (scale, per_output)
  biases = Reshape (bias, per_output)
  alphas = Reshape (alpha, per_output)
  slopes = Reshape (slope, per_output)

  sum_of_all = Neg (distances_out)
  scaled = Mul (sum_of_all, scales)
  shifted_out = Add (scaled, biases)
  t = Add (shifted_out, Z)
  tiny = Constant <value_float = 1e-12> ()
  t_abs = Abs (t)
  magnitude = Max (t_abs, tiny)
  logarithm = Log (magnitude)
  one_float = Constant <value_float = 1.0> ()
  exponents = Sub (alphas, one_float)
  exponent = Mul (logarithm, exponents)
  factor = Exp (exponent)
  powered = Mul (t, factor)
  activated = PRelu (powered, slopes)
  raised = Max (activated, clip_min)
  clipped = Min (raised, clip_max)
  Y = Add (clipped, R)
}}
"""


def fused_adder_conv_function(opset: int = LOWEST_OPSET) -> "onnx.FunctionProto":
    """The body of FusedAdderConv (domain ``ai.addersr``) for a model's ``functions``.

    Args:
        opset: version of the standard operators, that of the model the function is added to.

    Raises:
        AdderSRError: ``opset`` lacks operators that the body needs.
    """
    from onnx import parser

    check_opset("FusedAdderConv", opset)
    function = parser.parse_function(_BODY.format(opset=opset, sum=sum_steps("x_nchw")))
    function.doc_string = (
        "One layer of an adder network; see addersr's FusedAdderConv specification."
    )
    return function
