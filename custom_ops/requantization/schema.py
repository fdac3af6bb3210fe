"""What the schemas of layers with a requantisation share: inputs, attributes, output shape."""

from collections.abc import Sequence

import onnx
from onnx.shape_inference import InferenceContext

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.convolution import inference
from addersr.errors import AdderSRError

_Schema = onnx.defs.OpSchema

#: The types of data.
DATA = ("tensor(uint8)", "tensor(int16)")

#: Name, type and description of an input.
Input = tuple[str, str, str]

_PER_OUTPUT = "[1] or [O]"
_RESIDUAL = "[N, OH, OW, O] or [1, 1, 1, 1]"
_Z = 3


def _inputs(data: str) -> tuple[Input, ...]:
    """The inputs from the fourth on; ``data`` is the type of residuals and output."""
    return (
        ("offset", "tensor(int32)", f"What the sums go with, {_PER_OUTPUT}."),
        ("multiplier", "tensor(float)", f"Steps of t per unit of the sums, {_PER_OUTPUT}."),
        ("bias", "tensor(float)", f"In steps of t, {_PER_OUTPUT}."),
        ("Z", data, f"Residual before the activation, {_RESIDUAL}."),
        ("z_zero_point", data, f"Of Z, {_PER_OUTPUT}."),
        ("z_multiplier", "tensor(float)", f"Steps of t per unit of Z, {_PER_OUTPUT}."),
        ("table", "tensor(int16)", "The activation of each t, [1 or O, size]."),
        ("R", data, f"Residual after the activation, {_RESIDUAL}."),
        ("r_zero_point", data, f"Of R, {_PER_OUTPUT}."),
        ("r_multiplier", "tensor(float)", f"Units of the table per unit of R, {_PER_OUTPUT}."),
    )


def register_layer(
    op: str,
    doc: str,
    first: Sequence[Input],
    constraints: Sequence[tuple[str, str]],
    attributes: Sequence[tuple[str, str]] = (),
) -> None:
    """Make a layer known to the onnx package; a second call does nothing.

    Args:
        op, doc: name and documentation.
        first: the inputs X, W and x_zero_point.
        constraints: names of types that are uint8 or int16, and of what; the last is the output's.
        attributes: required integers of this op, and what they are.
    """
    if onnx.defs.has(op, DOMAIN):
        return
    data = constraints[-1][0]
    integers = (
        ("bits", "Bits of the output: 1 to 8 for uint8, 2 to 16 for int16."),
        ("table_fraction", "Binary places of the table, 0 to 8."),
        *attributes,
    )
    schema = _Schema(
        op,
        DOMAIN,
        VERSION,
        doc=doc,
        inputs=[_Schema.FormalParameter(*one) for one in (*first, *_inputs(data))],
        outputs=[_Schema.FormalParameter("Y", data, "Output, [N, OH, OW, O].")],
        type_constraints=[(name, list(DATA), text) for name, text in constraints],
        attributes=[
            *inference.schema_attributes(),
            *(
                _Schema.Attribute(name, _Schema.AttrType.INT, text, required=True)
                for name, text in integers
            ),
        ],
    )
    schema.set_type_and_shape_inference_function(lambda context: _infer(context, op))
    onnx.defs.register_schema(schema)


def _infer(context: InferenceContext, op: str) -> None:
    """Type and shape of Y; a wrong node raises AdderSRError out of onnx's shape inference."""
    x, w = (inference.input_dims(context, i) for i in range(2))
    y = onnx.TypeProto()
    y.tensor_type.elem_type = context.get_input_type(3 + _Z).tensor_type.elem_type
    if x is not None and w is not None:
        attributes = inference.node_attributes(context, op)
        y.tensor_type.shape.dim.extend(inference.output_dims(x, w, attributes, channels_last=True))
        outputs = inference.sizes(w)[0]
        for index, (name, _, text) in enumerate(_inputs("")):
            values = inference.input_dims(context, 3 + index)
            if values is None or _PER_OUTPUT not in text:
                continue
            if [len(values), *inference.sizes(values)] not in ([1, None], [1, 1], [1, outputs]):
                raise AdderSRError(
                    f"{op} expects {name} to have 1 value or one per filter "
                    f"({outputs}), got {inference.sizes(values)}."
                )
    context.set_output_type(0, y)
