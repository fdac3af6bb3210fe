"""Shape inference that the schemas of the adder ops share. Needs onnx."""

from collections.abc import Sequence
from typing import Any

import onnx
from onnx.shape_inference import InferenceContext

from addersr.custom_ops.convolution.geometry import Attributes, output_shape
from addersr.errors import AdderSRError

Dims = Sequence[onnx.TensorShapeProto.Dimension]

_Schema = onnx.defs.OpSchema

#: Name, description and, where it is a value, default: absent lists mean ones (pads: zeros).
ATTRIBUTES: tuple[tuple[str, str, object], ...] = (
    ("auto_pad", "NOTSET, SAME_UPPER, SAME_LOWER or VALID, as in Conv.", "NOTSET"),
    ("dilations", "Vertical and horizontal distance between taps; 1 if absent.", None),
    ("group", "Number of groups of channels and filters.", 1),
    ("kernel_shape", "Height and width of W, which gives them if this is absent.", None),
    ("pads", "Zeros at the top, left, bottom and right; 0 if absent.", None),
    ("strides", "Vertical and horizontal step between output pixels; 1 if absent.", None),
)


def schema_attributes() -> list[onnx.defs.OpSchema.Attribute]:
    """``ATTRIBUTES`` as a schema wants them."""
    return [schema_attribute(*attribute) for attribute in ATTRIBUTES]


def schema_attribute(name: str, description: str, default: object) -> onnx.defs.OpSchema.Attribute:
    """One attribute: a list of integers without a default, or a value with one."""
    if default is None:
        return _Schema.Attribute(name, _Schema.AttrType.INTS, description, required=False)
    return _Schema.Attribute(name, onnx.helper.make_attribute(name, default), description)


def node_attributes(context: InferenceContext, op: str) -> Attributes:
    """The checked attributes of the node at hand.

    Raises:
        AdderSRError: one of them is wrong.
    """
    given = {name: attribute(context, name) for name, _, _ in ATTRIBUTES}
    values = {name: value for name, value in given.items() if value is not None}
    return Attributes(**values, op=op)


def attribute(context: InferenceContext, name: str) -> Any:
    """The value of one attribute, or None."""
    proto = context.get_attribute(name)
    if proto is None:
        return None
    value = onnx.helper.get_attribute_value(proto)
    return value.decode() if isinstance(value, bytes) else value


def input_dims(context: InferenceContext, index: int) -> Dims | None:
    """Dimensions of an input, or None if its rank is not known."""
    input_type = context.get_input_type(index) if index < context.get_num_inputs() else None
    if input_type is None or not input_type.tensor_type.HasField("shape"):
        return None
    return list(input_type.tensor_type.shape.dim)


def sizes(dims: Dims) -> list[int | None]:
    """The sizes that are known, None for the others."""
    return [dim.dim_value if dim.HasField("dim_value") else None for dim in dims]


def output_dims(
    x: Dims, w: Dims, attributes: Attributes, *, channels_last: bool = False
) -> list[onnx.TensorShapeProto.Dimension]:
    """Dimensions of Y: numbers where they follow, symbols of X where they stay, else unknown.

    Args:
        x: of X, channels last if ``channels_last``; so is the result.
        w: of W, ``[O, C/group, kh, kw]``.

    Raises:
        AdderSRError: X and W do not go together.
    """
    if len(x) != 4 or len(w) != 4:
        raise AdderSRError(
            f"{attributes.op} expects X and W of 4 dimensions, got {len(x)} and {len(w)}."
        )
    if channels_last:
        batch, filters, *size = _output_dims([x[0], x[3], x[1], x[2]], w, attributes)
        return [batch, *size, filters]
    return _output_dims(x, w, attributes)


def _output_dims(x: Dims, w: Dims, attributes: Attributes) -> list[onnx.TensorShapeProto.Dimension]:
    unknown = onnx.TensorShapeProto.Dimension()
    x_sizes = sizes(x)
    w_sizes = [size for size in sizes(w) if size is not None]
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
