"""AdderConv's schema for the onnx package: types, attributes, documentation and output shape.

With the schema registered, onnx's checker, shape inference and printer, and the exporters that
build on them, treat the op like an ONNX operator.
"""

from collections.abc import Sequence
from typing import Any

import onnx
from onnx.shape_inference import InferenceContext

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.adder_conv.geometry import Attributes, output_shape
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

# Name, description and, where it is a value, default: absent lists mean ones (pads: zeros).
_ATTRIBUTES: tuple[tuple[str, str, object], ...] = (
    ("auto_pad", "NOTSET, SAME_UPPER, SAME_LOWER or VALID, as in Conv.", "NOTSET"),
    ("dilations", "Vertical and horizontal distance between taps; 1 if absent.", None),
    ("group", "Number of groups of channels and filters.", 1),
    ("kernel_shape", "Height and width of W, which gives them if this is absent.", None),
    ("pads", "Zeros at the top, left, bottom and right; 0 if absent.", None),
    ("strides", "Vertical and horizontal step between output pixels; 1 if absent.", None),
)


def register_schema() -> None:
    """Make AdderConv known to the onnx package; a second call does nothing."""
    if not onnx.defs.has("AdderConv", DOMAIN):
        onnx.defs.register_schema(_schema())


def _schema() -> onnx.defs.OpSchema:
    attributes = [
        _Schema.Attribute(name, _Schema.AttrType.INTS, description, required=False)
        if default is None
        else _Schema.Attribute(name, onnx.helper.make_attribute(name, default), description)
        for name, description, default in _ATTRIBUTES
    ]
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
        attributes=attributes,
    )
    schema.set_type_and_shape_inference_function(_infer)
    return schema


def _infer(context: InferenceContext) -> None:
    """Type and shape of Y; a wrong node raises AdderSRError out of onnx's shape inference."""
    x, w, b = (_input_dims(context, i) for i in range(3))
    y = onnx.TypeProto()
    y.tensor_type.elem_type = onnx.TensorProto.FLOAT
    if x is not None and w is not None:
        if len(x) != 4 or len(w) != 4:
            raise AdderSRError(
                f"AdderConv expects X and W of 4 dimensions, got {len(x)} and {len(w)}."
            )
        if b is not None and [len(b), *_sizes(b)] not in ([1, None], [1, _sizes(w)[0]]):
            raise AdderSRError(
                f"AdderConv expects one bias per filter, shape {_sizes(w)[:1]}, got {_sizes(b)}."
            )
        y.tensor_type.shape.dim.extend(_output_dims(x, w, _attributes(context)))
    context.set_output_type(0, y)


def _output_dims(
    x: Sequence[onnx.TensorShapeProto.Dimension],
    w: Sequence[onnx.TensorShapeProto.Dimension],
    attributes: Attributes,
) -> list[onnx.TensorShapeProto.Dimension]:
    """Dimensions of Y: numbers where they follow, symbols of X where they stay, else unknown."""
    unknown = onnx.TensorShapeProto.Dimension()
    x_sizes = _sizes(x)
    w_sizes = [size for size in _sizes(w) if size is not None]
    if len(w_sizes) < 4:
        return [x[0], w[0], unknown, unknown]
    # Where X's size is not known, one that always fits stands in for it, so that the rest is
    # checked; what comes out for that axis is not used.
    fitting = [1, w_sizes[1] * attributes.group]
    fitting += [attributes.extent(axis, w_sizes[axis + 2]) for axis in (0, 1)]
    assumed = [fit if size is None else size for size, fit in zip(x_sizes, fitting, strict=True)]
    y_sizes = output_shape(assumed, w_sizes, attributes)
    dims = [x[0], w[0]]
    for axis in (0, 1):
        if x_sizes[axis + 2] is not None:
            dims.append(onnx.TensorShapeProto.Dimension(dim_value=y_sizes[axis + 2]))
        elif attributes.keeps_size(axis, w_sizes[axis + 2]):
            dims.append(x[axis + 2])
        else:
            dims.append(unknown)
    return dims


def _input_dims(
    context: InferenceContext, index: int
) -> Sequence[onnx.TensorShapeProto.Dimension] | None:
    """Dimensions of an input, or None if its rank is not known."""
    input_type = context.get_input_type(index) if index < context.get_num_inputs() else None
    if input_type is None or not input_type.tensor_type.HasField("shape"):
        return None
    return list(input_type.tensor_type.shape.dim)


def _sizes(dims: Sequence[onnx.TensorShapeProto.Dimension]) -> list[int | None]:
    return [dim.dim_value if dim.HasField("dim_value") else None for dim in dims]


def _attributes(context: InferenceContext) -> Attributes:
    values: dict[str, Any] = {}
    for name, _, _ in _ATTRIBUTES:
        attribute = context.get_attribute(name)
        if attribute is not None:
            value = onnx.helper.get_attribute_value(attribute)
            values[name] = value.decode() if isinstance(value, bytes) else value
    return Attributes(**values)
