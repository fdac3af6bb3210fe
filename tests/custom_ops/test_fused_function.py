"""The function body of FusedAdderConv wherever standard ONNX runs, without the op library."""

from dataclasses import replace

import numpy as np
import onnx
import onnx.inliner
import pytest
from onnx.reference import ReferenceEvaluator

from addersr.custom_ops.fused_adder_conv import INPUTS, fused_adder_conv
from addersr.custom_ops.fused_adder_conv.evaluator import FusedAdderConv
from addersr.custom_ops.fused_adder_conv.function import fused_adder_conv_function
from addersr.errors import AdderSRError

from .adder_conv_cases import case
from .adder_conv_model import run, session
from .fused_adder_conv_cases import CALLS, PART_CALLS, PARTS, Call
from .fused_adder_conv_model import assert_matches, feeds, inputs, model, node_model
from .test_function import EVALUATED, REFUSED_BY_CONV

ACCEPTED = [call for call in CALLS if call.case not in REFUSED_BY_CONV]
SOME = [
    Call(case(name), last)
    for name in ("groups_stride_dilation", "pads_all_different", "same_lower_stride_2")
    for last in (0, 1)
]


@pytest.mark.parametrize("call", [*ACCEPTED, *PART_CALLS], ids=lambda call: call.name)
def test_plain_onnxruntime_runs_the_body(call: Call) -> None:
    y = run(session(node_model(call, function=True), library=False), **feeds(call))
    assert y.dtype == np.float32
    assert_matches(call, y)


def test_the_kernel_wins_over_the_body() -> None:
    # The body accepts an alpha that the kernel refuses.
    call = Call(case("channels_8_to_8"), 1)
    constants = inputs(*call.arrays())
    x = constants.pop("X")
    constants["alpha"] = np.full(1, -0.5, np.float32)
    both = model(constants, call.attributes, function=True)
    run(session(both, library=False), X=x)
    with pytest.raises(Exception, match="alpha to lie between 0 and 1024"):
        session(both, library=True)


@pytest.mark.parametrize("opset", [18, 19, 20, 21, 22, 23])
def test_every_opset_we_may_export_is_valid(opset: int) -> None:
    onnx.checker.check_model(node_model(SOME[1], function=True, opset=opset), full_check=True)


@pytest.mark.parametrize("call", SOME, ids=lambda call: call.name)
def test_the_inliner_leaves_standard_operators_only(call: Call) -> None:
    inlined = onnx.inliner.inline_local_functions(node_model(call, function=True))
    assert not inlined.functions
    assert {node.domain for node in inlined.graph.node} == {""}
    onnx.checker.check_model(inlined, full_check=True)
    onnx.shape_inference.infer_shapes(inlined, check_type=True, strict_mode=True, data_prop=True)
    assert_matches(call, run(session(inlined, library=False), **feeds(call)))


@pytest.mark.parametrize(
    "call", [call for call in CALLS if call.case in EVALUATED][::8], ids=lambda call: call.name
)
def test_the_evaluator_of_onnx_runs_the_inlined_body(call: Call) -> None:
    inlined = onnx.inliner.inline_local_functions(node_model(call, function=True))
    (y,) = ReferenceEvaluator(inlined).run(None, feeds(call))
    assert_matches(call, np.asarray(y))


@pytest.mark.parametrize("call", PART_CALLS[::3], ids=lambda call: call.name)
def test_the_evaluator_takes_our_reference_for_the_op(call: Call) -> None:
    evaluator = ReferenceEvaluator(node_model(call, function=False), new_ops=[FusedAdderConv])
    x, w, epilogue = call.arrays()
    (y,) = evaluator.run(None, {"X": x})
    np.testing.assert_array_equal(
        np.asarray(y), fused_adder_conv(x, w, epilogue, **call.attributes)
    )


@pytest.mark.parametrize("library", [False, True])
@pytest.mark.parametrize("last", [0, 1])
def test_every_input_may_be_computed(last: int, library: bool) -> None:
    call = Call(case("pads_all_different"), last, PARTS)
    one = session(model({}, call.attributes, function=not library), library=library)
    assert_matches(call, run(one, **inputs(*call.arrays())))
    # And another filter, of another size, on the next call.
    other = Call(replace(case("kernel_2x3"), pads=call.case.pads), last, PARTS)
    assert_matches(other, run(one, **inputs(*other.arrays())))


def test_an_older_opset_is_refused() -> None:
    with pytest.raises(
        AdderSRError, match="FusedAdderConv's function body needs opset 18 or newer, got 17"
    ):
        fused_adder_conv_function(17)


def test_the_body_has_the_inputs_of_the_op() -> None:
    assert tuple(fused_adder_conv_function().input) == INPUTS
