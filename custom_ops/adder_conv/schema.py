"""AdderConv's schema for the onnx package: types, attributes, documentation and output shape.

With the schema registered, onnx's checker, shape inference and printer, and the exporters that
build on them, treat the op like an ONNX operator.
"""

import onnx
from onnx.shape_inference import InferenceContext

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.convolution import inference
from addersr.errors import AdderSRError

_Schema = onnx.defs.OpSchema

_DOC = """
The convolution of adder networks (Chen et al., CVPR 2020, eq. 2): where Conv multiplies,
AdderConv takes the absolute difference.

    Y[n, o] = B[o] - sum over taps |X - W[o]|

X is padded with zeros, and a padded tap counts like any other: it adds -|W|. All inputs are
required; a filter without bias has B = 0. Attributes and output shape are those of Conv with two
spatial dimensions.
"""


def register_schema() -> None:
    """Make AdderConv known to the onnx package; a second call does nothing."""
    if not onnx.defs.has("AdderConv", DOMAIN):
        onnx.defs.register_schema(_schema())


def _schema() -> onnx.defs.OpSchema:
    schema = _Schema(
        "AdderConv",
        DOMAIN,
        VERSION,
        doc=_DOC,
        inputs=[
            _Schema.FormalParameter("X", "T", "Input, [N, C, H, W]."),
            _Schema.FormalParameter("W", "T", "Filters, [O, C/group, kh, kw]."),
            _Schema.FormalParameter("B", "T", "Bias, [O]."),
        ],
        outputs=[_Schema.FormalParameter("Y", "T", "Output, [N, O, OH, OW].")],
        type_constraints=[("T", ["tensor(float)"], "32-bit floats.")],
        attributes=inference.schema_attributes(),
    )
    schema.set_type_and_shape_inference_function(_infer)
    return schema


def _infer(context: InferenceContext) -> None:
    """Type and shape of Y; a wrong node raises AdderSRError out of onnx's shape inference."""
    x, w, b = (inference.input_dims(context, i) for i in range(3))
    y = onnx.TypeProto()
    y.tensor_type.elem_type = onnx.TensorProto.FLOAT
    if x is not None and w is not None:
        attributes = inference.node_attributes(context, "AdderConv")
        y.tensor_type.shape.dim.extend(inference.output_dims(x, w, attributes))
        if b is not None:
            filters = inference.sizes(w)[:1]
            if [len(b), *inference.sizes(b)] not in ([1, None], [1, *filters]):
                raise AdderSRError(
                    f"AdderConv expects one bias per filter, shape {filters}, "
                    f"got {inference.sizes(b)}."
                )
    context.set_output_type(0, y)
