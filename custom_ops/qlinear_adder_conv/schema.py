"""QLinearAdderConv's schema for the onnx package: types, attributes and output shape."""

import onnx
from onnx.shape_inference import InferenceContext

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.convolution import inference
from addersr.errors import AdderSRError

_Schema = onnx.defs.OpSchema

_DOC = """
An adder layer in integers, channels last, with its requantisation:

    S[n, o] = sum over taps |X - W[o]|
    t = round(clip(float(offset - S) * multiplier + bias + float(Z - z_zero_point) * z_multiplier))
    Y = clip((table[t] + round(float(R - r_zero_point) * r_multiplier)) >> table_fraction)

X and W share one scale. Padding is with x_zero_point, and padded taps count. All inputs are
required; a residual that is not there is its zero point, [1, 1, 1, 1].
"""

_PER_OUTPUT = "[1] or [O]"
#: Name, type and description.
_INPUTS = (
    ("X", "T", "Input, [N, H, W, C]."),
    ("W", "T", "Filters, [O, C/group, kh, kw]."),
    ("x_zero_point", "T", "Value of padding, [1] or [C]."),
    ("offset", "tensor(int32)", f"Minuend of the sums, {_PER_OUTPUT}."),
    ("multiplier", "tensor(float)", f"Steps of t per unit of the difference, {_PER_OUTPUT}."),
    ("bias", "tensor(float)", f"In steps of t, {_PER_OUTPUT}."),
    ("Z", "T", "Residual before the activation, [N, OH, OW, O] or [1, 1, 1, 1]."),
    ("z_zero_point", "T", f"Of Z, {_PER_OUTPUT}."),
    ("z_multiplier", "tensor(float)", f"Steps of t per unit of Z, {_PER_OUTPUT}."),
    ("table", "tensor(int16)", "The activation of each t, [1 or O, size]."),
    ("R", "T", "Residual after the activation, [N, OH, OW, O] or [1, 1, 1, 1]."),
    ("r_zero_point", "T", f"Of R, {_PER_OUTPUT}."),
    ("r_multiplier", "tensor(float)", f"Units of the table per unit of R, {_PER_OUTPUT}."),
)


def register_schema() -> None:
    """Make QLinearAdderConv known to the onnx package; a second call does nothing."""
    if onnx.defs.has("QLinearAdderConv", DOMAIN):
        return
    integers = (
        ("bits", "Bits of the data: 1 to 8 for uint8, 2 to 16 for int16."),
        ("table_fraction", "Binary places of the table, 0 to 8."),
    )
    schema = _Schema(
        "QLinearAdderConv",
        DOMAIN,
        VERSION,
        doc=_DOC,
        inputs=[_Schema.FormalParameter(*one[:2], one[2]) for one in _INPUTS],
        outputs=[_Schema.FormalParameter("Y", "T", "Output, [N, OH, OW, O].")],
        type_constraints=[("T", ["tensor(uint8)", "tensor(int16)"], "The type of the data.")],
        attributes=[
            *inference.schema_attributes(),
            *(
                _Schema.Attribute(name, _Schema.AttrType.INT, text, required=True)
                for name, text in integers
            ),
        ],
    )
    schema.set_type_and_shape_inference_function(_infer)
    onnx.defs.register_schema(schema)


def _infer(context: InferenceContext) -> None:
    """Type and shape of Y; a wrong node raises AdderSRError out of onnx's shape inference."""
    x, w = (inference.input_dims(context, i) for i in range(2))
    y = onnx.TypeProto()
    y.tensor_type.elem_type = context.get_input_type(0).tensor_type.elem_type
    if x is not None and w is not None:
        attributes = inference.node_attributes(context, "QLinearAdderConv")
        dims = inference.output_dims(x, w, attributes, channels_last=True)
        y.tensor_type.shape.dim.extend(dims)
        outputs = inference.sizes(w)[0]
        for index, (name, _, text) in enumerate(_INPUTS):
            values = inference.input_dims(context, index)
            if values is None or _PER_OUTPUT not in text:
                continue
            if [len(values), *inference.sizes(values)] not in ([1, None], [1, 1], [1, outputs]):
                raise AdderSRError(
                    f"QLinearAdderConv expects {name} to have 1 value or one per filter "
                    f"({outputs}), got {inference.sizes(values)}."
                )
    context.set_output_type(0, y)
