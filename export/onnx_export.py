"""Exports a model to ONNX."""

import json
from collections.abc import Mapping
from typing import Any

import onnx
import onnx_ir as ir
from torch import nn

import addersr
from addersr.custom_ops.adder_conv.function import adder_conv_function
from addersr.export.tidy import tidy
from addersr.export.trace import OPSET, trace
from addersr.models.super_resolution import SuperResolution

#: onnxruntime 1.18 reads no newer one.
IR_VERSION = 10

CHANNELS = {"y": 1, "rgb": 3}


def export_onnx(
    model: SuperResolution, *, architecture: str, arguments: Mapping[str, Any]
) -> onnx.ModelProto:
    """The ONNX model of a super-resolution network, with the metadata that the runtime reads.

    Input ``input`` [N, c, H, W] and output ``output`` [N, c, scale·H, scale·W] are float32 in 0…1
    (not clipped), any N, H and W. Adder convolutions are AdderConv nodes; the model carries the
    op's function body, so any onnxruntime from 1.18 on runs it. The same weights give the same
    bytes, as long as the versions of torch, onnx and onnxscript are the same.

    Args:
        model: its weights as in evaluation mode; it is not changed.
        architecture, arguments: how ``addersr.models.create`` builds it again.
    """
    exported = export_module(model, CHANNELS[model.colour])
    metadata = {
        "version": addersr.__version__,
        "architecture": architecture,
        "kind": model.kind,
        "arguments": json.dumps(arguments, sort_keys=True),
        "scale": str(model.scale),
        "colour": model.colour,
        "precision": "fp32",
        "calibration": "none",
        "halo": str(model.halo),
    }
    onnx.helper.set_model_props(
        exported, {f"addersr.{key}": metadata[key] for key in sorted(metadata)}
    )
    return exported


def export_module(module: nn.Module, channels: int) -> onnx.ModelProto:
    """The checked ONNX model of any torch module [N, channels, H, W] → [N, …, H', W'].

    Args:
        module: its weights as in evaluation mode; it is not changed.
        channels: of its input.
    """
    model = trace(module, channels)
    names = [name for name, _ in (*module.named_parameters(), *module.named_buffers())]
    tidy(model, names)
    model.ir_version = IR_VERSION
    model.producer_name, model.producer_version = "addersr", addersr.__version__
    model.opset_imports[""] = OPSET
    if any(node.op_type == "AdderConv" for node in model.graph):
        function = ir.serde.deserialize_function(adder_conv_function(OPSET))
        model.functions[function.identifier()] = function
    proto = ir.serde.serialize_model(model)
    onnx.checker.check_model(proto, full_check=True)
    onnx.shape_inference.infer_shapes(proto, check_type=True, strict_mode=True)
    return proto
