"""An ONNX file as a graph of operations. Needs the package onnx, and no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx

from addersr.custom_ops import DOMAIN
from addersr.errors import AdderSRError
from addersr.export.counts import onnx_ops
from addersr.export.counts.graph import Graph, Layer, Operation, Source, Tensor
from addersr.export.counts.onnx_reaches import NodeReaches, attribute, convolution_attributes
from addersr.export.counts.onnx_shapes import Size, infer_shapes, value_bytes
from addersr.export.counts.pure_taps import at_the_ends
from addersr.runtime.model_file import read_model_file
from addersr.runtime.model_info import check_op_version

_STANDARD = ("", "ai.onnx")


@dataclass(frozen=True)
class OnnxFile:
    """A file, and what is said of it outside its graph."""

    name: str
    model: onnx.ModelProto
    bytes: int
    metadata: Mapping[str, str]
    """``addersr.*``, without that; empty for a file that another program wrote."""


def load(path: Path) -> OnnxFile:
    """Read an ONNX file.

    Raises:
        AdderSRError: there is no such file, it is no model, one with operators of ours from another
            version, or one with a node that is not known here.
    """
    outside = read_model_file(path)
    check_op_version(outside, str(path))
    data = path.read_bytes()
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:  # protobuf's, which has no types
        raise AdderSRError(f"{path} is not an ONNX model: {error}. Export it again.") from error
    _check_nodes(model.graph, str(path))
    metadata = {
        key.removeprefix("addersr."): value
        for key, value in outside.metadata.items()
        if key.startswith("addersr.")
    }
    return OnnxFile(str(path), model, len(data), metadata)


def read_graph(file: OnnxFile, size: Size) -> Graph:
    """What the file computes on an image of ``size`` (height, width).

    Raises:
        AdderSRError: it has more than one input or output, or its shapes do not follow from the
            size of the image.
    """
    return _Reader(file, size).read()


def _check_nodes(graph: onnx.GraphProto, name: str) -> None:
    """Refuse operators that are not known, but for those that only work on stored values."""
    stored = {one.name for one in graph.initializer}
    for index, node in enumerate(graph.node):
        if all(one in stored for one in node.input):  # also of a Constant
            stored.update(node.output)
            continue
        known = onnx_ops.KNOWN if node.domain in (*_STANDARD, DOMAIN) else frozenset()
        if node.op_type in onnx_ops.SIZES:
            stored.update(node.output)
        elif node.op_type not in known:
            operator = f"{node.domain}::{node.op_type}" if node.domain else node.op_type
            raise AdderSRError(
                f"{name} has the node {node.name or index} with the operator {operator}, whose "
                "cost is not known here, so nothing was counted."
            )


class _Reader:
    """Goes through the nodes once, in their order."""

    def __init__(self, file: OnnxFile, size: Size) -> None:
        self._file = file
        self._size = size
        inferred = infer_shapes(file.model, size, file.name)
        self._graph = inferred.model.graph
        self._input, self._output = inferred.input, inferred.output
        self._tensors = inferred.tensors
        self._initializers = {one.name: one for one in self._graph.initializer}
        self._of_image = {self._input}
        self._names: dict[str, int] = {}
        self._reaches = NodeReaches(self._tensor, self._initializers)

    def read(self) -> Graph:
        operations = []
        parameters: dict[str, int] = {}
        for node in self._graph.node:
            inputs = [name for name in node.input if name in self._of_image]
            if not inputs or node.op_type in onnx_ops.SIZES:
                continue
            self._of_image.update(filter(None, node.output))
            operations.append(self._operation(node, inputs))
            parameters.update(self._parameters(node))
        if self._output not in self._of_image:
            raise AdderSRError(f"The output of {self._file.name} does not depend on its input.")
        alive = {source.tensor for one in operations for source in one.sources}
        return Graph(
            input=self._input,
            output=self._output,
            image_size=self._size,
            planes=self._planes(),
            operations=tuple(operations),
            tensors={
                name: self._tensor(name)
                for name in {self._input, self._output, *alive}
                | {name for one in operations for name in one.outputs}
            },
            parameters=sum(parameters.values()),
            weight_bytes=sum(_bytes(one) for one in self._initializers.values()),
        )

    def _planes(self) -> int:
        """Those that the first convolutions read, where pixels of bytes were turned into luma."""
        luma = [one.output[0] for one in self._graph.node if one.op_type == "RgbToLuma"]
        return self._tensor((luma or [self._input])[0]).shape[1]

    def _operation(self, node: onnx.NodeProto, inputs: list[str]) -> Operation:
        op = node.op_type
        layer = self._layer(node) if op in onnx_ops.CONVOLUTIONS else None
        return Operation(
            name=self._layer_name(node) if layer else node.name,
            op=op,
            sources=tuple(Source(name, self._reaches.of(node, name)) for name in inputs),
            outputs=tuple(filter(None, node.output)),
            layer=layer,
            in_place=op in onnx_ops.ELEMENTWISE or op == "Reshape",
        )

    def _layer_name(self, node: onnx.NodeProto) -> str:
        """The layer's name in torch, numbered where a layer runs again."""
        name = node.name.partition("/")[0] or node.output[0]
        self._names[name] = self._names.get(name, 0) + 1
        number = self._names[name]
        return name if number == 1 else f"{name} #{number}"

    def _layer(self, node: onnx.NodeProto) -> Layer:
        index, adder = onnx_ops.CONVOLUTIONS[node.op_type]
        filters, own_channels, *kernel = self._tensor(node.input[index]).shape
        transposed = node.op_type == "ConvTranspose"
        if transposed:  # its filters are [C, O/group, kh, kw]
            own_channels, filters = filters, own_channels
        attributes = convolution_attributes(node)
        height, width = self._reaches.spatial(node, node.output[0])
        return Layer(
            adder=adder,
            input_channels=own_channels * (1 if transposed else attributes.group),
            output_channels=filters * (attributes.group if transposed else 1),
            kernel=(kernel[0], kernel[1]),
            stride=(attributes.strides[0], attributes.strides[1]),
            dilation=(attributes.dilations[0], attributes.dilations[1]),
            groups=attributes.group,
            output_size=(height, width),
            parameters=sum(self._parameters(node).values()),
            pure_taps=self._pure_taps(node) if adder else 0,
            transposed_from=self._reaches.spatial(node, node.input[0]) if transposed else None,
        )

    def _pure_taps(self, node: onnx.NodeProto) -> int | None:
        weights = self._initializers.get(node.input[1])
        if node.op_type != "QLinearAdderConv" or weights is None:
            return None
        return at_the_ends(onnx.numpy_helper.to_array(weights), attribute(node, "bits", 8))

    def _parameters(self, node: onnx.NodeProto) -> dict[str, int]:
        """Numbers of the network's parameters that a node reads, by name.

        A single number that stands for all filters is no parameter: neutral values are such.
        """
        found = {}
        for index in onnx_ops.PARAMETERS.get(node.op_type, ()):
            name = node.input[index] if index < len(node.input) else ""
            if name and name not in self._of_image and self._tensor(name).values > 1:
                found[name] = self._tensor(name).values
        return found

    def _tensor(self, name: str) -> Tensor:
        if name not in self._tensors:
            raise AdderSRError(
                f"The shape of the tensor {name} in {self._file.name} does not follow from the "
                "size of the image, so nothing can be counted."
            )
        return self._tensors[name]


def _bytes(tensor: onnx.TensorProto) -> int:
    return Tensor(tuple(tensor.dims), value_bytes(tensor.data_type)).bytes
