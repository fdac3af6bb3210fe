"""Small luma models with AdderConv, made by hand, so that tests of the runtime need no torch."""

from __future__ import annotations

import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import addersr
from addersr import custom_ops
from addersr.custom_ops.adder_conv.function import adder_conv_function

HALO = 3
"""Three layers of 3x3."""

_OPSET, _IR_VERSION = 18, 10


def metadata(scale: int = 2, **changes: str) -> dict[str, str]:
    """What the exporter writes, with changes (keys without ``addersr.``)."""
    values = {
        "version": addersr.__version__,
        "architecture": "test",
        "kind": "adder",
        "arguments": json.dumps({"channels": 8}),
        "scale": str(scale),
        "colour": "y",
        "precision": "fp32",
        "calibration": "none",
        "halo": str(HALO),
        **changes,
    }
    return {f"addersr.{key}": value for key, value in values.items()}


def super_resolution_model(
    kind: str = "adder",
    *,
    scale: int = 2,
    channels: int = 8,
    colours: int = 1,
    op_version: int = custom_ops.VERSION,
    size: tuple[int | str, int | str] = ("height", "width"),
    metadata_props: dict[str, str] | None = None,
    function: bool = True,
) -> onnx.ModelProto:
    """Nearest enlargement plus what a conv head, one layer (adder or conv) and a tail add.

    Args:
        kind: ``adder`` or ``cnn``: the middle layer.
        scale: of the pixel shuffle.
        channels: of the middle layer.
        colours: channels of input and output.
        op_version: of ``ai.addersr``, both imported and of the function.
        size: height and width of the input; names make them free.
        metadata_props: default: what the exporter writes.
        function: whether the body of AdderConv comes along.
    """
    random = np.random.default_rng(7)
    out_channels = colours * scale * scale
    anchor = np.zeros((out_channels, colours, 1, 1), np.float32)
    for index in range(out_channels):
        anchor[index, index // (scale * scale)] = 1
    middle_w = random.normal(0, 0.3, (channels, channels, 3, 3))
    weights = {
        "head_w": random.normal(0, 0.4, (channels, colours, 3, 3)),
        "head_b": random.normal(0, 0.1, channels),
        "middle_w": middle_w,
        # As in the adder block: what the layer gives for x = 0 is taken off.
        "middle_b": np.abs(middle_w).sum(axis=(1, 2, 3)) * (kind == "adder"),
        "tail_w": random.normal(0, 0.00015, (out_channels, channels, 3, 3)),
        "tail_b": random.normal(0, 0.00015, out_channels),
        "anchor_w": anchor,
    }
    domain = custom_ops.DOMAIN if kind == "adder" else ""
    middle = "AdderConv" if kind == "adder" else "Conv"
    pads = {"pads": [1, 1, 1, 1]}
    nodes = [
        helper.make_node("Conv", ["input", "head_w", "head_b"], ["head"], **pads),
        helper.make_node(
            middle, ["head", "middle_w", "middle_b"], ["middle"], domain=domain, **pads
        ),
        helper.make_node("Conv", ["middle", "tail_w", "tail_b"], ["tail"], **pads),
        helper.make_node("Conv", ["input", "anchor_w"], ["anchor"]),
        helper.make_node("Add", ["tail", "anchor"], ["sum"]),
        helper.make_node("DepthToSpace", ["sum"], ["output"], blocksize=scale, mode="CRD"),
    ]
    graph = helper.make_graph(
        nodes,
        "super_resolution",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", colours, *size])],
        [
            helper.make_tensor_value_info(
                "output", TensorProto.FLOAT, ["batch", colours, "out_height", "out_width"]
            )
        ],
        [numpy_helper.from_array(w.astype(np.float32), name) for name, w in weights.items()],
    )
    opsets = [helper.make_opsetid("", _OPSET)]
    functions = []
    if kind == "adder":
        opsets.append(helper.make_opsetid(custom_ops.DOMAIN, op_version))
        if function:
            functions.append(adder_conv_function(_OPSET))
    model = helper.make_model(
        graph, opset_imports=opsets, functions=functions, ir_version=_IR_VERSION
    )
    props = metadata(scale, kind=kind) if metadata_props is None else metadata_props
    helper.set_model_props(model, props)
    return model
