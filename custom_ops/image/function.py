"""The two ops as functions of standard ONNX operators.

Integers are int32: its products and sums are exact. A shift to the right is a division that
rounds towards 0, of what a multiple of the divisor has made positive. Edges are replicated by
Gather, since Pad takes no tensors without pixels.
"""

from typing import TYPE_CHECKING

import numpy as np

from addersr.custom_ops.convolution.function import check_opset
from addersr.custom_ops.image import reference
from addersr.custom_ops.image.filter import UNIT

if TYPE_CHECKING:
    import onnx


def _integers(values: "np.ndarray[tuple[int, ...], np.dtype[np.int32]]") -> str:
    sizes = ",".join(map(str, values.shape))
    return f"Constant <value = int32[{sizes}] {{{', '.join(map(str, values.ravel()))}}}> ()"


def _real(value: np.float32) -> str:
    # float32 in its own shortest decimals, which the parser reads as such.
    text = np.format_float_positional(value, unique=True, trim="0")
    return f"Constant <value_float = {text}> ()"


def _shifted(before: str, after: str, bits: int) -> str:
    """The lines of ``after = (before + 2^(bits-1)) >> bits``; ``before`` is within ±2^30 - 2^14."""
    raised = 1 << (30 - bits)
    return f"""
  {after}_half = Constant <value = int32 {{{(raised << bits) + (1 << (bits - 1))}}}> ()
  {after}_unit = Constant <value = int32 {{{1 << bits}}}> ()
  {after}_raised = Constant <value = int32 {{{raised}}}> ()
  {after}_positive = Add ({before}, {after}_half)
  {after}_units = Div ({after}_positive, {after}_unit)
  {after} = Sub ({after}_units, {after}_raised)
"""


def _places(size: str) -> str:
    """The lines of {size}_places, [size, 5]: the source pixels of each pixel, {size} int64 [1]."""
    return f"""
  {size}_last = Sub ({size}, one)
  {size}_scalar = Squeeze ({size}, first_axis)
  {size}_range = Range (zero_index, {size}_scalar, one_index)
  {size}_column = Unsqueeze ({size}_range, second_axis)
  {size}_open = Add ({size}_column, offsets)
  {size}_from_0 = Max ({size}_open, zero_index)
  {size}_places = Min ({size}_from_0, {size}_last)
"""


_LUMA = f"""
RgbToLuma (X) => (Y)
{{
  pixels = Cast <to = 6> (X)
  weights = {_integers(reference.LUMA_WEIGHTS[:, np.newaxis])}
  sums = MatMul (pixels, weights)
  reals = Cast <to = 1> (sums)
  factor = {_real(reference.LUMA_FACTOR)}
  offset = {_real(reference.LUMA_OFFSET)}
  products = Mul (reals, factor)
  last = Add (products, offset)
  Y = Transpose <perm = [0, 3, 1, 2]> (last)
}}"""

_RGB = f"""
LumaToRgb (Y, X, filter) => (Z)
{{
  one = Constant <value_ints = [1]> ()
  two = Constant <value_ints = [2]> ()
  first_axis = Constant <value_ints = [0]> ()
  second_axis = Constant <value_ints = [1]> ()
  zero_index = Constant <value_int = 0> ()
  one_index = Constant <value_int = 1> ()
  offsets = Constant <value_ints = [-2, -1, 0, 1, 2]> ()
  batch = Shape <start = 0, end = 1> (X)
  height = Shape <start = 1, end = 2> (X)
  width = Shape <start = 2, end = 3> (X)
  scale = Shape <start = 0, end = 1> (filter)
  tall = Mul (height, scale)
  wide = Mul (width, scale)
  rows = Cast <to = 6> (filter)
  weights = Transpose <perm = [1, 0]> (rows)

  pixels = Cast <to = 6> (X)
  chroma_weights = {_integers(reference.CHROMA_WEIGHTS)}
  chroma_sums = MatMul (pixels, chroma_weights)
  {_shifted("chroma_sums", "chroma", reference.CHROMA_SHIFT)}

  # Rows: [N, H, W, 2, 5] → [N, H, W, 2, s] → [N, sH, W, 2].
  {_places("height")}
  above = Gather <axis = 1> (chroma, height_places)
  above_last = Transpose <perm = [0, 1, 3, 4, 2]> (above)
  tall_sums = MatMul (above_last, weights)
  {_shifted("tall_sums", "tall_phases", UNIT.bit_length() - 1)}
  tall_placed = Transpose <perm = [0, 1, 4, 2, 3]> (tall_phases)
  tall_shape = Concat <axis = 0> (batch, tall, width, two)
  tall_chroma = Reshape <allowzero = 1> (tall_placed, tall_shape)

  # Columns: [N, sH, W, 2, 5] → [N, sH, W, 2, s] → [N, sH, sW, 2].
  {_places("width")}
  beside = Gather <axis = 2> (tall_chroma, width_places)
  beside_last = Transpose <perm = [0, 1, 2, 4, 3]> (beside)
  wide_sums = MatMul (beside_last, weights)
  {_shifted("wide_sums", "wide_phases", UNIT.bit_length() - 1)}
  wide_placed = Transpose <perm = [0, 1, 2, 4, 3]> (wide_phases)
  wide_shape = Concat <axis = 0> (batch, tall, wide, two)
  enlarged = Reshape <allowzero = 1> (wide_placed, wide_shape)
  colour_weights = {_integers(reference.COLOUR_WEIGHTS)}
  colour_sums = MatMul (enlarged, colour_weights)
  colour_reals = Cast <to = 1> (colour_sums)
  colour_factor = {_real(reference.COLOUR_FACTOR)}
  colours = Mul (colour_reals, colour_factor)

  least = {_real(reference.LEAST)}
  most = {_real(reference.MOST)}
  not_a_number = IsNaN (Y)
  numbers = Where (not_a_number, least, Y)
  not_below = Max (numbers, least)
  limited = Min (not_below, most)
  full_factor = {_real(reference.FULL_FACTOR)}
  full_offset = {_real(reference.FULL_OFFSET)}
  full_products = Mul (limited, full_factor)
  full = Sub (full_products, full_offset)
  full_shape = Concat <axis = 0> (batch, tall, wide, one)
  full_last = Reshape <allowzero = 1> (full, full_shape)
  joined = Add (full_last, colours)
  black = Constant <value_float = 0.0> ()
  white = Constant <value_float = 255.0> ()
  not_black = Max (joined, black)
  clamped = Min (not_black, white)
  rounded = Round (clamped)
  Z = Cast <to = 2> (rounded)
}}"""


def image_functions(opset: int = 18) -> "list[onnx.FunctionProto]":
    """The bodies of the two ops (domain ``ai.addersr``) for a model's ``functions``.

    Args:
        opset: version of the standard operators, that of the model the functions are added to.

    Raises:
        AdderSRError: ``opset`` lacks operators that the bodies need.
    """
    from onnx import parser

    functions = []
    for name, body in (("RgbToLuma", _LUMA), ("LumaToRgb", _RGB)):
        check_opset(name, opset)
        domains = f'<domain: "ai.addersr", opset_import: ["": {opset}]>'
        function = parser.parse_function(domains + body)
        function.doc_string = f"See addersr's specification of {name}."
        functions.append(function)
    return functions
