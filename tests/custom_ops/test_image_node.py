"""The ops on pictures in models: bodies, schemas, and what is wrong with a node."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.image import cubic_filter
from addersr.custom_ops.image import evaluator as ops
from addersr.custom_ops.image.function import image_functions
from addersr.custom_ops.image.schema import register_schemas
from addersr.errors import AdderSRError

from .adder_conv_model import session
from .image_cases import CALLS, Call, call_name, node_model, pixels, to_luma, to_rgb
from .test_image_kernels import assert_same_bits

TO_LUMA = to_luma((2, 4, 5))
TO_RGB = to_rgb((2, 4, 5), 3)
ONE_OF_EACH = [TO_LUMA, TO_RGB]
NEW_OPS = [ops.RgbToLuma, ops.LumaToRgb]


@pytest.fixture
def schemas() -> Iterator[None]:
    """With the schemas during the test, afterwards as before."""
    before = onnx.defs.has("RgbToLuma", DOMAIN)
    register_schemas()
    yield
    if not before:
        for name in ("RgbToLuma", "LumaToRgb"):
            onnx.defs.deregister_schema(name, VERSION, DOMAIN)


@pytest.mark.parametrize("call", CALLS, ids=call_name)
def test_the_bodies_equal_the_references(call: Call) -> None:
    plain = session(node_model(call, function=True), library=False)
    assert_same_bits(np.asarray(plain.run(None, call.fed)[0]), call.expected())


@pytest.mark.parametrize("opset", [18, 20, 21])
@pytest.mark.parametrize("call", ONE_OF_EACH, ids=call_name)
def test_the_bodies_suit_newer_opsets(call: Call, opset: int) -> None:
    model = node_model(call, function=True, opset=opset, fed=tuple(call.inputs))
    model.ir_version = 10
    onnx.checker.check_model(model, full_check=True)
    plain = session(model, library=False)
    assert_same_bits(np.asarray(plain.run(None, call.inputs)[0]), call.expected())


def test_an_old_opset_is_refused() -> None:
    with pytest.raises(AdderSRError, match="opset 18 or newer, got 17"):
        image_functions(17)


@pytest.mark.parametrize("call", [*ONE_OF_EACH, to_rgb((0, 3, 4), 2)], ids=call_name)
def test_onnxs_evaluator_runs_the_ops_and_their_bodies(call: Call) -> None:
    for function, new_ops in ((False, NEW_OPS), (True, [])):
        evaluator = ReferenceEvaluator(node_model(call, function=function), new_ops=new_ops)
        assert_same_bits(evaluator.run(None, call.fed)[0], call.expected())


def onnx_dims(model: onnx.ModelProto) -> list[Any]:
    """What onnx infers; None where a size is unknown."""
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    dims = [
        dim.dim_value or dim.dim_param
        for dim in inferred.graph.output[0].type.tensor_type.shape.dim
    ]
    return [None if str(dim).startswith("unk__") else dim or None for dim in dims]


SHAPES = [
    (TO_LUMA, ["X_0", 1, "X_1", "X_2"], ["X_0", 1, "X_1", "X_2"], "tensor(float)"),
    (TO_RGB, ["Y_0", "Y_2", "Y_3", 3], ["X_0", "(X_1)*3", "(X_2)*3", 3], "tensor(uint8)"),
    (to_rgb((2, 4, 5), 1), ["Y_0", "Y_2", "Y_3", 3], ["X_0", "X_1", "X_2", 3], "tensor(uint8)"),
]


@pytest.mark.usefixtures("schemas")
@pytest.mark.parametrize(("call", "by_onnx", "by_library", "element"), SHAPES)
def test_shapes_and_types_are_inferred(
    call: Call, by_onnx: list[Any], by_library: list[Any], element: str
) -> None:
    model = node_model(call)
    assert onnx_dims(model) == by_onnx
    output = session(model, library=True).get_outputs()[0]
    assert output.shape == by_library
    assert output.type == element


@pytest.mark.usefixtures("schemas")
@pytest.mark.parametrize("call", ONE_OF_EACH, ids=call_name)
def test_known_sizes_are_those_of_the_reference(call: Call) -> None:
    model = node_model(call, sizes=True)
    assert tuple(onnx_dims(model)) == call.expected().shape
    assert tuple(session(model, library=True).get_outputs()[0].shape) == call.expected().shape


@pytest.mark.usefixtures("schemas")
def test_the_sizes_of_x_are_enough() -> None:
    model = node_model(TO_RGB, sizes=True)
    for dim in model.graph.input[0].type.tensor_type.shape.dim:
        dim.dim_param = "unknown"  # of Y
    assert onnx_dims(model) == [2, 12, 15, 3]


@pytest.mark.usefixtures("schemas")
def test_a_filter_of_unknown_size_leaves_those_of_y() -> None:
    model = node_model(TO_RGB, fed=tuple(TO_RGB.inputs))
    assert onnx_dims(model) == ["Y_0", "Y_2", "Y_3", 3]
    runner = session(model, library=True)
    assert_same_bits(np.asarray(runner.run(None, TO_RGB.inputs)[0]), TO_RGB.expected())


def row(*weights: int) -> Any:
    return np.array([weights], np.int16)


LUMA = np.zeros((2, 1, 12, 15), np.float32)
# Where the value shows in the schema too, the last is its complaint.
WRONG: list[tuple[Call, str, Any, str, str]] = [
    (TO_LUMA, "X", np.zeros((2, 4, 5), np.uint8), "X (to have 4|of shape)", "X of 4 dim.*got 3"),
    (TO_LUMA, "X", pixels((2, 4, 5))[..., :1], r"X of shape \[N, H, W, 3\].*5, 1\]", "got 1 chan"),
    (TO_RGB, "X", np.zeros((2, 4, 5, 4), np.uint8), r"X of shape.*5, 4\]", "got 4 channels"),
    (TO_RGB, "Y", LUMA[0], "Y (to have 4|of shape)", "Y of 4 dimensions, got 3"),
    (TO_RGB, "Y", LUMA[:1], r"Y of shape \[2, 1, 12, 15\].*\[1, 1, 12", "axis 0.*got 1"),
    (TO_RGB, "Y", LUMA[:, :, :8], r"\[2, 1, 12, 15\].*\[2, 1, 8, 15\]", "12 of axis 1.*got 8"),
    (TO_RGB, "Y", LUMA[:, [0, 0]], r"\[2, 1, 12, 15\].*\[2, 2, 12, 15\]", "got 2 planes"),
    (TO_RGB, "filter", cubic_filter(2), r"\[2, 1, 8, 10\].*X's.*\[2, 1, 12, 15\]", "8 of.*got 12"),
    (TO_RGB, "filter", row(0, 0, 16384, 0, 0)[0], "filter (to have 2|of shape)", "of shape"),
    (TO_RGB, "filter", row(0, 16384, 0, 0), r"filter of shape \[s, 5\].*\[1, 4\]", "of shape"),
    (TO_RGB, "filter", np.zeros((0, 5), np.int16), "filter of 1 to 8 rows, got 0", ""),
    (TO_RGB, "filter", np.zeros((9, 5), np.int16), "filter of 1 to 8 rows, got 9", "got 9"),
    (TO_RGB, "filter", row(0, 1, 16384, 0, 0), "sum up to 16384, got 16385 in row 0", ""),
    (
        TO_RGB,
        "filter",
        np.r_[row(0, 0, 16384, 0, 0), row(0, -4097, 20481, 0, 0)],
        "the magnitudes .* 24576 at most, got 24578 in row 1",
        "",
    ),
    (TO_RGB, "filter", row(-32768, 16384, 0, 16384, 16384), "magnitudes .* got 81920", ""),
]  # fmt: skip


@pytest.mark.parametrize(("call", "name", "value", "complaint", "schema"), WRONG)
def test_a_wrong_value(call: Call, name: str, value: Any, complaint: str, schema: str) -> None:
    del schema
    wrong = replace(call, inputs={**call.inputs, name: value})
    model = node_model(call, fed=tuple(call.inputs))
    for one in model.graph.input:
        one.type.tensor_type.ClearField("shape")
    with pytest.raises(Exception, match=f"{call.op} expects .*{complaint}"):
        session(model, library=True).run(None, wrong.inputs)
    with pytest.raises(AdderSRError, match=f"{call.op} expects .*{complaint}"):
        wrong.expected()


@pytest.mark.usefixtures("schemas")
@pytest.mark.parametrize(
    ("call", "name", "value", "complaint", "schema"), [one for one in WRONG if one[4]]
)
def test_the_schema_finds_a_wrong_shape(
    call: Call, name: str, value: Any, complaint: str, schema: str
) -> None:
    del complaint
    model = node_model(call, sizes=True)
    for one in (*model.graph.input, *model.graph.initializer):
        if one.name == name:
            other = onnx.numpy_helper.from_array(value, name)
            if isinstance(one, onnx.TensorProto):
                one.CopyFrom(other)
            else:
                one.CopyFrom(onnx.helper.make_tensor_value_info(name, other.data_type, other.dims))
    with pytest.raises(AdderSRError, match=f"{call.op} expects .*{schema}"):
        onnx.shape_inference.infer_shapes(model, strict_mode=True)


def test_a_wrong_constant_filter_is_refused_when_the_model_loads() -> None:
    model = node_model(TO_RGB)
    wrong = onnx.numpy_helper.from_array(cubic_filter(3) + np.int16(1), "filter")
    model.graph.initializer[0].CopyFrom(wrong)
    with pytest.raises(Exception, match="'the node': LumaToRgb expects each row of filter to sum"):
        session(model, library=True)
