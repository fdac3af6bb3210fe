"""The ops that quantise in models: bodies, schemas, references, and what is wrong with a node."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.quantization import (
    dequantize_channels_first,
    quantize_channels_last,
    requantize_channels_last,
)
from addersr.custom_ops.quantization import evaluator as ops
from addersr.custom_ops.quantization.function import quantization_functions
from addersr.custom_ops.quantization.schema import register_schemas
from addersr.errors import AdderSRError

from .adder_conv_model import session
from .quantization_cases import (
    CALLS,
    REFERENCES,
    Call,
    call_name,
    dequantize,
    node_model,
    quantize,
    requantize,
)
from .test_quantization_kernels import assert_same_bits

QUANTIZE = quantize((1, 3, 4, 5), "uint8", 8, per_channel=True)
DEQUANTIZE = dequantize((1, 4, 5, 1), "int16", 2, per_channel=True, anchor=True)
REQUANTIZE = requantize((1, 4, 5, 3), "int16", "uint8", 8, per_channel=True)
ONE_OF_EACH = [QUANTIZE, DEQUANTIZE, REQUANTIZE]
NEW_OPS = [ops.QuantizeChannelsLast, ops.DequantizeChannelsFirst, ops.RequantizeChannelsLast]


@pytest.fixture
def schemas() -> Iterator[None]:
    """With the schemas during the test, afterwards as before."""
    before = onnx.defs.has("QuantizeChannelsLast", DOMAIN)
    register_schemas()
    yield
    if not before:
        for name in REFERENCES:
            onnx.defs.deregister_schema(name, VERSION, DOMAIN)


def test_quantise_by_hand() -> None:
    x = np.array([[0, 0.5], [1, 0.25]], np.float32).reshape(1, 2, 1, 2)
    y = quantize_channels_last(x, np.float32([255]), np.array([0, 8], np.uint8), bits=8)
    assert y.dtype == np.uint8
    assert y.tolist() == [[[[0, 255], [128, 72]]]]


def test_dequantise_is_pixel_shuffle() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    x = rng.integers(-99, 99, (2, 3, 5, 18)).astype(np.int16)
    y = dequantize_channels_first(x, np.float32([0.5]), np.int16([3]), blocksize=3)
    first = torch.from_numpy(np.moveaxis((x.astype(np.float32) - 3) / 2, 3, 1).copy())
    np.testing.assert_array_equal(y, torch.pixel_shuffle(first, 3).numpy())


def test_the_anchor_is_the_nearest_neighbour() -> None:
    anchor = np.arange(6, dtype=np.float32).reshape(1, 1, 2, 3)
    x = np.zeros((1, 2, 3, 4), np.uint8)
    y = dequantize_channels_first(x, np.float32([1]), np.zeros(1, np.uint8), anchor, blocksize=2)
    np.testing.assert_array_equal(y[0, 0], anchor[0, 0].repeat(2, 0).repeat(2, 1))


def test_requantise_by_hand() -> None:
    x = np.array([-300, 0, 5, 3000], np.int16).reshape(1, 1, 4, 1)
    y = requantize_channels_last(
        x, np.int16([1]), np.float32([0.5]), np.array([128], np.uint8), bits=8
    )
    assert y.ravel().tolist() == [0, 128, 130, 255]  # -0.5 to even


@pytest.mark.parametrize("call", CALLS[::2], ids=call_name)
def test_the_bodies_equal_the_references(call: Call) -> None:
    plain = session(node_model(call, function=True), library=False)
    assert_same_bits(np.asarray(plain.run(None, {"X": call.inputs["X"]})[0]), call.expected())


@pytest.mark.parametrize("opset", [18, 20, 21])
@pytest.mark.parametrize("call", ONE_OF_EACH, ids=call_name)
def test_the_bodies_suit_newer_opsets(call: Call, opset: int) -> None:
    model = node_model(call, function=True, opset=opset)
    model.ir_version = 10
    onnx.checker.check_model(model, full_check=True)
    plain = session(model, library=False)
    assert_same_bits(np.asarray(plain.run(None, {"X": call.inputs["X"]})[0]), call.expected())


def test_an_old_opset_is_refused() -> None:
    with pytest.raises(AdderSRError, match="opset 18 or newer, got 17"):
        quantization_functions(17)


@pytest.mark.parametrize("call", ONE_OF_EACH, ids=call_name)
def test_onnxs_evaluator_runs_the_ops_and_their_bodies(call: Call) -> None:
    for function, new_ops in ((False, NEW_OPS), (True, [])):
        evaluator = ReferenceEvaluator(node_model(call, function=function), new_ops=new_ops)
        assert_same_bits(evaluator.run(None, {"X": call.inputs["X"]})[0], call.expected())


SHAPES = [
    (QUANTIZE, ["X_0", "X_2", "X_3", 3], ["X_0", "X_2", "X_3", 3]),
    (DEQUANTIZE, ["X_0", 1, None, None], ["X_0", 1, "(X_1)*2", "(X_2)*2"]),
    (REQUANTIZE, ["X_0", "X_1", "X_2", 3], ["X_0", "X_1", "X_2", 3]),
]


@pytest.mark.usefixtures("schemas")
@pytest.mark.parametrize(("call", "by_onnx", "by_library"), SHAPES)
def test_shapes_and_types_are_inferred(
    call: Call, by_onnx: list[Any], by_library: list[Any]
) -> None:
    model = node_model(call)
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    y = inferred.graph.output[0].type.tensor_type
    dims = [dim.dim_value or dim.dim_param for dim in y.shape.dim]
    assert [None if str(dim).startswith("unk__") else dim or None for dim in dims] == by_onnx
    runner = session(model, library=True)
    assert runner.get_outputs()[0].shape == by_library
    y_type = call.expected().dtype
    assert runner.get_outputs()[0].type == f"tensor({'float' if y_type == np.float32 else y_type})"


@pytest.mark.usefixtures("schemas")
def test_known_sizes_are_those_of_the_reference() -> None:
    for call in ONE_OF_EACH:
        model = node_model(call)
        dims = model.graph.input[0].type.tensor_type.shape.dim
        for dim, size in zip(dims, call.inputs["X"].shape, strict=True):
            dim.dim_value = size
        inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
        y = inferred.graph.output[0].type.tensor_type
        assert tuple(dim.dim_value for dim in y.shape.dim) == call.expected().shape
        assert tuple(session(model, library=True).get_outputs()[0].shape) == call.expected().shape


@pytest.mark.usefixtures("schemas")
def test_the_schema_finds_a_wrong_node() -> None:
    with pytest.raises(onnx.checker.ValidationError, match="bits"):
        onnx.checker.check_model(node_model(QUANTIZE, bits=None), full_check=True)
    with pytest.raises(AdderSRError, match="multiple of blocksize² = 9 channels, got 4"):
        onnx.shape_inference.infer_shapes(node_model(DEQUANTIZE, blocksize=3), strict_mode=True)


WRONG_ATTRIBUTES: list[tuple[Call, dict[str, Any], str]] = [
    (QUANTIZE, {"bits": None}, "the attribute bits, which is missing"),
    (QUANTIZE, {"bits": 9}, "bits from 1 to 8 for its type, got 9"),
    (REQUANTIZE, {"bits": 2**40}, "bits from 1 to 8"),
    (DEQUANTIZE, {"blocksize": None}, "the attribute blocksize, which is missing"),
    (DEQUANTIZE, {"blocksize": 0}, "blocksize from 1 to 8, got 0"),
    (DEQUANTIZE, {"blocksize": 9}, "blocksize from 1 to 8, got 9"),
    (DEQUANTIZE, {"blocksize": 3}, "a multiple of blocksize² = 9 channels, got 4"),
]


@pytest.mark.parametrize(("call", "changes", "complaint"), WRONG_ATTRIBUTES)
def test_a_wrong_attribute(call: Call, changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(Exception, match=f"{call.op} expects .*{complaint}"):
        session(node_model(call, **changes), library=True).run(None, {"X": call.inputs["X"]})
    if None not in changes.values():
        with pytest.raises(AdderSRError, match=f"{call.op} expects .*{complaint.split(' for')[0]}"):
            REFERENCES[call.op](*call.inputs.values(), **changes)


WRONG_VALUES: list[tuple[Call, str, Any, str]] = [
    (QUANTIZE, "X", np.zeros((1, 3, 4), np.float32), "X (to have 4 dimensions|of shape)"),
    (QUANTIZE, "multiplier", np.ones(2, np.float32), r"multiplier .*\(3\), got"),
    (QUANTIZE, "multiplier", np.full(3, np.nan, np.float32), "multiplier to hold values .*nan"),
    (QUANTIZE, "multiplier", np.full(1, 1e20, np.float32), "multiplier to hold values"),
    (QUANTIZE, "zero_point", np.zeros(4, np.uint8), r"zero_point .*\(3\), got"),
    (DEQUANTIZE, "zero_point", np.zeros(3, np.int16), r"zero_point .*\(4\), got"),
    (DEQUANTIZE, "multiplier", np.full(1, np.inf, np.float32), "multiplier to hold values"),
    (DEQUANTIZE, "anchor", np.zeros((1, 4, 4, 5), np.float32), r"anchor to be \[1, 1, 1, 1\] or"),
    (DEQUANTIZE, "anchor", np.zeros((1, 1, 8, 10), np.float32), r"\[1, 1, 4, 5\],.* got"),
    (REQUANTIZE, "x_zero_point", np.zeros(2, np.int16), r"x_zero_point .*\(3\), got"),
    (REQUANTIZE, "y_zero_point", np.zeros((1, 1), np.uint8), "y_zero_point to have 1"),
]


@pytest.mark.parametrize(("call", "name", "value", "complaint"), WRONG_VALUES)
def test_a_wrong_value(call: Call, name: str, value: Any, complaint: str) -> None:
    wrong = replace(call, inputs={**call.inputs, name: value})
    model = node_model(call, fed=tuple(call.inputs))
    for one in model.graph.input:
        one.type.tensor_type.ClearField("shape")
    with pytest.raises(Exception, match=f"{call.op} expects {complaint}|{call.op} .*{complaint}"):
        session(model, library=True).run(None, wrong.inputs)
    with pytest.raises(AdderSRError, match=f"{call.op} expects .*{complaint}"):
        wrong.expected()


def test_a_zero_point_outside_of_the_bits_is_refused() -> None:
    narrow = quantize((1, 3, 4, 5), "uint8", 5, per_channel=False)
    wrong = replace(narrow, inputs={**narrow.inputs, "zero_point": np.full(1, 32, np.uint8)})
    model = node_model(narrow, fed=tuple(narrow.inputs))
    for act in (wrong.expected, lambda: session(model, library=True).run(None, wrong.inputs)):
        with pytest.raises(Exception, match="zero_point to hold values from 0 to 31, got 32"):
            act()
