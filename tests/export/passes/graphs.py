"""Graphs in text, to run a pass on, and what they compute before and after."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir
from onnx_ir.passes import InPlacePass

from addersr.custom_ops.adder_conv.schema import register_schema
from addersr.export.expectation import reference

Array = npt.NDArray[Any]

register_schema()

#: The shape of the inputs, whatever the graph.
SHAPE = (2, 4, 6, 7)


def parse(nodes: str, constants: Mapping[str, Array], *, inputs: str = "x") -> ir.Model:
    """``nodes`` compute y from inputs of ``SHAPE``; the shapes of all tensors are inferred."""
    shape = f"float[{', '.join(map(str, SHAPE))}]"
    arguments = ", ".join(f"{shape} {name}" for name in inputs.split())
    model = onnx.parser.parse_model(
        f'<ir_version: 10, opset_import: ["": 20, "ai.addersr": 1]>'
        f" test ({arguments}) => (float[N, O, P, Q] y) {{ {nodes} }}"
    )
    model.graph.initializer.extend(
        onnx.numpy_helper.from_array(np.asarray(value, np.float32), name)
        for name, value in constants.items()
    )
    for node in model.graph.node:
        node.name = f"{node.output[0]}/{node.op_type}"
    model = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    return ir.serde.deserialize_model(model)


def run(model: ir.Model, seed: int = 0) -> Array:
    """The output for random inputs, of the references of our ops and onnx's."""
    random = np.random.default_rng(seed)
    feeds = {
        value.name: random.normal(0, 1, SHAPE).astype(np.float32) for value in model.graph.inputs
    }
    (y,) = reference(ir.serde.serialize_model(model)).run(None, feeds)
    assert isinstance(y, np.ndarray)
    return y


def ops(model: ir.Model) -> list[str]:
    """The operators in order."""
    return [node.op_type for node in model.graph]


def check(model: ir.Model, *passes: InPlacePass, expected: list[str]) -> None:
    """The passes leave these operators, which compute what the graph has computed, validly."""
    before, names = (
        run(model),
        [value.name for value in (*model.graph.inputs, *model.graph.outputs)],
    )
    for one in passes:
        one(model)
    assert ops(model) == expected
    after = run(model)
    np.testing.assert_allclose(after, before, rtol=2e-5, atol=2e-5)
    assert [value.name for value in (*model.graph.inputs, *model.graph.outputs)] == names
    proto = ir.serde.serialize_model(model)
    onnx.checker.check_model(proto, full_check=True)
    for one in passes:
        assert not one(model).modified or type(one).__name__ == "ImageIo", "it is not at its end"


def floats(*shape: int, seed: int = 1, spread: float = 0.5) -> Array:
    """Random numbers."""
    return np.random.default_rng(seed).normal(0, spread, shape).astype(np.float32)
