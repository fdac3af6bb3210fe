"""The shapes of all tensors of an ONNX model, for one size of the image."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import onnx

from addersr.custom_ops.adder_conv import schema as adder_conv
from addersr.custom_ops.fused_adder_conv import schema as fused_adder_conv
from addersr.custom_ops.image import schema as image
from addersr.custom_ops.qlinear_adder_conv import schema as qlinear_adder_conv
from addersr.custom_ops.qlinear_fused_conv import schema as qlinear_fused_conv
from addersr.custom_ops.quantization import schema as quantization
from addersr.errors import AdderSRError
from addersr.export.counts.graph import Tensor

Size = tuple[int, int]
"""Height and width."""


@dataclass(frozen=True)
class Shapes:
    """A model for one size of the image."""

    model: onnx.ModelProto
    input: str
    output: str
    tensors: Mapping[str, Tensor]


def infer_shapes(model: onnx.ModelProto, size: Size, name: str) -> Shapes:
    """The shapes in ``model`` for an image of ``size``, whatever size it was exported for.

    Args:
        model: with one input, [N, C, H, W], or uint8 [N, H, W, 3]; it is not changed.
        size: of the image.
        name: of the file, for error messages.

    Raises:
        AdderSRError: more than one input or output, or one of another shape; or the model does not
            fit together at that size.
    """
    for layer in (adder_conv, fused_adder_conv, qlinear_adder_conv, qlinear_fused_conv):
        layer.register_schema()
    for border in (quantization, image):
        border.register_schemas()
    sized = onnx.ModelProto()
    sized.CopyFrom(model)
    # The schemas say what the bodies would, and sooner what is wrong.
    del sized.functions[:]
    del sized.graph.value_info[:]
    stored = {one.name for one in sized.graph.initializer}
    inputs = [one for one in sized.graph.input if one.name not in stored]
    if len(inputs) != 1 or len(sized.graph.output) != 1:
        raise AdderSRError(
            f"{name} has {len(inputs)} inputs and {len(sized.graph.output)} outputs: expected a "
            "super-resolution network with one of each."
        )
    _set_size(inputs[0], size, name)
    sized.graph.output[0].type.tensor_type.ClearField("shape")
    try:
        inferred = onnx.shape_inference.infer_shapes(sized, strict_mode=True, data_prop=True)
    except onnx.shape_inference.InferenceError as error:
        raise AdderSRError(
            f"{name} does not fit together for an image of {size[1]}x{size[0]}: {_sentence(error)}."
        ) from error
    return Shapes(inferred, inputs[0].name, inferred.graph.output[0].name, _tensors(inferred))


def output_size(shapes: Shapes, name: str) -> Size:
    """Height and width of the picture that comes out.

    Raises:
        AdderSRError: it is no picture.
    """
    tensor = shapes.tensors.get(shapes.output)
    if tensor is None or len(tensor.shape) != 4:
        raise AdderSRError(f"The output of {name} has no shape of a picture: [N, C, H, W].")
    _, *rest = tensor.shape
    return (rest[0], rest[1]) if _is_pixels(shapes.model.graph.output[0]) else (rest[1], rest[2])


def _sentence(error: Exception) -> str:
    """onnx's last line, without its codes, and the node that it names."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[-1]
    node = re.search(r"node name: ?([^()]+)\)", line)
    text = re.split(r"\[\w+Error\] ?", line)[-1].rstrip(".")
    return f"{text} (node {node[1]})" if node else text


def _set_size(value: onnx.ValueInfoProto, size: Size, name: str) -> None:
    dims = value.type.tensor_type.shape.dim
    if len(dims) != 4:
        raise AdderSRError(
            f"The input of {name} has {len(dims)} dimensions: expected a picture, [N, C, H, W]."
        )
    height, width = (1, 2) if _is_pixels(value) else (2, 3)
    channels = dims[6 - height - width]
    if not channels.HasField("dim_value"):
        raise AdderSRError(f"The input of {name} has a free number of channels: export it again.")
    for axis, number in ((0, 1), (height, size[0]), (width, size[1])):
        dims[axis].ClearField("value")
        dims[axis].dim_value = number


def _is_pixels(value: onnx.ValueInfoProto) -> bool:
    """Whether it is a picture of bytes, [N, H, W, 3]."""
    return int(value.type.tensor_type.elem_type) == onnx.TensorProto.UINT8


def _tensors(model: onnx.ModelProto) -> dict[str, Tensor]:
    """All tensors whose shape is known."""
    graph = model.graph
    tensors = {
        one.name: Tensor(tuple(one.dims), value_bytes(one.data_type)) for one in graph.initializer
    }
    for value in (*graph.input, *graph.value_info, *graph.output):
        kind = value.type.tensor_type
        dims = kind.shape.dim
        if kind.HasField("shape") and all(dim.HasField("dim_value") for dim in dims):
            shape = tuple(dim.dim_value for dim in dims)
            tensors[value.name] = Tensor(shape, value_bytes(kind.elem_type))
    return tensors


def value_bytes(element: int) -> int:
    """Bytes of a value of a type of ``onnx.TensorProto``."""
    return onnx.helper.tensor_dtype_to_np_dtype(element).itemsize
