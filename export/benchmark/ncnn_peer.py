"""The CNN twin as an ncnn network, made from its ONNX graph. Needs the extra ``bench``."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from addersr.errors import AdderSRError

Array = npt.NDArray[Any]

_MAGIC = "7767517"
# A weight blob of Convolution begins with its type: 0 is float32.
_FLOAT32 = b"\0\0\0\0"


class NcnnNetwork:
    """A float32 network of Conv, Add, PRelu, Relu and DepthToSpace.

    Args:
        model: one input [1, C, H, W] and one output.
        threads: of ncnn.

    Raises:
        AdderSRError: a node that this conversion does not know.
    """

    def __init__(self, model: onnx.ModelProto, threads: int) -> None:
        import ncnn

        writer = _Writer(model.graph)
        self._net = ncnn.Net()
        self._net.opt.num_threads = threads
        self._net.opt.use_vulkan_compute = False
        # fp32 throughout, as the others.
        for name in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage"):
            setattr(self._net.opt, f"use_{name}", False)
        with tempfile.TemporaryDirectory() as folder:
            text, weights = Path(folder) / "net.param", Path(folder) / "net.bin"
            text.write_text(writer.text(), encoding="ascii")
            weights.write_bytes(writer.weights)
            if self._net.load_param(str(text)) or self._net.load_model(str(weights)):
                raise AdderSRError("ncnn refuses the network that was made for it.")
        self._output = writer.output

    def prepare(self, x: Array) -> Callable[[], Array]:
        """A function that runs the network on ``x``, [1, C, H, W] float32, and gives its output."""
        import ncnn

        image = ncnn.Mat(np.ascontiguousarray(x[0]))

        def run() -> Array:
            extractor = self._net.create_extractor()
            extractor.input("input", image)
            _, result = extractor.extract(self._output)
            return np.array(result)[np.newaxis]

        return run


class _Writer:
    """The parameter file's lines and the weights, node by node."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.weights = b""
        self._constants = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
        (source,) = (v.name for v in graph.input if v.name not in self._constants)
        self._left = {source: 0}
        for node in graph.node:
            for name in node.input:
                self._left[name] = self._left.get(name, 0) + 1
        self._lines = [_line("Input", "input", [], ["input"])]
        self._blobs = 1
        # ncnn gives a blob to one layer only; Split layers make as many as are read.
        self._copies: dict[str, list[str]] = {}
        self._publish(source, "input")
        for number, node in enumerate(graph.node):
            self._node(node, f"layer_{number}")
        self.output = self._copies[graph.output[0].name].pop()

    def text(self) -> str:
        """The parameter file."""
        return "\n".join([_MAGIC, f"{len(self._lines)} {self._blobs}", *self._lines, ""])

    def _node(self, node: onnx.NodeProto, name: str) -> None:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        constants = [self._constants.get(source) for source in node.input]
        inputs = [
            self._copies[source].pop()
            for source, constant in zip(node.input, constants, strict=True)
            if constant is None
        ]
        if node.op_type == "Conv":
            kind, parameters = "Convolution", self._convolution(attributes, constants)
        elif node.op_type == "PRelu":
            assert constants[1] is not None
            self.weights += constants[1].astype("<f4").tobytes()
            kind, parameters = "PReLU", {0: constants[1].size}
        elif node.op_type == "Relu":
            kind, parameters = "ReLU", {}
        elif node.op_type == "Add" and len(inputs) == 2:
            kind, parameters = "BinaryOp", {0: 0}
        elif node.op_type == "DepthToSpace" and attributes.get("mode") == b"CRD":
            kind, parameters = "PixelShuffle", {0: attributes["blocksize"]}
        else:
            raise AdderSRError(f"No ncnn layer is known for {node.op_type} ({node.name}).")
        self._lines.append(_line(kind, name, inputs, [name], parameters))
        self._blobs += 1
        self._publish(node.output[0], name)

    def _convolution(
        self, attributes: dict[str, Any], constants: list[Array | None]
    ) -> dict[int, int]:
        weight = constants[1]
        square = weight is not None and weight.shape[2] == weight.shape[3]
        plain = attributes.get("group", 1) == 1 and set(attributes.get("dilations", [1])) == {1}
        same = (
            len(set(attributes.get("pads", [0]))) == len(set(attributes.get("strides", [1]))) == 1
        )
        if not (square and plain and same):
            raise AdderSRError("ncnn's Convolution is used for square, ungrouped filters only.")
        assert weight is not None
        bias = constants[2] if len(constants) > 2 else np.zeros(weight.shape[0])
        assert bias is not None
        self.weights += _FLOAT32 + weight.astype("<f4").tobytes() + bias.astype("<f4").tobytes()
        return {
            0: weight.shape[0],
            1: weight.shape[2],
            3: attributes.get("strides", [1])[0],
            4: attributes.get("pads", [0])[0],
            5: 1,
            6: weight.size,
        }

    def _publish(self, tensor: str, blob: str) -> None:
        readers = max(1, self._left.get(tensor, 0))
        if readers == 1:
            self._copies[tensor] = [blob]
            return
        copies = [f"{blob}_{i}" for i in range(readers)]
        self._lines.append(_line("Split", f"{blob}_split", [blob], copies))
        self._blobs += readers
        self._copies[tensor] = copies


def _line(
    kind: str, name: str, inputs: list[str], outputs: list[str], parameters: Any = None
) -> str:
    values = [f"{key}={value}" for key, value in (parameters or {}).items()]
    counts = [str(len(inputs)), str(len(outputs))]
    return " ".join([kind, name, *counts, *inputs, *outputs, *values])
