"""AdderConv as a function of standard ONNX operators.

An exported model carries this body, so a runtime that does not know AdderConv can still run the
model, slowly. Where our library is registered, its kernel takes the place of the body.

How the body works: one tap after the other, the input is shifted by the tap's offset, the tap's
weights are subtracted, and the absolute differences are added to a running sum per output.

- The shift is a ``Conv`` of one input plane with a filter that is 1 at the tap and 0 elsewhere.
  Conv thereby does everything that needs the attributes (padding, strides, dilations, auto_pad);
  a function cannot compute with attributes that a node leaves out, it can only pass them on.
- The first ``Conv`` is there for its checks and for its output's shape: its values are not used.
- The loop over taps needs memory for a few outputs. A ``Scan`` over filters with ``ReduceL1`` on an
  im2col copy of the input needs twice ``kh kw`` inputs (117 MiB instead of 13 MiB for 16 to 16
  channels, 3x3, 320x180), in equal time on onnxruntime 1.32 and twice the time on 1.18.
- ``Loop`` and not ``Scan``: onnx's ReferenceEvaluator does not hand attributes down to a Scan.
- No attribute has a default here, although ONNX allows it: onnx.inliner ignores such defaults, and
  a Conv with both ``auto_pad`` and default ``pads`` is refused by onnxruntime. An attribute that a
  node leaves out is left out of the Convs too, whose defaults are those of AdderConv.
- Shapes are computed in the graph, with no ``-1`` where a batch of 0 would leave it undefined.
"""

from typing import TYPE_CHECKING

from addersr.custom_ops.convolution.function import LOWEST_OPSET, PASSED_ON, check_opset

if TYPE_CHECKING:
    import onnx

# From the input `x`, NCHW, and W to `distances`, NCHW; FusedAdderConv's body has these steps too.
# G groups of M filters each; K taps per filter, T of them per channel.
_SUM = """
  convolved = Conv <{passed_on}, group: int = @group> ({x}, W)
  y_shape = Shape (convolved)
  y_size = Shape <start = 2> (convolved)

  one = Constant <value_ints = [1]> ()
  batch = Shape <start = 0, end = 1> ({x})
  x_channels = Shape <start = 1, end = 2> ({x})
  x_size = Shape <start = 2> ({x})
  filters = Shape <start = 0, end = 1> (W)
  channels = Shape <start = 1, end = 2> (W)
  kernel = Shape <start = 2> (W)
  groups = Div (x_channels, channels)
  group_filters = Div (filters, groups)
  kernel_taps = ReduceProd (kernel)
  taps = Mul (channels, kernel_taps)

  # The groups become part of the batch: [N G, C/G, H, W].
  planes_batch = Mul (batch, groups)
  planes_shape = Concat <axis = 0> (planes_batch, channels, x_size)
  planes = Reshape <allowzero = 1> ({x}, planes_shape)

  # Weights by tap: [G, M, K, 1].
  weights_shape = Concat <axis = 0> (groups, group_filters, taps, one)
  weights = Reshape (W, weights_shape)

  # T filters of [1, kh, kw], each 1 at another tap: the rows of the identity matrix.
  square = Concat <axis = 0> (kernel_taps, kernel_taps)
  square_zeros = ConstantOfShape (square)
  identity = EyeLike <dtype = 1> (square_zeros)
  selectors_shape = Concat <axis = 0> (kernel_taps, one, kernel)
  selectors = Reshape (identity, selectors_shape)

  # The loop's sums are [N, G, M, OH, OW].
  pixels_shape = Concat <axis = 0> (batch, groups, one, y_size)
  sums_shape = Concat <axis = 0> (batch, groups, group_filters, y_size)
  no_sums = ConstantOfShape (sums_shape)
  go_on = Constant <value = bool {{1}}> ()
  first_axis = Constant <value_ints = [0]> ()
  sums = Loop <body = add_tap (int64 step, bool more, float[?,?,?,?,?] sums_before)
    => (bool more_after, float[?,?,?,?,?] sums_after)
  {{
    more_after = Identity (more)
    tap = Unsqueeze (step, first_axis)
    channel = Div (tap, kernel_taps)
    kernel_tap = Mod (tap, kernel_taps)
    plane = Gather <axis = 1> (planes, channel)
    selector = Gather <axis = 0> (selectors, kernel_tap)
    shifted = Conv <{passed_on}> (plane, selector)
    pixels = Reshape <allowzero = 1> (shifted, pixels_shape)
    tap_weights = Gather <axis = 2> (weights, tap)
    difference = Sub (pixels, tap_weights)
    distance = Abs (difference)
    sums_after = Add (sums_before, distance)
  }}> (taps, go_on, no_sums)

  distances = Reshape <allowzero = 1> (sums, y_shape)
"""

_BODY = """
<domain: "ai.addersr", opset_import: ["": {opset}]>
AdderConv <auto_pad, dilations, group, kernel_shape, pads, strides> (X, W, B) => (Y)
{{
{sum}
  bias_shape = Constant <value_ints = [-1, 1, 1]> ()
  bias = Reshape (B, bias_shape)
  Y = Sub (bias, distances)
}}
"""


def sum_steps(x: str) -> str:
    """The steps from the values ``x`` ([N, C, H, W]) and ``W`` to ``distances``, as text.

    They use the attributes of the function around them, and names of their own.
    """
    return _SUM.format(x=x, passed_on=PASSED_ON)


def adder_conv_function(opset: int = LOWEST_OPSET) -> "onnx.FunctionProto":
    """The body of AdderConv (domain ``ai.addersr``) for a model's ``functions``.

    Args:
        opset: version of the standard operators, that of the model the function is added to.

    Raises:
        AdderSRError: ``opset`` lacks operators that the body needs.
    """
    from onnx import parser

    check_opset("AdderConv", opset)
    function = parser.parse_function(_BODY.format(opset=opset, sum=sum_steps("X")))
    function.doc_string = "y = b - sum over taps |x - w|; see addersr's AdderConv specification."
    return function
