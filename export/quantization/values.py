"""Access to the nodes and constants of a graph."""

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx


class Graph:
    """The main graph of a model, with constants by name whether initializers or nodes."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self._constants = {
            tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer
        }
        self.nodes: list[onnx.NodeProto] = []
        self._readers: dict[str, list[onnx.NodeProto]] = {}
        self._makers: dict[str, onnx.NodeProto] = {}
        for node in model.graph.node:
            if node.op_type == "Constant" and not node.domain:
                (value,) = attributes_of(node).values()
                array = (
                    onnx.numpy_helper.to_array(value)
                    if isinstance(value, onnx.TensorProto)
                    else np.array(value)
                )
                self._constants[node.output[0]] = array
                continue
            self.nodes.append(node)
            for name in node.input:
                self._readers.setdefault(name, []).append(node)
            for name in node.output:
                self._makers[name] = node

    def constant(self, name: str) -> npt.NDArray[Any] | None:
        """The value of a constant; None for what is computed."""
        return self._constants.get(name)

    def readers(self, name: str) -> list[onnx.NodeProto]:
        """The nodes that read a tensor, each as often as it does."""
        return self._readers.get(name, [])

    def uses(self, name: str) -> int:
        """How often nodes read a tensor."""
        return len(self.readers(name))

    def maker(self, name: str) -> onnx.NodeProto | None:
        """The node that computes a tensor; None for inputs and constants."""
        return self._makers.get(name)


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """The attributes that a node has, in Python's types."""
    values = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
    return {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in values.items()
    }


def node_name(node: onnx.NodeProto) -> str:
    """What a message calls a node."""
    return node.name or f"{node.op_type} ({node.output[0]})"
