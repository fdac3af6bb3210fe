"""QLinearAdderConv in models: its body, its schema, and what is wrong with a node."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.qlinear_adder_conv.evaluator import QLinearAdderConv
from addersr.custom_ops.qlinear_adder_conv.function import qlinear_adder_conv_function
from addersr.custom_ops.qlinear_adder_conv.schema import register_schema
from addersr.errors import AdderSRError

from .adder_conv_cases import CASES, DEFAULTS, Case, case
from .adder_conv_model import session
from .qlinear_cases import INPUTS, KINDS, Kind, layer, node_model

SMALL = case("channels_3_to_8")
# onnxruntime's Conv, which the body uses, refuses SAME with dilations.
BODY_CASES = [
    one for one in CASES[::3] if not (one.auto_pad.startswith("SAME") and max(one.dilations) > 1)
]


@pytest.fixture
def schema() -> Iterator[None]:
    """With the schema during the test, afterwards as before."""
    before = onnx.defs.has("QLinearAdderConv", DOMAIN)
    register_schema()
    yield
    if not before:
        onnx.defs.deregister_schema("QLinearAdderConv", VERSION, DOMAIN)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("one", BODY_CASES, ids=lambda one: one.name)
def test_the_body_equals_the_reference(one: Case, kind: Kind) -> None:
    made = layer(one, kind)
    (y,) = session(node_model(made, function=True), library=False).run(None, {"X": made.x})
    np.testing.assert_array_equal(y, made.expected())


@pytest.mark.parametrize("opset", [18, 20, 21])
def test_the_body_suits_newer_opsets(opset: int) -> None:
    made = layer(SMALL, KINDS[1])
    model = node_model(made, function=True, opset=opset)
    model.ir_version = 10
    onnx.checker.check_model(model, full_check=True)
    (y,) = session(model, library=False).run(None, {"X": made.x})
    np.testing.assert_array_equal(y, made.expected())


def test_an_old_opset_is_refused() -> None:
    with pytest.raises(AdderSRError, match="opset 18 or newer, got 17"):
        qlinear_adder_conv_function(17)


@pytest.mark.parametrize("kind", [KINDS[1], KINDS[4]], ids=lambda kind: kind.name)
def test_onnxs_evaluator_runs_the_op_and_its_body(kind: Kind) -> None:
    made = layer(case("groups_2"), kind)
    for model, new_ops in (
        (node_model(made), [QLinearAdderConv]),
        # It hands down only those attributes that a node states.
        (
            node_model(
                made,
                function=True,
                **{**DEFAULTS, "kernel_shape": (3, 3), "group": 2, "pads": (1, 1, 1, 1)},
            ),
            [],
        ),
    ):
        evaluator = ReferenceEvaluator(model, new_ops=new_ops)
        np.testing.assert_array_equal(evaluator.run(None, {"X": made.x})[0], made.expected())


def test_without_library_and_body_the_op_is_unknown() -> None:
    with pytest.raises(Exception, match="QLinearAdderConv"):
        session(node_model(layer(SMALL, KINDS[0])), library=False)


@pytest.mark.usefixtures("schema")
@pytest.mark.parametrize("kind", [KINDS[0], KINDS[3]], ids=lambda kind: kind.name)
def test_shapes_and_types_are_inferred(kind: Kind) -> None:
    made = layer(replace(SMALL, strides=(1, 2)), kind)
    model = node_model(made)
    onnx.checker.check_model(model, full_check=True)
    model.graph.output[0].type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    y = inferred.graph.output[0].type.tensor_type
    dims = [dim.dim_value or dim.dim_param for dim in y.shape.dim]
    assert dims[:2] == ["N", "H"]
    assert dims[3] == SMALL.w[0]
    assert y.elem_type == onnx.helper.np_dtype_to_tensor_dtype(made.x.dtype)
    runner = session(model, library=True)
    assert runner.get_outputs()[0].shape == ["N", "H", "(W+1)//2", SMALL.w[0]]
    assert runner.get_outputs()[0].type == f"tensor({made.x.dtype})"


@pytest.mark.usefixtures("schema")
def test_the_schema_finds_a_wrong_node() -> None:
    model = node_model(layer(SMALL, KINDS[0]), bits=None)
    with pytest.raises(onnx.checker.ValidationError, match="bits"):
        onnx.checker.check_model(model, full_check=True)
    model = node_model(layer(SMALL, KINDS[0]), fed=("X", "offset"))
    model.graph.input[1].type.tensor_type.shape.dim[0].dim_value = 5
    with pytest.raises(AdderSRError, match=r"offset to have 1 value or one per filter \(8\)"):
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)


WRONG_ATTRIBUTES: list[tuple[dict[str, Any], str]] = [
    ({"bits": None}, "expects the attribute bits, which is missing"),
    ({"table_fraction": None}, "expects the attribute table_fraction, which is missing"),
    ({"bits": "8"}, "attribute bits to be an integer"),
    ({"bits": 9}, "bits from 1 to 8"),
    ({"bits": 2**40}, "bits from 1 to 8"),
    ({"table_fraction": -1}, "table_fraction from 0 to 8"),
    ({"strides": [1]}, "strides to be a list of 2 integers"),
    ({"group": 2}, "group"),
]


@pytest.mark.parametrize(("changes", "complaint"), WRONG_ATTRIBUTES, ids=str)
def test_a_wrong_attribute(changes: dict[str, Any], complaint: str) -> None:
    made = layer(SMALL, KINDS[0])
    with pytest.raises(Exception, match=f"QLinearAdderConv.*{complaint}"):
        session(node_model(made, **changes), library=True).run(None, {"X": made.x})


WRONG_VALUES: list[tuple[str, Any, str]] = [
    ("W", np.full((8, 3, 3, 3), 64, np.uint8), "W to hold values from 0 to 63, got 64"),
    ("W", np.zeros((8, 3, 3), np.uint8), "W to have 4 dimensions"),
    ("x_zero_point", np.zeros(2, np.uint8), r"x_zero_point .* \(3\), got 2"),
    ("x_zero_point", np.full(1, 64, np.uint8), "x_zero_point to hold values"),
    ("offset", np.zeros(3, np.int32), r"offset .* \(8\), got 3"),
    ("offset", np.full(8, -(2**31), np.int32), "offset to hold values"),
    ("multiplier", np.full(1, np.nan, np.float32), "multiplier to hold values .* got .*nan"),
    ("bias", np.full(1, np.inf, np.float32), "bias to hold values .* got inf"),
    ("z_zero_point", np.full(1, 64, np.uint8), "z_zero_point to hold values"),
    ("z_multiplier", np.zeros((1, 1), np.float32), "z_multiplier to have 1 dimension"),
    ("r_multiplier", np.zeros(0, np.float32), "r_multiplier .* got 0"),
    ("table", np.zeros((2, 4096), np.int16), r"a table of \[1 or 8, 2 to 65536\], got \[2, 4096\]"),
    ("table", np.zeros((1, 1), np.int16), r"got \[1, 1\]"),
    ("table", np.zeros((1, 65537), np.int16), r"got \[1, 65537\]"),
    (
        "Z",
        np.zeros((1, 5, 9, 7), np.uint8),
        r"Z to be one value .*\[1, 5, 9, 8\], got \[1, 5, 9, 7\]",
    ),
    ("R", np.zeros((1, 5, 9), np.uint8), "R to have 4 dimensions"),
    ("R", np.zeros((1, 5, 9, 0), np.uint8), "R to be one value"),
]


@pytest.mark.parametrize("constant", [True, False], ids=["constant", "computed"])
@pytest.mark.parametrize(("name", "value", "complaint"), WRONG_VALUES)
def test_a_wrong_value(name: str, value: Any, complaint: str, constant: bool) -> None:
    made = layer(SMALL, KINDS[2])
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
    with pytest.raises(Exception, match=f"QLinearAdderConv expects .*{complaint}"):
        session(model, library=True).run(None, fed)


def test_types_do_not_mix() -> None:
    made = layer(SMALL, KINDS[0])
    model = node_model(made)
    wrong = onnx.numpy_helper.from_array(made.parameters.w.astype(np.int16), "W")
    model.graph.initializer[0].CopyFrom(wrong)
    with pytest.raises(Exception, match=r"tensor\(int16\)|QLinearAdderConv"):
        session(model, library=True)
