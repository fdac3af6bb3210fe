"""The schemas of the two ops for the onnx package: types and output shapes."""

import onnx
from onnx.shape_inference import InferenceContext

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.convolution import inference
from addersr.custom_ops.image.filter import TAPS, check_scale
from addersr.errors import AdderSRError

_Schema = onnx.defs.OpSchema
_Dim = onnx.TensorShapeProto.Dimension

_PIXELS = ("X", "tensor(uint8)", "RGB picture, [N, H, W, 3].")


def register_schemas() -> None:
    """Make the two ops known to the onnx package; a second call does nothing."""
    if onnx.defs.has("RgbToLuma", DOMAIN):
        return
    luma = _Schema(
        "RgbToLuma",
        DOMAIN,
        VERSION,
        doc="Luma / 255 of an RGB picture: Y of BT.601 in limited range.",
        inputs=[_Schema.FormalParameter(*_PIXELS)],
        outputs=[_Schema.FormalParameter("Y", "tensor(float)", "[N, 1, H, W].")],
    )
    luma.set_type_and_shape_inference_function(_infer_luma)
    onnx.defs.register_schema(luma)
    rgb = _Schema(
        "LumaToRgb",
        DOMAIN,
        VERSION,
        doc="The RGB picture that has the luma Y and the enlarged chroma of X.",
        inputs=[
            _Schema.FormalParameter("Y", "tensor(float)", "Luma / 255, [N, 1, s H, s W]."),
            _Schema.FormalParameter(*_PIXELS),
            _Schema.FormalParameter("filter", "tensor(int16)", "Weights by phase, [s, 5]."),
        ],
        outputs=[_Schema.FormalParameter("Z", "tensor(uint8)", "[N, s H, s W, 3].")],
    )
    rgb.set_type_and_shape_inference_function(_infer_rgb)
    onnx.defs.register_schema(rgb)


def _infer_luma(context: InferenceContext) -> None:
    x = _pixel_dims(context, 0, "RgbToLuma")
    y = None if x is None else [x[0], _Dim(dim_value=1), x[1], x[2]]
    _set(context, onnx.TensorProto.FLOAT, y)


def _infer_rgb(context: InferenceContext) -> None:
    op = "LumaToRgb"
    x = _pixel_dims(context, 1, op)
    y = _dims(context, 0, op, "Y")
    scale = _scale(context, op)
    z: list[_Dim] | None = None
    if x is not None or y is not None:
        z = [_Dim(), _Dim(), _Dim(), _Dim(dim_value=3)]
    if z is not None and y is not None:
        z[0], z[1], z[2] = y[0], y[2], y[3]
        channels = inference.sizes(y)[1]
        if channels not in (None, 1):
            raise AdderSRError(f"{op} expects Y of shape [N, 1, s·H, s·W], got {channels} planes.")
    if z is not None and x is not None:
        for axis, size in enumerate(inference.sizes(x)[:3]):
            factor = 1 if axis == 0 else scale
            if size is None or factor is None:
                continue
            from_y = inference.sizes(z)[axis]
            if from_y not in (None, size * factor):
                raise AdderSRError(
                    f"{op} expects Y to have X's size times the rows of filter, {size * factor} "
                    f"of axis {axis} of the picture, got {from_y}."
                )
            z[axis] = _Dim(dim_value=size * factor)
    _set(context, onnx.TensorProto.UINT8, z)


def _scale(context: InferenceContext, op: str) -> int | None:
    dims = inference.input_dims(context, 2)
    if dims is None:
        return None
    sizes = inference.sizes(dims)
    if len(sizes) != 2 or sizes[1] not in (None, TAPS):
        raise AdderSRError(f"{op} expects filter of shape [s, {TAPS}], got {sizes}.")
    if sizes[0] is not None:
        check_scale(op, sizes[0])
    return sizes[0]


def _pixel_dims(context: InferenceContext, index: int, op: str) -> inference.Dims | None:
    dims = _dims(context, index, op, "X")
    if dims is not None and inference.sizes(dims)[3] not in (None, 3):
        raise AdderSRError(
            f"{op} expects X of shape [N, H, W, 3], got {inference.sizes(dims)[3]} channels."
        )
    return dims


def _dims(context: InferenceContext, index: int, op: str, name: str) -> inference.Dims | None:
    dims = inference.input_dims(context, index)
    if dims is not None and len(dims) != 4:
        raise AdderSRError(f"{op} expects {name} of 4 dimensions, got {len(dims)}.")
    return dims


def _set(context: InferenceContext, element: int, dims: inference.Dims | None) -> None:
    output = onnx.TypeProto()
    output.tensor_type.elem_type = element
    if dims is not None:
        output.tensor_type.shape.dim.extend(dims)
    context.set_output_type(0, output)
