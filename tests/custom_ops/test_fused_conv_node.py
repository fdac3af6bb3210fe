"""QLinearFusedConv in models: its body, its schema, and what is wrong with a node."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.qlinear_fused_conv.evaluator import QLinearFusedConv
from addersr.custom_ops.qlinear_fused_conv.function import qlinear_fused_conv_function
from addersr.custom_ops.qlinear_fused_conv.schema import register_schema
from addersr.errors import AdderSRError

from .adder_conv_cases import DEFAULTS, Case, case
from .adder_conv_model import session
from .fused_conv_cases import CONV_KINDS, ConvKind, conv_layer
from .qlinear_cases import INPUTS, node_model
from .test_qlinear_node import BODY_CASES

SMALL = case("channels_3_to_8")


@pytest.fixture
def schema() -> Iterator[None]:
    """With the schema during the test, afterwards as before."""
    before = onnx.defs.has("QLinearFusedConv", DOMAIN)
    register_schema()
    yield
    if not before:
        onnx.defs.deregister_schema("QLinearFusedConv", VERSION, DOMAIN)


@pytest.mark.parametrize("kind", CONV_KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("one", BODY_CASES, ids=lambda one: one.name)
def test_the_body_equals_the_reference(one: Case, kind: ConvKind) -> None:
    made = conv_layer(one, kind)
    (y,) = session(node_model(made, function=True), library=False).run(None, {"X": made.x})
    np.testing.assert_array_equal(y, made.expected())


@pytest.mark.parametrize("opset", [18, 20, 21])
def test_the_body_suits_newer_opsets(opset: int) -> None:
    made = conv_layer(SMALL, CONV_KINDS[1])
    model = node_model(made, function=True, opset=opset)
    model.ir_version = 10
    onnx.checker.check_model(model, full_check=True)
    (y,) = session(model, library=False).run(None, {"X": made.x})
    np.testing.assert_array_equal(y, made.expected())


def test_an_old_opset_is_refused() -> None:
    with pytest.raises(AdderSRError, match="opset 18 or newer, got 17"):
        qlinear_fused_conv_function(17)


@pytest.mark.parametrize("kind", CONV_KINDS[1:4:2], ids=lambda kind: kind.name)
def test_onnxs_evaluator_runs_the_op_and_its_body(kind: ConvKind) -> None:
    made = conv_layer(case("groups_2"), kind)
    # It hands down to a body only those attributes that a node states.
    stated = {**DEFAULTS, "kernel_shape": (3, 3), "group": 2, "pads": (1, 1, 1, 1)}
    for model, new_ops in (
        (node_model(made), [QLinearFusedConv]),
        (node_model(made, function=True, **stated), []),
    ):
        evaluator = ReferenceEvaluator(model, new_ops=new_ops)
        np.testing.assert_array_equal(evaluator.run(None, {"X": made.x})[0], made.expected())


def test_without_library_and_body_the_op_is_unknown() -> None:
    with pytest.raises(Exception, match="QLinearFusedConv"):
        session(node_model(conv_layer(SMALL, CONV_KINDS[0])), library=False)


@pytest.mark.usefixtures("schema")
@pytest.mark.parametrize("kind", CONV_KINDS, ids=lambda kind: kind.name)
def test_shapes_and_types_are_inferred(kind: ConvKind) -> None:
    made = conv_layer(replace(SMALL, strides=(1, 2)), kind)
    model = node_model(made)
    onnx.checker.check_model(model, full_check=True)
    model.graph.output[0].type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    y = inferred.graph.output[0].type.tensor_type
    dims = [dim.dim_value or dim.dim_param for dim in y.shape.dim]
    assert dims[:2] == ["N", "H"]
    assert dims[3] == SMALL.w[0]
    assert y.elem_type == onnx.helper.np_dtype_to_tensor_dtype(made.parameters.dtype)
    runner = session(model, library=True)
    assert runner.get_outputs()[0].shape == ["N", "H", "(W+1)//2", SMALL.w[0]]
    assert runner.get_outputs()[0].type == f"tensor({made.parameters.dtype})"


@pytest.mark.usefixtures("schema")
def test_the_schema_finds_a_wrong_node() -> None:
    model = node_model(conv_layer(SMALL, CONV_KINDS[0]), x_bits=None)
    with pytest.raises(onnx.checker.ValidationError, match="x_bits"):
        onnx.checker.check_model(model, full_check=True)
    model = node_model(conv_layer(SMALL, CONV_KINDS[0]), fed=("X", "offset"))
    model.graph.input[1].type.tensor_type.shape.dim[0].dim_value = 5
    with pytest.raises(AdderSRError, match=r"offset to have 1 value or one per filter \(8\)"):
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)


WRONG_ATTRIBUTES: list[tuple[dict[str, Any], str]] = [
    ({"bits": None}, "expects the attribute bits, which is missing"),
    ({"x_bits": None}, "expects the attribute x_bits, which is missing"),
    ({"x_bits": "8"}, "attribute x_bits to be an integer"),
    ({"x_bits": 9}, "x_bits from 1 to 8 for its type, got 9"),
    ({"x_bits": 2**40}, "x_bits from 1 to 8"),
    ({"bits": 0}, "bits from 1 to 8"),
    ({"table_fraction": 9}, "table_fraction from 0 to 8"),
    ({"strides": [1]}, "strides to be a list of 2 integers"),
    ({"group": 2}, "group"),
]


@pytest.mark.parametrize(("changes", "complaint"), WRONG_ATTRIBUTES, ids=str)
def test_a_wrong_attribute(changes: dict[str, Any], complaint: str) -> None:
    made = conv_layer(SMALL, CONV_KINDS[0])
    with pytest.raises(Exception, match=f"QLinearFusedConv.*{complaint}"):
        session(node_model(made, **changes), library=True).run(None, {"X": made.x})


WRONG_VALUES: list[tuple[str, Any, str]] = [
    (
        "W",
        np.full((8, 3, 3, 3), 32767, np.int16),
        "sums below 2.30: .* at most 262208 .* got 884709",
    ),
    ("W", np.zeros((8, 3, 3), np.int16), "W to have 4 dimensions"),
    ("x_zero_point", np.zeros(2, np.int16), r"x_zero_point .* \(3\), got 2"),
    ("x_zero_point", np.full(1, 2048, np.int16), "x_zero_point to hold values from -2048 to 2047"),
    ("offset", np.zeros(3, np.int32), r"offset .* \(8\), got 3"),
    ("offset", np.full(8, 2**30 + 1, np.int32), "offset to hold values"),
    ("multiplier", np.full(1, np.nan, np.float32), "multiplier to hold values .* got .*nan"),
    ("z_zero_point", np.zeros(3, np.uint8), "z_zero_point .* got 3"),
    ("r_multiplier", np.zeros(0, np.float32), "r_multiplier .* got 0"),
    ("table", np.zeros((1, 1), np.int16), r"a table of .* got \[1, 1\]"),
    ("Z", np.zeros((1, 5, 9, 7), np.uint8), r"Z to be one value .* got \[1, 5, 9, 7\]"),
    ("R", np.zeros((1, 5, 9), np.uint8), "R to have 4 dimensions"),
]


@pytest.mark.parametrize("constant", [True, False], ids=["constant", "computed"])
@pytest.mark.parametrize(("name", "value", "complaint"), WRONG_VALUES)
def test_a_wrong_value(name: str, value: Any, complaint: str, constant: bool) -> None:
    made = conv_layer(SMALL, CONV_KINDS[3])
    given = {**made.inputs(), name: value}
    model = node_model(made, fed=("X",) if constant else INPUTS)
    if constant:
        kept = [one for one in model.graph.initializer if one.name != name]
        del model.graph.initializer[:]
        model.graph.initializer.extend([*kept, onnx.numpy_helper.from_array(value, name)])
        fed = {"X": made.x}
    else:
        for one in model.graph.input:
            one.type.tensor_type.ClearField("shape")
        fed = given
    with pytest.raises(Exception, match=f"QLinearFusedConv expects .*{complaint}"):
        session(model, library=True).run(None, fed)


def test_weights_whose_sums_might_overflow_are_refused() -> None:
    made = conv_layer(Case("long", (1, 129, 1, 1), (2, 129, 1, 1)), CONV_KINDS[0])
    most = (2**30 - 1) // 255  # 128 weights of 32767 and one of 16572
    w = np.full((2, 129, 1, 1), 32767, np.int16)
    w[:, 0] = most - 128 * 32767
    fits = replace(made, parameters=replace(made.parameters, w=w))
    (y,) = session(node_model(fits), library=True).run(None, {"X": made.x})
    np.testing.assert_array_equal(y, fits.expected())
    w = w.copy()
    w[1, 0] += 1
    complaint = f"sum to at most {most} with 8 bits of X, got {most + 1}"
    with pytest.raises(AdderSRError, match=complaint):
        replace(made.parameters, w=w)
    model = node_model(fits)
    model.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(w, "W"))
    with pytest.raises(Exception, match=complaint):
        session(model, library=True)


@pytest.mark.parametrize(("name", "dtype"), [("W", np.uint8), ("x_zero_point", np.int16)])
def test_types_do_not_mix(name: str, dtype: type) -> None:
    made = conv_layer(SMALL, CONV_KINDS[0])
    model = node_model(made)
    (tensor,) = (one for one in model.graph.initializer if one.name == name)
    tensor.CopyFrom(onnx.numpy_helper.from_array(made.inputs()[name].astype(dtype), name))
    with pytest.raises(Exception, match=r"QLinearFusedConv|tensor\(u?int"):
        session(model, library=True)
