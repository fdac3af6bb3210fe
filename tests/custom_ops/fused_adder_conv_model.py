"""One-node models of FusedAdderConv and the comparison with the reference."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.adder_conv.reference import FloatArray
from addersr.custom_ops.fused_adder_conv import INPUTS, Epilogue, fused_adder_conv, tolerance
from addersr.custom_ops.fused_adder_conv.function import fused_adder_conv_function

from .fused_adder_conv_cases import Call


def model(
    constants: dict[str, FloatArray],
    attributes: dict[str, Any],
    *,
    function: bool,
    opset: int = 18,
    shapes: dict[str, Sequence[int | str | None]] | None = None,
    names: Sequence[str] = INPUTS,
) -> onnx.ModelProto:
    """A model of one node.

    Args:
        constants: the inputs that are constants; the others are inputs of the model.
        function: whether the model carries the function body.
        shapes: of those inputs, where they are not to be unknown sizes, and of Y.
        names: inputs of the node, right or wrong.
    """
    float32 = onnx.TensorProto.FLOAT
    ranks = dict(zip(INPUTS, (4, 4, 1, 1, 4, 1, 1, 4, 0, 0), strict=True))
    node = onnx.helper.make_node(
        "FusedAdderConv", names, ["Y"], name="the node", domain=DOMAIN, **attributes
    )
    graph = onnx.helper.make_graph(
        [node],
        "one_node",
        [
            onnx.helper.make_tensor_value_info(
                name, float32, (shapes or {}).get(name, [None] * ranks[name])
            )
            for name in INPUTS
            if name not in constants
        ],
        [onnx.helper.make_tensor_value_info("Y", float32, (shapes or {}).get("Y"))],
        [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opsets = [onnx.helper.make_opsetid("", opset), onnx.helper.make_opsetid(DOMAIN, VERSION)]
    return onnx.helper.make_model(
        graph,
        ir_version=9,
        opset_imports=opsets,
        functions=[fused_adder_conv_function(opset)] if function else [],
    )


def inputs(x: FloatArray, w: FloatArray, epilogue: Epilogue) -> dict[str, FloatArray]:
    """All inputs by name."""
    return dict(zip(INPUTS, (x, w, *epilogue.arrays()), strict=True))


def feeds(call: Call) -> dict[str, FloatArray]:
    """X, and residuals of an empty batch.

    onnxruntime 1.18 removes the addition of a constant without elements, and then has no output.
    """
    given = inputs(*call.arrays())
    return {name: array for name, array in given.items() if name == "X" or array.size == 0}


def node_model(call: Call, *, function: bool, opset: int = 18) -> onnx.ModelProto:
    """The model of a call; its inputs are those of :func:`feeds`."""
    constants = inputs(*call.arrays())
    for name in feeds(call):
        del constants[name]
    shapes = {"Y": (None,) * 4}
    return model(constants, call.attributes, function=function, opset=opset, shapes=shapes)


def expected(call: Call) -> npt.NDArray[np.float64]:
    """What the float64 reference makes of a call."""
    x, w, epilogue = call.arrays()
    wide = (x.astype(np.float64), w.astype(np.float64), epilogue.astype(np.float64))
    return fused_adder_conv(*wide, **call.attributes)


def assert_matches(call: Call, actual: FloatArray) -> None:
    """Fail unless ``actual`` has the shape of the reference and is within its tolerance."""
    truth = expected(call)
    assert actual.shape == truth.shape
    x, w, epilogue = call.arrays()
    limit = tolerance(x, w, epilogue, **call.attributes)
    share = float((np.abs(actual.astype(np.float64) - truth) / limit).max(initial=0.0))
    assert share <= 1.0, f"{call.name}: differs by {share:.3g} times the tolerance"
