"""Small models and graphs made by hand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from addersr.custom_ops import DOMAIN, VERSION
from addersr.export.counts.graph import Graph, Layer, Operation, Source, Tensor
from addersr.export.counts.onnx_graph import load, read_graph

Array = npt.NDArray[Any]


class Model:
    """Builds an ONNX model node by node; the last output is the model's."""

    def __init__(self, *, channels: int = 1, pixels: bool = False) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        kind = onnx.TensorProto.UINT8 if pixels else onnx.TensorProto.FLOAT
        shape = ["N", "H", "W", 3] if pixels else ["N", channels, "H", "W"]
        self.input = onnx.helper.make_tensor_value_info("input", kind, shape)
        self.random = np.random.default_rng(1)

    def add(self, op: str, *inputs: str | Array, domain: str = "", **attributes: Any) -> str:
        """A node; inputs are tensors by name, or constants."""
        names = []
        for value in inputs:
            if not isinstance(value, str):
                self.constants.append(
                    onnx.numpy_helper.from_array(value, f"constant {len(self.constants)}")
                )
                value = self.constants[-1].name
            names.append(value)
        output = f"{op}_{len(self.nodes)}"
        self.nodes.append(
            onnx.helper.make_node(
                op,
                names,
                [output],
                name=f"layer{len(self.nodes)}/{op}",
                domain=domain,
                **attributes,
            )
        )
        return output

    def conv(self, x: str, filters: int, channels: int, kernel: int = 3, **attributes: Any) -> str:
        """A Conv with positive weights, so that every tap shows."""
        group = attributes.get("group", 1)
        w = self.random.uniform(1, 2, (filters, channels // group, kernel, kernel))
        return self.add("Conv", x, w.astype(np.float32), **attributes)

    def adder(self, x: str, filters: int, channels: int, kernel: int = 3, **attributes: Any) -> str:
        """An AdderConv with a bias."""
        w = self.random.normal(0, 1, (filters, channels, kernel, kernel)).astype(np.float32)
        bias = np.zeros(filters, np.float32)
        return self.add("AdderConv", x, w, bias, domain=DOMAIN, **attributes)

    def build(self, *, pixels: bool = False) -> onnx.ModelProto:
        """The model."""
        kind = onnx.TensorProto.UINT8 if pixels else onnx.TensorProto.FLOAT
        output = onnx.helper.make_tensor_value_info(self.nodes[-1].output[0], kind, [None] * 4)
        graph = onnx.helper.make_graph(self.nodes, "test", [self.input], [output], self.constants)
        opsets = [onnx.helper.make_opsetid("", 18), onnx.helper.make_opsetid(DOMAIN, VERSION)]
        return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=10)

    def save(self, folder: Path, *, pixels: bool = False) -> Path:
        """The model as a file."""
        path = folder / "model.onnx"
        path.write_bytes(self.build(pixels=pixels).SerializeToString())
        return path


def read(path: Path, size: tuple[int, int] = (48, 64)) -> Graph:
    """The graph of a file for an image of ``size``."""
    return read_graph(load(path), size)


def chain(*steps: tuple[str, Sequence[str], int, bool], image: int) -> Graph:
    """A graph of tensors with so many bytes: output, inputs, bytes, in place."""
    tensors = {"image": Tensor((image,), 1)}
    operations = []
    for output, inputs, size, in_place in steps:
        tensors[output] = Tensor((size,), 1)
        sources = tuple(Source(name) for name in inputs)
        operations.append(Operation(output, "Op", sources, (output,), in_place=in_place))
    return Graph("image", steps[-1][0], (1, image), 1, tuple(operations), tensors, 0, 0)


def layer(*, adder: bool, **changes: Any) -> Layer:
    """3×3, 8 → 8 channels, on 6×5 pixels, with changes."""
    values: dict[str, Any] = {
        "input_channels": 8,
        "output_channels": 8,
        "kernel": (3, 3),
        "stride": (1, 1),
        "dilation": (1, 1),
        "groups": 1,
        "output_size": (5, 6),
        "parameters": 0,
    }
    return Layer(adder=adder, **{**values, **changes})
