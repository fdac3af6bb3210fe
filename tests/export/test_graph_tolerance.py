"""The tolerance of a graph follows from its nodes."""

import numpy as np
import onnx
import pytest

from addersr import custom_ops
from addersr.custom_ops import fused_adder_conv
from addersr.custom_ops.adder_conv import tolerance
from addersr.errors import AdderSRError
from addersr.export.graph_tolerance import ExactGraph
from addersr.runtime.session import create_session, run_session

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(0, 1, (2, 3, 7, 8)).astype(np.float32)


def graph(nodes: list[onnx.NodeProto], **constants: np.ndarray) -> onnx.ModelProto:
    values = [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()]
    tensors = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in "xy"
    ]
    opsets = [
        onnx.helper.make_opsetid("", 18),
        onnx.helper.make_opsetid(custom_ops.DOMAIN, custom_ops.VERSION),
    ]
    made = onnx.helper.make_graph(nodes, "test", tensors[:1], tensors[1:], values)
    return onnx.helper.make_model(made, ir_version=9, opset_imports=opsets)


def adder(x: str, y: str, w: str, b: str) -> onnx.NodeProto:
    return onnx.helper.make_node("AdderConv", [x, w, b], [y], domain=custom_ops.DOMAIN)


def floats(*shape: int) -> np.ndarray:
    return RANDOM.normal(0, 1, shape).astype(np.float32)


def test_one_adder_layer_has_the_tolerance_of_the_op() -> None:
    w, b = floats(4, 3, 3, 3), floats(4)
    exact, allowed = ExactGraph(graph([adder("x", "y", "w", "b")], w=w, b=b)).evaluate(X)
    assert exact.dtype == np.float64
    assert exact.shape == (2, 4, 5, 6)
    assert allowed == pytest.approx(tolerance(X, w, b), rel=1e-6)


def test_fused_layer_has_the_tolerance_of_its_specification() -> None:
    w = floats(3, 3, 1, 1)
    epilogue = fused_adder_conv.Epilogue.neutral()
    names = ["scale", "bias", "z", "alpha", "slope", "r", "low", "high"]
    node = onnx.helper.make_node(
        "FusedAdderConv", ["x", "w", *names], ["y"], domain=custom_ops.DOMAIN, channels_last=0
    )
    constants = dict(zip(names, epilogue.arrays(), strict=True))
    exact, allowed = ExactGraph(graph([node], w=w, **constants)).evaluate(X)
    expected = fused_adder_conv.tolerance(X, w, epilogue)
    assert exact.shape == expected.shape
    assert allowed == pytest.approx(float(expected.max()), rel=1e-6)


def test_errors_of_early_layers_are_carried_on() -> None:
    w, b, k = floats(2, 3, 1, 1), floats(2), np.array(1000, np.float32)
    nodes = [adder("x", "t", "w", "b"), onnx.helper.make_node("Mul", ["t", "k"], ["y"])]
    alone = ExactGraph(graph([adder("x", "y", "w", "b")], w=w, b=b)).evaluate(X)[1]
    assert ExactGraph(graph(nodes, w=w, b=b, k=k)).evaluate(X)[1] > 900 * alone


def test_onnxruntime_stays_inside_and_a_wrong_weight_does_not() -> None:
    w, b, v = floats(4, 3, 3, 3), floats(4), floats(2, 4, 3, 3)
    nodes = [
        adder("x", "t", "w", "b"),
        onnx.helper.make_node("Relu", ["t"], ["u"]),
        onnx.helper.make_node("Conv", ["u", "v"], ["y"]),
    ]
    exact, allowed = ExactGraph(graph(nodes, w=w, b=b + 40, v=v)).evaluate(X)

    def error(weights: np.ndarray) -> float:
        model = graph(nodes, w=weights, b=b + 40, v=v).SerializeToString()
        y = run_session(create_session(model, threads=1), {"x": X})["y"]
        return float(np.abs(y - exact).max())

    assert error(w) < allowed
    w[0, 1, 1, 1] = -w[0, 1, 1, 1]
    assert error(w) > allowed


def test_operation_without_a_bound_is_named() -> None:
    node = onnx.helper.make_node("Gelu", ["x"], ["y"], name="body.3/Gelu")
    with pytest.raises(AdderSRError, match=r"rounding of Gelu \(body.3/Gelu\) is not known"):
        ExactGraph(graph([node]))


def test_transposed_convolution_adds_up_the_pixels_that_meet() -> None:
    """9x9 filters with stride 2: 5 rows and 5 columns of each channel's pixels at most."""
    w, b = floats(3, 1, 9, 9), floats(1)
    node = onnx.helper.make_node(
        "ConvTranspose", ["x", "w", "b"], ["y"], strides=[2, 2], pads=[4] * 4, output_padding=[1, 1]
    )
    exact, allowed = ExactGraph(graph([node], w=w, b=b)).evaluate(X)
    assert exact.shape == (2, 1, 14, 16)
    largest = 3 * 25 * float(np.abs(X).max()) * float(np.abs(w).max()) + float(np.abs(b).max())
    assert allowed == pytest.approx(2 * np.finfo(np.float32).eps * largest, rel=1e-6)
