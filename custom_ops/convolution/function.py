"""What the function bodies of convolutions share: the attributes and, in integers, the sums."""

from addersr.errors import AdderSRError

# Shape with start and end, ReduceProd with axes as input: nothing older has both.
LOWEST_OPSET = 18

#: The attributes of a node that a Conv in its body needs, except for the group.
PASSED_ON = (
    "auto_pad: string = @auto_pad, dilations: ints = @dilations, "
    "kernel_shape: ints = @kernel_shape, pads: ints = @pads, strides: ints = @strides"
)

# G groups of M filters each; K taps per filter, T of them per channel.
_TAP_SUMS = """
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

  # Without their zero points, which differ from channel to channel.
  zero_point = Cast <to = 6> (x_zero_point)
  zero_points = Expand (zero_point, x_channels)
  x_integers = Cast <to = 6> (X)
  x_centred = Sub (x_integers, zero_points)
  x_reals = Cast <to = 1> (x_centred)
  x_first = Transpose <perm = [0, 3, 1, 2]> (x_reals)
  w_integers = Cast <to = 6> (W)
  w_shape = Concat <axis = 0> (groups, group_filters, channels, kernel_taps)
  w_grouped = Reshape (w_integers, w_shape)
{weights}
  weights_shape = Concat <axis = 0> (groups, group_filters, taps, one)
  weights = Reshape (w_terms, weights_shape)

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
{term}
    sums_after = Add (sums_before, term)
  }}> (taps, go_on, no_sums)
  sums_first = Reshape <allowzero = 1> (sums, y_shape)
  all_sums = Transpose <perm = [0, 2, 3, 1]> (sums_first)
"""


def check_opset(op: str, opset: int) -> None:
    """Refuse an ``opset`` that lacks operators that the body of ``op`` needs.

    Raises:
        AdderSRError: it is too old.
    """
    if opset < LOWEST_OPSET:
        raise AdderSRError(
            f"{op}'s function body needs opset {LOWEST_OPSET} or newer, got {opset}."
        )


def tap_sums(*, weights: str, term: str) -> str:
    """The lines that sum over taps in int32, channels last: from X, W and x_zero_point to all_sums.

    One tap after the other, as in AdderConv's body; the zero points are subtracted first, so that
    padding is zero. ``one``, ``filters`` and ``zero_points`` are of use afterwards.

    Args:
        weights: lines that make w_terms of w_grouped, ``[G, M, C/group, kh kw]``.
        term: lines that make the value ``term`` of pixels and tap_weights.
    """
    return _TAP_SUMS.format(passed_on=PASSED_ON, weights=weights, term=term)
