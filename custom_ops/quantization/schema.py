"""The schemas of the three ops for the onnx package: types, attributes and output shapes."""

from collections.abc import Callable, Sequence

import onnx
from onnx.shape_inference import InferenceContext

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.convolution import inference
from addersr.custom_ops.quantization.reference import output_planes
from addersr.custom_ops.requantization.schema import DATA
from addersr.errors import AdderSRError

_Schema = onnx.defs.OpSchema
_Dim = onnx.TensorShapeProto.Dimension

_FLOAT = "tensor(float)"
_PER_CHANNEL = "[1] or [C]"
_BITS = ("bits", "Bits of the output: 1 to 8 for uint8, 2 to 16 for int16.")
_MULTIPLIER = ("multiplier", _FLOAT, f"Within ±2^64, {_PER_CHANNEL}.")


def register_schemas() -> None:
    """Make the three ops known to the onnx package; a second call does nothing."""
    _register(
        "QuantizeChannelsLast",
        "Y = clamp(round(X * multiplier) + zero_point), from [N, C, H, W] to [N, H, W, C].",
        [
            ("X", _FLOAT, "Image, [N, C, H, W]."),
            _MULTIPLIER,
            ("zero_point", "T", f"Of Y, {_PER_CHANNEL}."),
        ],
        "T",
        _BITS,
        _infer_quantize,
    )
    _register(
        "DequantizeChannelsFirst",
        "Y = (X - zero_point) * multiplier with depth to space, plus the enlarged anchor.",
        [
            ("X", "T", "[N, H, W, C]."),
            _MULTIPLIER,
            ("zero_point", "T", f"Of X, {_PER_CHANNEL}."),
            ("anchor", _FLOAT, "[N, C/b², H, W], repeated b x b times, or [1, 1, 1, 1]."),
        ],
        _FLOAT,
        ("blocksize", "b, 1 to 8."),
        _infer_dequantize,
    )
    _register(
        "RequantizeChannelsLast",
        "Y = clamp(round((X - x_zero_point) * multiplier) + y_zero_point).",
        [
            ("X", "T1", "[N, H, W, C]."),
            ("x_zero_point", "T1", f"Of X, {_PER_CHANNEL}."),
            _MULTIPLIER,
            ("y_zero_point", "T2", f"Of Y, {_PER_CHANNEL}."),
        ],
        "T2",
        _BITS,
        _infer_requantize,
    )


def _register(
    op: str,
    doc: str,
    inputs: Sequence[tuple[str, str, str]],
    output: str,
    attribute: tuple[str, str],
    infer: Callable[[InferenceContext], None],
) -> None:
    if onnx.defs.has(op, DOMAIN):
        return
    types = sorted({one[1] for one in inputs if one[1].startswith("T")})
    schema = _Schema(
        op,
        DOMAIN,
        VERSION,
        doc=doc,
        inputs=[_Schema.FormalParameter(*one) for one in inputs],
        outputs=[_Schema.FormalParameter("Y", output, "Output.")],
        type_constraints=[(name, list(DATA), "Data in integers.") for name in types],
        attributes=[
            _Schema.Attribute(attribute[0], _Schema.AttrType.INT, attribute[1], required=True)
        ],
    )
    schema.set_type_and_shape_inference_function(infer)
    onnx.defs.register_schema(schema)


def _infer_quantize(context: InferenceContext) -> None:
    dims = _input(context, "QuantizeChannelsLast")
    y = None if dims is None else [dims[0], dims[2], dims[3], dims[1]]
    _set(context, _element(context, 2), y)


def _infer_requantize(context: InferenceContext) -> None:
    dims = _input(context, "RequantizeChannelsLast")
    _set(context, _element(context, 3), dims)


def _infer_dequantize(context: InferenceContext) -> None:
    dims = _input(context, "DequantizeChannelsFirst")
    block = inference.attribute(context, "blocksize")
    if dims is None or block is None:
        _set(context, onnx.TensorProto.FLOAT, None)
        return
    channels = inference.sizes(dims)[3]
    planes = output_planes(0 if channels is None else channels, block)
    y = [dims[0], _Dim() if channels is None else _Dim(dim_value=planes)]
    for dim, size in zip(dims[1:3], inference.sizes(dims)[1:3], strict=True):
        if size is not None:
            y.append(_Dim(dim_value=size * block))
        else:
            y.append(dim if block == 1 else _Dim())
    _set(context, onnx.TensorProto.FLOAT, y)


def _element(context: InferenceContext, index: int) -> int:
    element: int = context.get_input_type(index).tensor_type.elem_type
    return element


def _input(context: InferenceContext, op: str) -> inference.Dims | None:
    dims = inference.input_dims(context, 0)
    if dims is not None and len(dims) != 4:
        raise AdderSRError(f"{op} expects X of 4 dimensions, got {len(dims)}.")
    return dims


def _set(context: InferenceContext, element: int, dims: inference.Dims | None) -> None:
    y = onnx.TypeProto()
    y.tensor_type.elem_type = element
    if dims is not None:
        y.tensor_type.shape.dim.extend(dims)
    context.set_output_type(0, y)
