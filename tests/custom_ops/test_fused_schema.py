"""FusedAdderConv's schema: what onnx's checker and shape inference make of it."""

from collections.abc import Iterator, Sequence
from typing import Any

import onnx
import pytest

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.fused_adder_conv import INPUTS
from addersr.custom_ops.fused_adder_conv.schema import register_schema
from addersr.errors import AdderSRError

from .fused_adder_conv_cases import CALLS, PART_CALLS, Call
from .fused_adder_conv_model import expected, model, node_model

Dims = Sequence[int | str | None]


@pytest.fixture(autouse=True)
def _schema() -> Iterator[None]:
    """With the schema during the test, afterwards as before."""
    before = onnx.defs.has("FusedAdderConv", DOMAIN)
    register_schema()
    yield
    if not before:
        onnx.defs.deregister_schema("FusedAdderConv", VERSION, DOMAIN)


def infer(one: onnx.ModelProto) -> list[int | str | None]:
    """The inferred shape of Y: numbers, symbols, None for unknown sizes."""
    inferred = onnx.shape_inference.infer_shapes(one, check_type=True, strict_mode=True)
    y = inferred.graph.output[0].type.tensor_type
    assert y.elem_type == onnx.TensorProto.FLOAT
    sizes = [getattr(dim, dim.WhichOneof("value") or "", None) for dim in y.shape.dim]
    return [None if str(size).startswith("unk__") else size for size in sizes]


def infer_shapes(shapes: dict[str, Dims], **attributes: Any) -> list[int | str | None]:
    default: dict[str, Dims] = {"X": ("N", "H", "W", 3), "W": (8, 3, 3, 3)}
    attributes = {"channels_last": 1, "pads": [1, 1, 1, 1], **attributes}
    return infer(model({}, attributes, function=False, shapes={**default, **shapes}))


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_known_sizes_are_those_of_the_reference(call: Call) -> None:
    one = node_model(call, function=False)
    dims = one.graph.input[0].type.tensor_type.shape.dim
    for dim, size in zip(dims, call.arrays()[0].shape, strict=True):
        dim.dim_value = size
    one.graph.output[0].type.tensor_type.ClearField("shape")
    assert infer(one) == list(expected(call).shape)


def test_symbols_are_kept_where_sizes_are() -> None:
    assert infer_shapes({}) == ["N", "H", "W", 8]
    assert infer_shapes({"Z": ("N", "H", "W", 8), "R": (1, 1, 1, 1)}) == ["N", "H", "W", 8]
    assert infer_shapes({}, strides=[2, 1]) == ["N", None, "W", 8]
    assert infer_shapes({"X": ("N", 3, "H", "W")}, channels_last=0) == ["N", 8, "H", "W"]


@pytest.mark.parametrize(
    ("shapes", "attributes", "message"),
    [
        ({}, {"channels_last": 3}, "channels_last to be 0 .* got 3"),
        ({}, {"channels_last": 0}, None),
        ({"X": ("N", 3, "H", 4)}, {}, "channels times group = 3 x 1, got 4"),
        ({"scale": (7,)}, {}, r"scale to have 1 value or one per filter \(8\), got \[7\]"),
        ({"alpha": (8, 1)}, {}, r"alpha to have 1 value .*, got \[8, 1\]"),
        ({"Z": (1, 8, 1, 1)}, {}, r"Z to have the shape of Y, .* got \[1, 8, 1, 1\]"),
        ({"R": (1, 1, 1)}, {}, "R to have the shape of Y"),
        ({"clip_max": (1,)}, {}, r"clip_max to have no dimension \(a scalar\), got \[1\]"),
        ({}, {"strides": [2]}, "FusedAdderConv expects strides to be 2 integers"),
    ],
)
def test_a_wrong_node_ends_in_our_sentence(
    shapes: dict[str, Dims], attributes: dict[str, Any], message: str | None
) -> None:
    if message is None:  # "W" is a symbol that may well be the channels: nothing is wrong yet
        shapes = {"X": ("N", "H", "W", 5)}
        assert infer_shapes(shapes, **attributes) == ["N", 8, "W", 5]
        return
    with pytest.raises(AdderSRError, match=message):
        infer_shapes(shapes, **attributes)


def test_a_second_registration_changes_nothing() -> None:
    register_schema()
    schema = onnx.defs.get_schema("FusedAdderConv", VERSION, DOMAIN)
    assert tuple(one.name for one in schema.inputs) == INPUTS
    assert (schema.min_input, schema.max_input) == (len(INPUTS), len(INPUTS))
    assert schema.attributes["channels_last"].default_value.i == 0
    conv = set(onnx.defs.get_schema("Conv", 18).attributes)
    assert set(schema.attributes) == {*conv, "channels_last"}


@pytest.mark.parametrize("function", [False, True])
def test_the_checker_knows_the_op(function: bool) -> None:
    one = node_model(PART_CALLS[0], function=function)
    onnx.checker.check_model(one, full_check=True)
    del one.graph.node[0].input[9:]
    with pytest.raises(onnx.checker.ValidationError, match="input"):
        onnx.checker.check_model(one, full_check=True)
