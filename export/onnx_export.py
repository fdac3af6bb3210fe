"""Exports a model to ONNX."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import onnx
import onnx_ir as ir
from onnx_ir.passes import InPlacePass
from torch import nn

import addersr
from addersr.custom_ops.functions import function_bodies
from addersr.errors import AdderSRError
from addersr.export.counts.per_pixel import memory_metadata
from addersr.export.passes import FixedSize, ImageIo, run_passes
from addersr.export.tidy import sort_initializers, tidy
from addersr.export.trace import OPSET, trace
from addersr.models.super_resolution import SuperResolution

#: onnxruntime 1.18 reads no newer one.
IR_VERSION = 10

CHANNELS = {"y": 1, "rgb": 3}
IO = ("float", "uint8")

# The bicubic chroma of pictures looks two pixels far.
_CHROMA_HALO = 2


@dataclass(frozen=True)
class ExportOptions:
    """What a file takes, gives and carries."""

    io: str = "float"
    """``float``: planes [N, c, H, W] in 0…1; ``uint8``: RGB pictures [N, H, W, 3]."""
    size: tuple[int, int] | None = None
    """Height and width of the input; None leaves them and the batch free."""
    fallback: bool = True
    """Carry the ops' function bodies, so that plain onnxruntime runs the file."""
    plan: str | None = None
    """The quantisation plan that the weights were trained for; the quantiser reads it."""

    def __post_init__(self) -> None:
        if self.io not in IO:
            raise AdderSRError(f"Expected io to be one of {', '.join(IO)}, got {self.io!r}.")


_DEFAULTS = ExportOptions()


def export_onnx(
    model: SuperResolution,
    *,
    architecture: str,
    arguments: Mapping[str, Any],
    options: ExportOptions = _DEFAULTS,
) -> onnx.ModelProto:
    """The ONNX model of a super-resolution network, with the metadata that the runtime reads.

    Input ``input`` [N, c, H, W] and output ``output`` [N, c, scale·H, scale·W] are float32 in 0…1
    (not clipped), any N, H and W, unless the options say something else. Each adder layer with all
    that follows it is one FusedAdderConv node. The same weights give the same bytes, as long as the
    versions of torch, onnx and onnxscript are the same.

    Args:
        model: its weights as in evaluation mode; it is not changed.
        architecture, arguments: how ``addersr.models.create`` builds it again.
        options: what the file takes, gives and carries.

    Raises:
        AdderSRError: weights that are not finite, an alpha that is not above 0, or a size out of
            range; the message names the layer.
    """
    passes: list[InPlacePass] = []
    if options.io == "uint8":
        passes.append(ImageIo(model.scale, model.colour))
    if options.size is not None:
        passes.append(FixedSize(*options.size, model.scale))
    channels = CHANNELS[model.colour]
    exported = export_module(model, channels, passes, fallback=options.fallback)
    metadata = {
        "version": addersr.__version__,
        "architecture": architecture,
        "kind": model.kind,
        "arguments": json.dumps(arguments, sort_keys=True),
        "scale": str(model.scale),
        "colour": model.colour,
        "precision": "fp32",
        "calibration": "none",
        "halo": str(max(model.halo, _CHROMA_HALO) if options.io == "uint8" else model.halo),
        "io": options.io,
    }
    if options.plan is not None:
        metadata["plan"] = options.plan
    properties = {prop.key: prop.value for prop in exported.metadata_props}
    properties |= {f"addersr.{key}": value for key, value in metadata.items()}
    properties |= memory_metadata(exported)
    onnx.helper.set_model_props(exported, dict(sorted(properties.items())))
    return exported


def export_module(
    module: nn.Module,
    channels: int,
    passes: Sequence[InPlacePass] = (),
    *,
    fallback: bool = True,
) -> onnx.ModelProto:
    """The checked ONNX model of any torch module [N, channels, H, W] → [N, …, H', W'].

    Args:
        module: its weights as in evaluation mode; it is not changed.
        channels: of its input.
        passes: run after the usual ones.
        fallback: whether the function bodies of our ops come along.
    """
    model = trace(module, channels)
    names = [name for name, _ in (*module.named_parameters(), *module.named_buffers())]
    tidy(model, names)
    run_passes(model)
    for one in passes:
        one(model)
    model.ir_version = IR_VERSION
    model.producer_name, model.producer_version = "addersr", addersr.__version__
    model.opset_imports[""] = OPSET
    sort_initializers(model.graph)
    proto = ir.serde.serialize_model(model)
    bodies = function_bodies({node.op_type for node in proto.graph.node}, OPSET)
    proto.functions.extend(bodies)
    onnx.checker.check_model(proto, full_check=True)
    onnx.shape_inference.infer_shapes(proto, check_type=True, strict_mode=True)
    if not fallback:
        del proto.functions[:]
    return proto
