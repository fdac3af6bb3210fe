"""What a right implementation makes of an ONNX file's sample inputs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx.reference import ReferenceEvaluator

from addersr.custom_ops import image
from addersr.custom_ops.evaluators import EVALUATORS
from addersr.errors import AdderSRError
from addersr.export.graph_tolerance import ExactGraph
from addersr.export.samples import samples

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Expectation:
    """A sample, and what must come out."""

    sample: str
    x: Array
    y: npt.NDArray[np.float64]
    tolerance: npt.NDArray[np.float64]
    """What each value may be off, [1, 1, 1, 1] or the shape of y; 0 for networks in integers."""


def expectations(model: onnx.ModelProto, *, integers: bool) -> Iterator[Expectation]:
    """Expected outputs one after the other.

    Args:
        model: from ``addersr export`` (float32) or ``addersr quantize``.
        integers: the model computes in integers, so its reference gives every bit.

    Raises:
        AdderSRError: a node whose rounding is not known, or values that are not finite.
    """
    make = _Bits(model) if integers else _Pictures(model) if _pictures(model) else _Floats(model)
    for name, x in sample_inputs(model):
        y, tolerance = make(x)
        if not np.isfinite(y).all():
            raise AdderSRError(
                "The model gives values that are not finite for an ordinary image: its weights are "
                "damaged or its training diverged. Use an earlier checkpoint."
            )
        yield Expectation(name, x, y, tolerance)


def sample_inputs(model: onnx.ModelProto) -> Iterator[tuple[str, Array]]:
    """Names and values of what a model is tried on, planes or pictures."""
    pictures = _pictures(model)
    for sample in samples(3 if pictures else _channels(model)):
        yield sample.name, _picture(sample.x) if pictures else sample.x


def reference(model: onnx.ModelProto) -> ReferenceEvaluator:
    """A model on the numpy references alone: its function bodies are not used."""
    graph = onnx.ModelProto()
    graph.CopyFrom(model)
    del graph.functions[:]
    return ReferenceEvaluator(graph, new_ops=list(EVALUATORS))


def luma_network(model: onnx.ModelProto) -> onnx.ModelProto:
    """A model of pictures without what turns them into luma and back: luma in, luma out.

    Raises:
        AdderSRError: its input does not go into RgbToLuma alone, or its output is not LumaToRgb's.
    """
    (first,) = _nodes(model, "RgbToLuma")
    (last,) = _nodes(model, "LumaToRgb")
    inner = onnx.ModelProto()
    inner.CopyFrom(model)
    nodes = [node for node in model.graph.node if node not in (first, last)]
    del inner.graph.node[:], inner.graph.input[:], inner.graph.output[:]
    inner.graph.node.extend(nodes)
    float32 = onnx.TensorProto.FLOAT
    for values, name in ((inner.graph.input, first.output[0]), (inner.graph.output, last.input[0])):
        values.append(onnx.helper.make_tensor_value_info(name, float32, [None, 1, None, None]))
    return inner


class _Bits:
    """Integer networks: every bit is specified."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._input = model.graph.input[0].name
        self._evaluator = reference(model)

    def __call__(self, x: Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        (y,) = self._evaluator.run(None, {self._input: x})
        assert isinstance(y, np.ndarray)
        return y.astype(np.float64), np.zeros((1, 1, 1, 1))


class _Floats:
    """Float32 networks of planes."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._graph = ExactGraph(model)

    def __call__(self, x: Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        y, tolerance = self._graph.evaluate(x)
        return y, np.full((1, 1, 1, 1), tolerance)


class _Pictures:
    """Float32 networks of pictures: the last step rounds, and never falls where luma rises."""

    def __init__(self, model: onnx.ModelProto) -> None:
        (node,) = _nodes(model, "LumaToRgb")
        constants = {tensor.name: tensor for tensor in model.graph.initializer}
        self._filter = onnx.numpy_helper.to_array(constants[node.input[2]])
        self._graph = ExactGraph(luma_network(model))

    def __call__(self, x: Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        luma, tolerance = self._graph.evaluate(image.rgb_to_luma(x))
        low, middle, high = (
            image.luma_to_rgb((luma + by).astype(np.float32), x, self._filter).astype(np.float64)
            for by in (-tolerance, 0, tolerance)
        )
        return middle, np.maximum(high - middle, middle - low)


def _nodes(model: onnx.ModelProto, op: str) -> list[onnx.NodeProto]:
    nodes = [node for node in model.graph.node if node.op_type == op]
    if len(nodes) != 1:
        raise AdderSRError(
            f"Expected a model of pictures with one {op}, got {len(nodes)}. Export it again."
        )
    return nodes


def _pictures(model: onnx.ModelProto) -> bool:
    kind: int = model.graph.input[0].type.tensor_type.elem_type
    return kind == onnx.TensorProto.UINT8


def _channels(model: onnx.ModelProto) -> int:
    dimensions = model.graph.input[0].type.tensor_type.shape.dim
    if len(dimensions) != 4 or dimensions[1].dim_value not in (1, 3):
        raise AdderSRError(
            "Expected an input [N, 1, H, W] or [N, 3, H, W], or pictures [N, H, W, 3] of uint8. "
            "Export the model again."
        )
    return int(dimensions[1].dim_value)


def _picture(x: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    picture: npt.NDArray[np.uint8] = np.rint(x.transpose(0, 2, 3, 1) * 255).astype(np.uint8)
    return np.ascontiguousarray(picture)
