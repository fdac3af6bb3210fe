"""FusedAdderConv's schema for the onnx package: types, attributes, documentation, output shape."""

import onnx
from onnx.shape_inference import InferenceContext

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.convolution import inference
from addersr.custom_ops.fused_adder_conv import INPUTS
from addersr.errors import AdderSRError

_Schema = onnx.defs.OpSchema
_OP = "FusedAdderConv"

_DOC = """
One layer of an adder network (AdderSR, CVPR 2021), the sum and everything that follows it:

    A = -sum over taps |X - W|          as AdderConv
    T = scale * A + bias + Z
    P = T * max(|T|, 1e-12) ^ (alpha - 1)
    Y = clip(PRelu(P, slope), clip_min, clip_max) + R

All inputs are required. Neutral values leave a step out: scale, alpha, slope 1; bias, Z, R 0;
clip_min and clip_max infinite. With channels_last = 1, X, Z, R and Y are [N, H, W, C].
"""

_DESCRIPTIONS = {
    "X": "Input, [N, C, H, W] or [N, H, W, C].",
    "W": "Filters, [O, C/group, kh, kw] in both layouts.",
    "scale": "Factors of the sums, [1] or [O].",
    "bias": "Added to the scaled sums, [1] or [O].",
    "Z": "Residual before the activations, [1, 1, 1, 1] or the shape of Y.",
    "alpha": "Exponents of the power activation, [1] or [O], from 0 to 1024.",
    "slope": "Factors of negative values (PReLU), [1] or [O].",
    "R": "Residual after everything, [1, 1, 1, 1] or the shape of Y.",
    "clip_min": "Least value before R is added, a scalar.",
    "clip_max": "Greatest value before R is added, a scalar.",
}


def register_schema() -> None:
    """Make FusedAdderConv known to the onnx package; a second call does nothing."""
    if not onnx.defs.has(_OP, DOMAIN):
        onnx.defs.register_schema(_schema())


def _schema() -> onnx.defs.OpSchema:
    schema = _Schema(
        _OP,
        DOMAIN,
        VERSION,
        doc=_DOC,
        inputs=[_Schema.FormalParameter(name, "T", _DESCRIPTIONS[name]) for name in INPUTS],
        outputs=[_Schema.FormalParameter("Y", "T", "Output, in the layout of X.")],
        type_constraints=[("T", ["tensor(float)"], "32-bit floats.")],
        attributes=[
            *inference.schema_attributes(),
            inference.schema_attribute(
                "channels_last", "1 if X, Z, R and Y are [N, H, W, C], else 0.", 0
            ),
        ],
    )
    schema.set_type_and_shape_inference_function(_infer)
    return schema


def _infer(context: InferenceContext) -> None:
    """Type and shape of Y; a wrong node raises AdderSRError out of onnx's shape inference."""
    y = onnx.TypeProto()
    y.tensor_type.elem_type = onnx.TensorProto.FLOAT
    channels_last = inference.attribute(context, "channels_last") or 0
    if channels_last not in (0, 1):
        raise AdderSRError(
            f"{_OP} expects channels_last to be 0 (NCHW) or 1 (NHWC), got {channels_last}."
        )
    x, w = inference.input_dims(context, 0), inference.input_dims(context, 1)
    if x is not None and w is not None:
        attributes = inference.node_attributes(context, _OP)
        dims = inference.output_dims(x, w, attributes, channels_last=channels_last == 1)
        y.tensor_type.shape.dim.extend(dims)
        for index, name in enumerate(INPUTS):
            given = inference.input_dims(context, index)
            if given is not None:
                _check(name, inference.sizes(given), inference.sizes(w)[0], inference.sizes(dims))
    context.set_output_type(0, y)


def _check(name: str, given: list[int | None], filters: int | None, y: list[int | None]) -> None:
    """Whether the known sizes of one input allow what the specification says."""
    allowed: list[list[int | None]]
    if name in ("scale", "bias", "alpha", "slope"):
        allowed, words = [[1], [filters]], f"1 value or one per filter ({filters})"
    elif name in ("Z", "R"):
        allowed, words = [[1, 1, 1, 1], y], f"the shape of Y, {y}, or [1, 1, 1, 1]"
    elif name in ("clip_min", "clip_max"):
        allowed, words = [[]], "no dimension (a scalar)"
    else:
        return
    if not any(_may_be(given, sizes) for sizes in allowed):
        raise AdderSRError(f"{_OP} expects {name} to have {words}, got {given}.")


def _may_be(given: list[int | None], allowed: list[int | None]) -> bool:
    """Whether two lists of sizes can be equal; None stands for any size."""
    return len(given) == len(allowed) and all(
        a is None or b is None or a == b for a, b in zip(given, allowed, strict=True)
    )
