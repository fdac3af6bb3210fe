"""The function body of AdderConv wherever standard ONNX runs, without the op library."""

from typing import Any

import numpy as np
import onnx
import onnx.inliner
import pytest
from onnx.reference import ReferenceEvaluator

from addersr.custom_ops import DOMAIN
from addersr.custom_ops.adder_conv import adder_conv
from addersr.custom_ops.adder_conv.evaluator import AdderConv
from addersr.custom_ops.adder_conv.function import adder_conv_function
from addersr.errors import AdderSRError

from .adder_conv_cases import CASES, Case, case
from .adder_conv_model import assert_matches, expected, node_model, run, session

# onnxruntime's Conv, and with it the body, refuses to derive pads where taps are apart.
REFUSED_BY_CONV = [
    one for one in CASES if one.auto_pad.startswith("SAME") and one.dilations != (1, 1)
]
ACCEPTED_BY_CONV = [one for one in CASES if one not in REFUSED_BY_CONV]
# onnx's ReferenceEvaluator takes about a millisecond per tap, and its own Conv, in releases that we
# support, gets auto_pad and empty inputs wrong.
EVALUATED = [
    one
    for one in CASES
    if one.taps <= 30
    and one.auto_pad == "NOTSET"
    and np.prod(one.x) > 0
    and not one.name.startswith("width_")
]


@pytest.mark.parametrize("one", ACCEPTED_BY_CONV, ids=lambda one: one.name)
def test_plain_onnxruntime_runs_the_body(one: Case) -> None:
    y = run(session(node_model(one, function=True), library=False), X=one.arrays()[0])
    assert y.dtype == np.float32
    assert_matches(one, y, expected(one))


@pytest.mark.parametrize("one", REFUSED_BY_CONV, ids=lambda one: one.name)
def test_what_conv_cannot_do_is_refused_not_guessed(one: Case) -> None:
    plain = session(node_model(one, function=True), library=False)
    with pytest.raises(Exception, match="Dilation not supported for AutoPadType"):
        run(plain, X=one.arrays()[0])


def test_without_body_and_library_the_op_is_unknown() -> None:
    with pytest.raises(Exception, match="AdderConv"):
        session(node_model(case("kernel_3x3"), function=False), library=False)


@pytest.mark.parametrize("opset", [18, 19, 20, 21])
def test_every_opset_we_may_export_is_valid_and_runs(opset: int) -> None:
    one = case("groups_stride_dilation")
    model = node_model(one, function=True, opset=opset)
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    assert_matches(one, run(session(model, library=False), X=one.arrays()[0]), expected(one))


def test_an_older_opset_is_refused() -> None:
    with pytest.raises(AdderSRError, match="needs opset 18 or newer, got 17"):
        adder_conv_function(17)


@pytest.mark.parametrize("name", ["groups_3_of_17_filters", "same_lower_stride_2", "batch_empty"])
def test_the_inliner_leaves_standard_operators_only(name: str) -> None:
    one = case(name)
    inlined = onnx.inliner.inline_local_functions(node_model(one, function=True))
    assert not inlined.functions
    assert {node.domain for node in inlined.graph.node} == {""}
    onnx.checker.check_model(inlined, full_check=True)
    onnx.shape_inference.infer_shapes(inlined, check_type=True, strict_mode=True, data_prop=True)
    assert_matches(one, run(session(inlined, library=False), X=one.arrays()[0]), expected(one))


@pytest.mark.parametrize("one", EVALUATED, ids=lambda one: one.name)
def test_the_evaluator_of_onnx_runs_the_inlined_body(one: Case) -> None:
    model = onnx.inliner.inline_local_functions(node_model(one, function=True))
    (y,) = ReferenceEvaluator(model).run(None, {"X": one.arrays()[0]})
    assert_matches(one, np.asarray(y), expected(one))


@pytest.mark.parametrize("name", ["groups_stride_dilation", "pads_all_different", "kernel_1x1"])
def test_the_evaluator_of_onnx_runs_a_node_that_spells_out_its_attributes(name: str) -> None:
    one = case(name)
    model = node_model(one, function=True, explicit=True)
    (y,) = ReferenceEvaluator(model).run(None, {"X": one.arrays()[0]})
    assert_matches(one, np.asarray(y), expected(one))


@pytest.mark.parametrize("one", CASES, ids=lambda one: one.name)
@pytest.mark.parametrize("function", [False, True])
def test_the_evaluator_takes_our_reference_for_the_op(one: Case, function: bool) -> None:
    model = node_model(one, function=function)
    x, w, b = one.arrays()
    (y,) = ReferenceEvaluator(model, new_ops=[AdderConv]).run(None, {"X": x})
    np.testing.assert_array_equal(np.asarray(y), adder_conv(x, w, b, **one.attributes))


def test_one_body_serves_nodes_with_different_attributes_and_open_sizes() -> None:
    first = case("channels_8_to_8")
    model = node_model(first, function=True)
    _, w, b = first.arrays()
    later: dict[str, Any] = {"strides": (2, 1), "pads": (0, 1, 2, 3), "group": 2}
    depth = w[:, :4]
    model.graph.initializer.append(onnx.numpy_helper.from_array(depth, "W2"))
    model.graph.node.append(
        onnx.helper.make_node("AdderConv", ["Y", "W2", "B"], ["Z"], domain=DOMAIN, **later)
    )
    model.graph.output[0].name = "Z"
    plain = session(model, library=False)
    rng = np.random.default_rng(1)
    for shape in ((1, 8, 5, 9), (2, 8, 12, 7), (0, 8, 6, 6), (1, 8, 3, 3)):
        x = rng.normal(size=shape).astype(np.float32)
        z = adder_conv(adder_conv(x, w, b, **first.attributes), depth, b, **later)
        np.testing.assert_allclose(run(plain, X=x), z, rtol=1e-5)


def test_the_filter_may_be_an_input() -> None:
    one = case("pads_all_different")
    x, w, b = one.arrays()
    model = node_model(one, function=True)
    del model.graph.initializer[:]
    for name, array in (("W", w), ("B", b)):
        model.graph.input.append(
            onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, array.shape)
        )
    assert_matches(one, run(session(model, library=False), X=x, W=w, B=b), expected(one))


@pytest.mark.parametrize(
    ("attributes", "name"),
    [({"group": 2}, "channels_8_to_8"), ({"kernel_shape": [2, 2]}, "kernel_3x3")],
)
def test_attributes_that_contradict_the_filter_are_refused(
    attributes: dict[str, Any], name: str
) -> None:
    model = node_model(case(name), function=True)
    for key, value in attributes.items():
        model.graph.node[0].attribute.append(onnx.helper.make_attribute(key, value))
    with pytest.raises(Exception, match=r"(?i)group|kernel"):
        run(session(model, library=False), X=case(name).arrays()[0])
