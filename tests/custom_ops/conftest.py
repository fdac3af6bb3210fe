"""Models of a single AdderConv node, built with or without mistakes."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from addersr.custom_ops import DOMAIN, register
from addersr.custom_ops.adder_conv.reference import FloatArray

Dims = Sequence[int | str | None]


def node_model(
    w: FloatArray | Dims,
    *,
    x: Dims = ("N", "C", "H", "W"),
    bias: FloatArray | None = None,
    opset: int = 1,
    inputs: Sequence[str] = ("X", "W", "B"),
    element_type: int = onnx.TensorProto.FLOAT,
    **attributes: Any,
) -> bytes:
    """A serialised model of one AdderConv node named ``the node``.

    Args:
        w: the constant filter, or the shape of an input W of the model.
        x: shape of the input X.
        bias: zeros by default.
        opset: the imported version of ``ai.addersr``.
        attributes: of the node, right or wrong.
    """
    graph_inputs = [onnx.helper.make_tensor_value_info("X", element_type, x)]
    initializers = []
    if isinstance(w, np.ndarray):
        initializers.append(onnx.numpy_helper.from_array(w, "W"))
    else:
        graph_inputs.append(onnx.helper.make_tensor_value_info("W", element_type, w))
    if bias is None:
        bias = np.zeros(w.shape[0] if isinstance(w, np.ndarray) else int(str(w[0])), np.float32)
    initializers.append(onnx.numpy_helper.from_array(bias, "B"))
    node = onnx.helper.make_node(
        "AdderConv", inputs, ["Y"], name="the node", domain=DOMAIN, **attributes
    )
    graph = onnx.helper.make_graph(
        [node],
        "one_node",
        graph_inputs,
        [onnx.helper.make_tensor_value_info("Y", element_type, None)],
        initializers,
    )
    opsets = [onnx.helper.make_opsetid("", 20), onnx.helper.make_opsetid(DOMAIN, opset)]
    model = onnx.helper.make_model(graph, ir_version=10, opset_imports=opsets)
    return bytes(model.SerializeToString())


@pytest.fixture
def node_session() -> Callable[..., onnxruntime.InferenceSession]:
    """Makes a session with the op library for :func:`node_model`'s arguments."""

    def make(
        w: FloatArray | Dims, *, threads: int = 1, **arguments: Any
    ) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4  # refusals are tested as exceptions
        register(options)
        model = node_model(w, **arguments)
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    return make


@pytest.fixture
def plain_model() -> bytes:
    """A valid model: 4 filters 3x3 on 4 channels, padded by one."""
    w = np.random.default_rng(0).standard_normal((4, 4, 3, 3), np.float32)
    return node_model(w, x=("N", 4, "H", "W"), pads=[1, 1, 1, 1])
