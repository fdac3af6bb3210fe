"""QLinearAdderConv's schema for the onnx package: types, attributes and output shape."""

from addersr.custom_ops.requantization.schema import register_layer

_DOC = """
An adder layer in integers, channels last, with its requantisation:

    S[n, o] = sum over taps |X - W[o]|
    t = round(clip(float(offset - S) * multiplier + bias + float(Z - z_zero_point) * z_multiplier))
    Y = clip((table[t] + round(float(R - r_zero_point) * r_multiplier)) >> table_fraction)

X and W share one scale. Padding is with x_zero_point, and padded taps count. All inputs are
required; a residual that is not there is its zero point, [1, 1, 1, 1].
"""

_FIRST = (
    ("X", "T", "Input, [N, H, W, C]."),
    ("W", "T", "Filters, [O, C/group, kh, kw]."),
    ("x_zero_point", "T", "Value of padding, [1] or [C]."),
)


def register_schema() -> None:
    """Make QLinearAdderConv known to the onnx package; a second call does nothing."""
    register_layer("QLinearAdderConv", _DOC, _FIRST, [("T", "The type of the data.")])
