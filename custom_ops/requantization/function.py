"""Requantisation as text of an ONNX function body: standard operators, one rounding each.

- ``bits`` and ``table_fraction`` have no defaults: a body cannot give them (onnx.inliner would
  ignore them), so a node must state them.
- Nothing tells a body its type. 300 survives a cast to int16 and back, but not one to uint8.
- A shift to the right is a multiplication by a power of two and Floor, exact below 2^24.
"""

#: From difference_integers, D of the specification, to Y, of the type of Z. ``one`` is [1] and
#: ``filters`` [O], both int64; the other names are inputs and attributes of the node.
REQUANTIZATION = """
  # Where D falls in the table's domain.
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
  probe_typed = CastLike (probe, Z)
  probe_back = Cast <to = 7> (probe_typed)
  is_signed = Equal (probe, probe_back)
  half_span = Div (span, two)
  below = Where (is_signed, half_span, zero_real)
  least = Neg (below)
  past = Add (least, span)
  most = Sub (past, one_real)
  clipped = Clip (shifted_down, least, most)
  integers = Cast <to = 6> (clipped)
  Y = CastLike (integers, Z)
"""
