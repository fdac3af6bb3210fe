"""The exact result of a float32 ONNX graph, and how far float32 may be from it, without torch.

The method is that of :mod:`~addersr.export.tolerance`, on the nodes of a graph: the graph runs in
float64, once as it is and then with an error of the size that float32 may make added to the result
of every node. What an operation may make is in ``_BOUNDS``; for the ops of our domain it is the
tolerance of their specifications.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx.reference import ReferenceEvaluator

from addersr.custom_ops.adder_conv import tolerance as adder_conv_tolerance
from addersr.custom_ops.adder_conv.evaluator import AdderConv
from addersr.custom_ops.fused_adder_conv.evaluator import FusedAdderConv
from addersr.custom_ops.fused_adder_conv.reference import Epilogue
from addersr.custom_ops.fused_adder_conv.reference import tolerance as fused_tolerance
from addersr.errors import AdderSRError

Array = npt.NDArray[Any]
Bound = Callable[[onnx.NodeProto, Sequence[Array], Array], Any]
"""A node, its inputs and its exact result → how far float32 may be off."""

#: Ways to draw the signs, two draws each: the axes of a tensor [N, C, H, W] along which a sign
#: stays. The error of a bias is the same everywhere, that of a sum shared by all channels is not.
DRAWS: tuple[tuple[int, ...], ...] = ((), (), (1,), (1,), (0, 2, 3), (0, 2, 3))

_EPS = float(np.finfo(np.float32).eps)


class ExactGraph:
    """A float32 graph in float64.

    Args:
        model: nodes of the standard domain, AdderConv and FusedAdderConv; one input, one output.

    Raises:
        AdderSRError: it has an operation whose rounding is not known here.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        graph = model.graph
        for node in graph.node:
            if node.op_type not in _BOUNDS and node.op_type not in _EXACT:
                raise AdderSRError(
                    f"The rounding of {node.op_type} ({node.name}) is not known, so no tolerance "
                    "can be derived. Add its bound to addersr/export/graph_tolerance.py."
                )
        self._nodes = list(graph.node)
        self._constants = {
            tensor.name: _widened(onnx.numpy_helper.to_array(tensor))
            for tensor in graph.initializer
        }
        (self._input,) = (value.name for value in graph.input if value.name not in self._constants)
        (self._output,) = (value.name for value in graph.output)
        opsets = {opset.domain: opset.version for opset in model.opset_import}
        self._run = [
            ReferenceEvaluator(node, opsets=opsets, new_ops=[AdderConv, FusedAdderConv])
            for node in self._nodes
        ]

    def evaluate(self, x: Array) -> tuple[npt.NDArray[np.float64], float]:
        """The exact output for an input of float32, and the tolerance of each of its elements."""
        with np.errstate(divide="ignore"):  # log(0) is an intermediate of the power activation
            exact = self._evaluate(x, lambda _node, _inputs, result: result)
            deviation = 0.0
            for seed, axes in enumerate(DRAWS):
                disturbed = self._evaluate(x, _Rounding(seed, axes))
                deviation = max(deviation, float(np.abs(disturbed - exact).max(initial=0.0)))
        return exact, deviation

    def _evaluate(self, x: Array, after: Bound) -> npt.NDArray[np.float64]:
        values: dict[str, Array] = {**self._constants, self._input: _widened(x)}
        for node, evaluator in zip(self._nodes, self._run, strict=True):
            inputs = {name: values[name] for name in node.input if name}
            results = evaluator.run(None, inputs)
            ordered = [values[name] for name in node.input if name]
            for name, result in zip(node.output, results, strict=True):
                assert isinstance(result, np.ndarray)
                values[name] = after(node, ordered, result)
        return values[self._output]


