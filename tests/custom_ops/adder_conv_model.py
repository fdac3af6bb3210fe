"""One-node models of AdderConv, sessions to run them, and the comparison with the reference."""

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

from addersr.custom_ops import DOMAIN, VERSION, register
from addersr.custom_ops.adder_conv import adder_conv, tolerance
from addersr.custom_ops.adder_conv.function import adder_conv_function
from addersr.custom_ops.adder_conv.reference import FloatArray

from .adder_conv_cases import DEFAULTS, Case


def node_model(
    case: Case, *, function: bool, opset: int = 18, explicit: bool = False
) -> onnx.ModelProto:
    """A model of one AdderConv with batch, height and width left open.

    Args:
        function: whether the model carries the function body.
        explicit: whether the node spells out the attributes that have their default value.
    """
    _, w, b = case.arrays()
    attributes = {**DEFAULTS, "kernel_shape": case.w[2:]} if explicit else {}
    node = onnx.helper.make_node(
        "AdderConv", ["X", "W", "B"], ["Y"], domain=DOMAIN, **{**attributes, **case.attributes}
    )
    float32 = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [node],
        "one_adder_conv",
        [onnx.helper.make_tensor_value_info("X", float32, ["N", case.x[1], "H", "W"])],
        [onnx.helper.make_tensor_value_info("Y", float32, ["N", case.w[0], "OH", "OW"])],
        [onnx.numpy_helper.from_array(w, "W"), onnx.numpy_helper.from_array(b, "B")],
    )
    return onnx.helper.make_model(
        graph,
        ir_version=9,
        opset_imports=[
            onnx.helper.make_opsetid("", opset),
            onnx.helper.make_opsetid(DOMAIN, VERSION),
        ],
        functions=[adder_conv_function(opset)] if function else [],
    )


def session(
    model: onnx.ModelProto, *, library: bool, threads: int = 1
) -> onnxruntime.InferenceSession:
    """A session on the CPU, with or without the op library."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # refusals are tested as exceptions
    if library:
        register(options)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def expected(case: Case) -> npt.NDArray[np.float64]:
    """What the float64 reference makes of a case."""
    x, w, b = (array.astype(np.float64) for array in case.arrays())
    return adder_conv(x, w, b, **case.attributes)


def assert_matches(case: Case, actual: FloatArray, truth: FloatArray) -> None:
    """Fail unless ``actual`` has the shape of ``truth`` and is within the tolerance of the case."""
    assert actual.shape == truth.shape
    x, w, b = case.arrays()
    limit = tolerance(x, w, b)
    error = float(np.abs(actual.astype(np.float64) - truth).max(initial=0.0))
    assert error <= limit, f"{case.name}: differs by {error:.3g}, tolerance {limit:.3g}"


def run(one: onnxruntime.InferenceSession, **inputs: Any) -> FloatArray:
    """The only output of a session."""
    (output,) = one.run(None, inputs)
    return np.asarray(output)
