"""AdderConv's schema: what onnx's checker and shape inference make of it."""

from collections.abc import Iterator, Sequence
from typing import Any

import onnx
import pytest

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.adder_conv.schema import register_schema
from addersr.errors import AdderSRError

from .adder_conv_cases import CASES, Case
from .adder_conv_model import expected, node_model

Dims = Sequence[int | str | None] | None


@pytest.fixture(autouse=True)
def _schema() -> Iterator[None]:
    """With the schema during the test, afterwards as before."""
    before = onnx.defs.has("AdderConv", DOMAIN)
    register_schema()
    yield
    if not before:
        onnx.defs.deregister_schema("AdderConv", VERSION, DOMAIN)


def infer(
    x: Dims, w: Dims, b: Dims = None, element: int = onnx.TensorProto.FLOAT, **attributes: Any
) -> list[int | str | None] | None:
    """The inferred shape of Y: numbers, symbols, None for unknown sizes; None without a rank."""
    inputs = zip("XWB", (x, w, b), strict=True)
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("AdderConv", ["X", "W", "B"], ["Y"], domain=DOMAIN, **attributes)],
        "one_node",
        [onnx.helper.make_tensor_value_info(name, element, dims) for name, dims in inputs],
        [onnx.helper.make_tensor_value_info("Y", onnx.TensorProto.FLOAT, None)],
    )
    opsets = [onnx.helper.make_opsetid("", 18), onnx.helper.make_opsetid(DOMAIN, VERSION)]
    model = onnx.helper.make_model(graph, opset_imports=opsets)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    y = inferred.graph.output[0].type.tensor_type
    assert y.elem_type == onnx.TensorProto.FLOAT
    if not y.HasField("shape"):
        return None
    sizes = [getattr(dim, dim.WhichOneof("value") or "", None) for dim in y.shape.dim]
    # onnx gives unknown sizes names of its own.
    return [None if str(size).startswith("unk__") else size for size in sizes]


@pytest.mark.parametrize("one", CASES, ids=lambda one: one.name)
def test_known_sizes_are_those_of_the_reference(one: Case) -> None:
    assert infer(one.x, one.w, one.w[:1], **one.attributes) == list(expected(one).shape)


def test_unchanged_sizes_keep_their_symbols() -> None:
    x, w = ("N", 3, "H", "W"), (8, 3, 3, 3)
    assert infer(x, w, pads=(1, 1, 1, 1)) == ["N", 8, "H", "W"]
    assert infer(x, w, pads=(2, 1, 0, 1)) == ["N", 8, "H", "W"]
    assert infer(x, w, pads=(2, 2, 2, 2), dilations=(2, 2)) == ["N", 8, "H", "W"]
    assert infer(x, w, auto_pad="SAME_UPPER") == ["N", 8, "H", "W"]
    assert infer(x, w, auto_pad="SAME_LOWER", dilations=(3, 1)) == ["N", 8, "H", "W"]
    assert infer(x, (8, 3, 1, 1)) == ["N", 8, "H", "W"]
    assert infer(x, (8, 3, 1, 1), auto_pad="VALID") == ["N", 8, "H", "W"]


def test_changed_sizes_lose_their_symbols() -> None:
    x, w = ("N", 3, "H", "W"), (8, 3, 3, 3)
    assert infer(x, w) == ["N", 8, None, None]
    assert infer(x, w, pads=(1, 0, 1, 0)) == ["N", 8, "H", None]
    assert infer(x, w, pads=(1, 1, 1, 1), strides=(2, 1)) == ["N", 8, None, "W"]
    assert infer(x, w, auto_pad="SAME_UPPER", strides=(1, 2)) == ["N", 8, "H", None]
    assert infer(x, w, auto_pad="VALID") == ["N", 8, None, None]


def test_what_is_known_is_used() -> None:
    assert infer((None, "C", 7, "W"), ("O", 3, 3, 3)) == [None, "O", None, None]
    assert infer((None, "C", 7, "W"), (8, 3, 3, 3)) == [None, 8, 5, None]
    assert infer((2, None, None, 9), (8, 3, 3, 3), auto_pad="SAME_UPPER") == [2, 8, None, 9]
    assert infer(("N", 3, 4, 4), None) is None
    assert infer(None, (8, 3, 3, 3)) is None


@pytest.mark.parametrize(
    ("x", "w", "b", "attributes", "message"),
    [
        (("N", 4, "H", "W"), (8, 3, 3, 3), None, {}, "channels times group = 3 x 1, got 4"),
        (("N", "C", 2, "W"), (8, 3, 3, 3), None, {}, "does not fit into X"),
        (
            ("N", 3, "H", "W"),
            (8, 3, 3, 3),
            (7,),
            {},
            r"one bias per filter, shape \[8\], got \[7\]",
        ),
        (("N", 3, "H", "W"), (8, 3, 3, 3), (8, 1), {}, "one bias per filter"),
        (("N", 3, "H"), (8, 3, 3, 3), None, {}, "of 4 dimensions, got 3 and 4"),
        (("N", 3, "H", "W"), (8, 3, 3), None, {}, "of 4 dimensions, got 4 and 3"),
        (("N", 3, "H", "W"), (8, 3, 3, 3), None, {"strides": [2]}, "strides to be 2 integers"),
        (("N", 3, "H", "W"), (8, 3, 3, 3), None, {"auto_pad": "SAME"}, "auto_pad to be one of"),
        (("N", 6, "H", "W"), (9, 3, 3, 3), None, {"group": 2}, "multiple of group"),
        (("N", 3, "H", "W"), (8, 3, 3, 3), None, {"kernel_shape": [3, 5]}, "kernel_shape"),
    ],
)
def test_a_wrong_node_ends_in_our_sentence(
    x: Dims, w: Dims, b: Dims, attributes: dict[str, Any], message: str
) -> None:
    with pytest.raises(AdderSRError, match=message):
        infer(x, w, b, **attributes)


def test_only_float32_is_allowed() -> None:
    with pytest.raises(
        onnx.shape_inference.InferenceError, match=r"unsupported type: tensor\(double\)"
    ):
        infer((1, 3, 4, 4), (8, 3, 3, 3), (8,), onnx.TensorProto.DOUBLE)


def test_a_second_registration_changes_nothing() -> None:
    register_schema()
    schema = onnx.defs.get_schema("AdderConv", VERSION, DOMAIN)
    assert [(i.name, i.type_str) for i in schema.inputs] == [("X", "T"), ("W", "T"), ("B", "T")]
    assert (schema.min_input, schema.max_input) == (3, 3)
    assert {name for name, one in schema.attributes.items() if one.required} == set()
    assert schema.attributes["group"].default_value.i == 1
    assert schema.attributes["auto_pad"].default_value.s == b"NOTSET"
    assert set(schema.attributes) == set(onnx.defs.get_schema("Conv", 18).attributes)


@pytest.mark.parametrize("function", [False, True])
def test_the_checker_knows_the_op(function: bool) -> None:
    model = node_model(CASES[0], function=function)
    onnx.checker.check_model(model, full_check=True)
    model.graph.node[0].attribute.append(onnx.helper.make_attribute("padding", 1))
    with pytest.raises(onnx.checker.ValidationError, match="padding"):
        onnx.checker.check_model(model, full_check=True)
    del model.graph.node[0].attribute[:]
    del model.graph.node[0].input[2:]
    with pytest.raises(onnx.checker.ValidationError, match="input"):
        onnx.checker.check_model(model, full_check=True)
