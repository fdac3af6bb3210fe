"""QLinearFusedConv's schema for the onnx package: types, attributes and output shape."""

from addersr.custom_ops.requantization.schema import register_layer

_DOC = """
A convolution in integers, channels last, with its requantisation:

    S[n, o] = sum over taps (X - x_zero_point) * W[o]
    t = round(clip(float(S + offset) * multiplier + bias + float(Z - z_zero_point) * z_multiplier))
    Y = clip((table[t] + round(float(R - r_zero_point) * r_multiplier)) >> table_fraction)

Padding is with x_zero_point, which contributes 0. All inputs are required; a residual that is not
there is its zero point, [1, 1, 1, 1].
"""

_FIRST = (
    ("X", "T1", "Input, [N, H, W, C]."),
    ("W", "tensor(int16)", "Filters, [O, C/group, kh, kw]."),
    ("x_zero_point", "T1", "Value of padding, [1] or [C]."),
)


def register_schema() -> None:
    """Make QLinearFusedConv known to the onnx package; a second call does nothing."""
    register_layer(
        "QLinearFusedConv",
        _DOC,
        _FIRST,
        [("T1", "The type of the input."), ("T2", "The type of residuals and output.")],
        [("x_bits", "Bits of the input: 1 to 8 for uint8, 2 to 16 for int16.")],
    )
