"""QLinearAdderConv as a function of standard ONNX operators.

The sums are formed in int32 and the requantisation in float32, one operation after the other, so
that the result equals the kernels' bit for bit. See AdderConv's body for how the loop over taps
works; here the zero points are subtracted first, so that padding is zero.

- ``bits`` and ``table_fraction`` have no defaults: a body cannot give them (onnx.inliner would
  ignore them), so a node must state them.
- Nothing tells a body its type. 300 survives a cast to int16 and back, but not one to uint8.
- A shift to the right is a multiplication by a power of two and Floor, exact below 2^24.
"""

from typing import TYPE_CHECKING

from addersr.custom_ops.adder_conv.function import LOWEST_OPSET, PASSED_ON
from addersr.errors import AdderSRError

if TYPE_CHECKING:
    import onnx

# G groups of M filters each; K taps per filter, T of them per channel.
_BODY = """
<domain: "ai.addersr", opset_import: ["": {opset}]>
QLinearAdderConv <auto_pad, bits, dilations, group, kernel_shape, pads, strides, table_fraction>
  (X, W, x_zero_point, offset, multiplier, bias, Z, z_zero_point, z_multiplier, table,
   R, r_zero_point, r_multiplier) => (Y)
{{
  one = Constant <value_ints = [1]> ()
  batch = Shape <start = 0, end = 1> (X)
  x_size = Shape <start = 1, end = 3> (X)
  x_channels = Shape <start = 3, end = 4> (X)
  filters = Shape <start = 0, end = 1> (W)
  channels = Shape <start = 1, end = 2> (W)
  kernel = Shape <start = 2> (W)
  groups = Div (x_channels, channels)
  group_filters = Div (filters, groups)
  kernel_taps = ReduceProd (kernel)
  taps = Mul (channels, kernel_taps)

  # X and W without their zero points, which differ from channel to channel.
  zero_point = Cast <to = 6> (x_zero_point)
  zero_points = Expand (zero_point, x_channels)
  x_integers = Cast <to = 6> (X)
  x_centred = Sub (x_integers, zero_points)
  x_reals = Cast <to = 1> (x_centred)
  x_first = Transpose <perm = [0, 3, 1, 2]> (x_reals)
  w_integers = Cast <to = 6> (W)
  w_shape = Concat <axis = 0> (groups, group_filters, channels, kernel_taps)
  w_grouped = Reshape (w_integers, w_shape)
  w_zero_shape = Concat <axis = 0> (groups, one, channels, one)
  w_zero_points = Reshape (zero_points, w_zero_shape)
  w_centred = Sub (w_grouped, w_zero_points)
  weights_shape = Concat <axis = 0> (groups, group_filters, taps, one)
  weights = Reshape (w_centred, weights_shape)

  # For its checks and its shape only.
  w_reals = Cast <to = 1> (W)
  convolved = Conv <{passed_on}, group: int = @group> (x_first, w_reals)
  y_shape = Shape (convolved)
  y_size = Shape <start = 2> (convolved)

  # The groups become part of the batch: [N G, C/G, H, W].
  planes_batch = Mul (batch, groups)
  planes_shape = Concat <axis = 0> (planes_batch, channels, x_size)
  planes = Reshape <allowzero = 1> (x_first, planes_shape)

  # T filters of [1, kh, kw], each 1 at another tap: the rows of the identity matrix.
  square = Concat <axis = 0> (kernel_taps, kernel_taps)
  square_zeros = ConstantOfShape (square)
  identity = EyeLike <dtype = 1> (square_zeros)
  selectors_shape = Concat <axis = 0> (kernel_taps, one, kernel)
  selectors = Reshape (identity, selectors_shape)

  # The loop's sums are [N, G, M, OH, OW].
  pixels_shape = Concat <axis = 0> (batch, groups, one, y_size)
  sums_shape = Concat <axis = 0> (batch, groups, group_filters, y_size)
  no_sums = ConstantOfShape <value = int32[1] {{0}}> (sums_shape)
  go_on = Constant <value = bool {{1}}> ()
  first_axis = Constant <value_ints = [0]> ()
  sums = Loop <body = add_tap (int64 step, bool more, int32[?,?,?,?,?] sums_before)
    => (bool more_after, int32[?,?,?,?,?] sums_after)
  {{
    more_after = Identity (more)
    tap = Unsqueeze (step, first_axis)
    channel = Div (tap, kernel_taps)
    kernel_tap = Mod (tap, kernel_taps)
    plane = Gather <axis = 1> (planes, channel)
    selector = Gather <axis = 0> (selectors, kernel_tap)
    shifted = Conv <{passed_on}> (plane, selector)
    shifted_integers = Cast <to = 6> (shifted)
    pixels = Reshape <allowzero = 1> (shifted_integers, pixels_shape)
    tap_weights = Gather <axis = 2> (weights, tap)
    difference = Sub (pixels, tap_weights)
    distance = Abs (difference)
    sums_after = Add (sums_before, distance)
  }}> (taps, go_on, no_sums)
  sums_first = Reshape <allowzero = 1> (sums, y_shape)
  distances = Transpose <perm = [0, 2, 3, 1]> (sums_first)

  # Where the sums fall in the table's domain.
  difference_integers = Sub (offset, distances)
  difference_reals = Cast <to = 1> (difference_integers)
  scaled = Mul (difference_reals, multiplier)
  biased = Add (scaled, bias)
  z_integers = Cast <to = 6> (Z)
  z_zero = Cast <to = 6> (z_zero_point)
  z_centred = Sub (z_integers, z_zero)
  z_reals = Cast <to = 1> (z_centred)
  z_scaled = Mul (z_reals, z_multiplier)
  with_z = Add (biased, z_scaled)
  table_size = Shape <start = 1> (table)
  last = Sub (table_size, one)
  no_axes = Constant <value_ints = [0]> ()
  last_scalar = Squeeze (last, no_axes)
  last_real = Cast <to = 1> (last_scalar)
  zero_real = Constant <value_float = 0.0> ()
  in_domain = Clip (with_z, zero_real, last_real)
  rounded = Round (in_domain)
  t = Cast <to = 7> (rounded)

  # One table for all outputs or one for each, end to end.
  tables_shape = Concat <axis = 0> (filters, table_size)
  tables_integers = Cast <to = 6> (table)
  tables = Expand (tables_integers, tables_shape)
  end_to_end = Constant <value_ints = [-1]> ()
  entries = Reshape (tables, end_to_end)
  zero_index = Constant <value_int = 0> ()
  one_index = Constant <value_int = 1> ()
  filters_scalar = Squeeze (filters, no_axes)
  outputs = Range (zero_index, filters_scalar, one_index)
  table_starts = Mul (outputs, table_size)
  positions = Add (t, table_starts)
  u = Gather (entries, positions)

  # The residual after the activation, and the last shift.
  r_integers = Cast <to = 6> (R)
  r_zero = Cast <to = 6> (r_zero_point)
  r_centred = Sub (r_integers, r_zero)
  r_reals = Cast <to = 1> (r_centred)
  r_scaled = Mul (r_reals, r_multiplier)
  r_least = Constant <value_float = -1048576.0> ()
  r_most = Constant <value_float = 1048576.0> ()
  r_limited = Clip (r_scaled, r_least, r_most)
  r_rounded = Round (r_limited)
  u_reals = Cast <to = 1> (u)
  summed = Add (u_reals, r_rounded)
  two = Constant <value_float = 2.0> ()
  fraction_integer = Constant <value_int: int = @table_fraction> ()
  fraction = Cast <to = 1> (fraction_integer)
  unit = Pow (two, fraction)
  half_unit = Div (unit, two)
  half = Floor (half_unit)
  with_half = Add (summed, half)
  units = Div (with_half, unit)
  shifted_down = Floor (units)

  # The range of the type and the bits.
  bits_integer = Constant <value_int: int = @bits> ()
  bits_real = Cast <to = 1> (bits_integer)
  span = Pow (two, bits_real)
  one_real = Constant <value_float = 1.0> ()
  probe = Constant <value_int = 300> ()
  probe_typed = CastLike (probe, X)
  probe_back = Cast <to = 7> (probe_typed)
  is_signed = Equal (probe, probe_back)
  half_span = Div (span, two)
  below = Where (is_signed, half_span, zero_real)
  least = Neg (below)
  past = Add (least, span)
  most = Sub (past, one_real)
  clipped = Clip (shifted_down, least, most)
  integers = Cast <to = 6> (clipped)
  Y = CastLike (integers, X)
}}
"""


def qlinear_adder_conv_function(opset: int = LOWEST_OPSET) -> "onnx.FunctionProto":
    """The body of QLinearAdderConv (domain ``ai.addersr``) for a model's ``functions``.

    Args:
        opset: version of the standard operators, that of the model the function is added to.

    Raises:
        AdderSRError: ``opset`` lacks operators that the body needs.
    """
    from onnx import parser

    if opset < LOWEST_OPSET:
        raise AdderSRError(
            f"QLinearAdderConv's function body needs opset {LOWEST_OPSET} or newer, got {opset}."
        )
    function = parser.parse_function(_BODY.format(opset=opset, passed_on=PASSED_ON))
    function.doc_string = (
        "An adder layer in integers; see addersr's QLinearAdderConv specification."
    )
    return function