class _Rounding:
    """Adds to the result of a node an error of the size that float32 may make."""

    def __init__(self, seed: int, shared_axes: tuple[int, ...]) -> None:
        self._random = np.random.default_rng(seed)
        self._shared_axes = shared_axes

    def __call__(self, node: onnx.NodeProto, inputs: Sequence[Array], result: Array) -> Array:
        if node.op_type in _EXACT or result.dtype != np.float64:
            return result
        shape = list(result.shape)
        for axis in self._shared_axes:
            if result.ndim == 4:
                # Channels come last behind the first Transpose; which axis they are on matters to
                # the correlation of the signs only, and both kinds are drawn.
                shape[axis] = 1
        signs = self._random.integers(0, 2, shape) * 2 - 1
        noisy: Array = result + signs * _BOUNDS[node.op_type](node, inputs, result)
        return noisy


def _widened(values: Array) -> Array:
    return values.astype(np.float64) if values.dtype == np.float32 else values


def _relative(units: float) -> Bound:
    return lambda _node, _inputs, result: units * _EPS * np.abs(result)


def _attributes(node: onnx.NodeProto) -> Mapping[str, Any]:
    values = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
    return {key: v.decode() if isinstance(v, bytes) else v for key, v in values.items()}


def _adder_conv(_: onnx.NodeProto, inputs: Sequence[Array], _result: Array) -> float:
    return adder_conv_tolerance(*inputs)


def _fused_adder_conv(node: onnx.NodeProto, inputs: Sequence[Array], _result: Array) -> Array:
    x, w, *epilogue = inputs
    return fused_tolerance(x, w, Epilogue(*epilogue), **_attributes(node))


def _conv(_: onnx.NodeProto, inputs: Sequence[Array], _result: Array) -> float:
    x, w = inputs[:2]
    largest: float = w[0].size * _largest(x) * _largest(w)
    return 2 * _EPS * (largest + (_largest(inputs[2]) if len(inputs) > 2 else 0.0))


def _conv_transpose(node: onnx.NodeProto, inputs: Sequence[Array], _result: Array) -> float:
    # Filters are [C, O/groups, kh, kw], and every stride-th row and column meets a pixel.
    x, w = inputs[:2]
    attributes = _attributes(node)
    strides = attributes.get("strides", (1, 1))
    rows, columns = (-(-w.shape[2 + i] // strides[i]) for i in range(2))
    taps = w.shape[0] // attributes.get("group", 1) * rows * columns
    largest: float = taps * _largest(x) * _largest(w)
    return 2 * _EPS * (largest + (_largest(inputs[2]) if len(inputs) > 2 else 0.0))


def _log(_: onnx.NodeProto, _inputs: Sequence[Array], result: Array) -> Array:
    # Near log(1) = 0 the error is relative to the parts that it is put together from, about 1.
    bound: Array = 4 * _EPS * np.maximum(np.abs(np.where(np.isfinite(result), result, 0)), 1)
    return bound


def _batch_norm(node: onnx.NodeProto, inputs: Sequence[Array], _result: Array) -> Array:
    # γ(x - μ)/√(σ² + ε) + β, or with γ/√(σ² + ε) and what it makes of μ computed first.
    x, *parameters = inputs
    weight, bias, mean, variance = (value.reshape(-1, 1, 1) for value in parameters)
    factor = np.abs(weight) / np.sqrt(variance + _attributes(node).get("epsilon", 1e-5))
    bound: Array = 4 * _EPS * (factor * (np.abs(x) + np.abs(mean)) + np.abs(bias))
    return bound


def _largest(values: Array) -> float:
    return float(np.abs(values).max(initial=0.0))


# Vectorised exponentials, logarithms and powers of onnxruntime and numpy stay within 4 units.
_BOUNDS: dict[str, Bound] = {
    "AdderConv": _adder_conv,
    "FusedAdderConv": _fused_adder_conv,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "BatchNormalization": _batch_norm,
    **{name: _relative(1) for name in ("Add", "Sub", "Mul", "Div", "PRelu", "LeakyRelu")},
    **{name: _relative(4) for name in ("Exp", "Pow")},
    "Log": _log,
}

_EXACT = {
    *("Abs", "Clip", "Concat", "Constant", "DepthToSpace", "Expand", "Identity", "Neg", "Pad"),
    *("Relu", "Reshape", "Shape", "Sign", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze"),
    *("Max", "Min"),
}
