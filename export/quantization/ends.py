"""Where the part of a graph that is computed in integers begins and ends."""

from dataclasses import dataclass, field

import onnx

from addersr.errors import AdderSRError
from addersr.export.quantization.values import Graph, attributes_of, node_name

_UINT8 = onnx.TensorProto.UINT8
# Of pictures in colour, by standard operators; luma has ops of ours.
_FROM_PICTURE = ("RgbToLuma", "Cast", "Div", "Transpose")
_TO_PICTURE = ("LumaToRgb", "Mul", "Clip", "Round", "Cast", "Transpose")


@dataclass
class Ends:
    """See :class:`~addersr.export.quantization.layers.Network`."""

    start: str
    channels: int
    end: str
    last: str
    blocksize: int = 1
    anchored: bool = False
    before: list[onnx.NodeProto] = field(default_factory=list)
    after: list[onnx.NodeProto] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)
    """Identities of the nodes that are no layers."""


def find_ends(graph: Graph) -> Ends:
    """Look from the input and the output inwards.

    Raises:
        AdderSRError: not one input and one output, or an input of unknown channels.
    """
    initializers = {tensor.name for tensor in graph.model.graph.initializer}
    inputs = [value for value in graph.model.graph.input if value.name not in initializers]
    outputs = graph.model.graph.output
    if len(inputs) != 1 or len(outputs) != 1:
        raise AdderSRError(
            f"Expected a model with one input and one output, got {len(inputs)} and {len(outputs)}."
        )
    ends = Ends(inputs[0].name, _channels(inputs[0]), outputs[0].name, outputs[0].name)
    _find_picture(graph, ends)
    ends.last = ends.end
    _find_shuffle(graph, ends)
    return ends


def _find_picture(graph: Graph, ends: Ends) -> None:
    """What makes float planes of a picture, and a picture of planes: it stays as it is."""
    given, made = graph.model.graph.input[0], graph.model.graph.output[0]
    if given.type.tensor_type.elem_type == _UINT8:
        while (node := _next(graph, ends.start)) is not None:
            ends.start = node.output[0]
            if node.op_type == "RgbToLuma":
                ends.channels = 1
            _take(ends, node, ends.before)
    if made.type.tensor_type.elem_type == _UINT8:
        while (node := graph.maker(ends.end)) is not None and node.op_type in _TO_PICTURE:
            ends.end = node.input[0]
            _take(ends, node, ends.after)
            if node.op_type in ("LumaToRgb", "Mul"):  # the first of them
                break
        ends.after.reverse()


def _next(graph: Graph, name: str) -> onnx.NodeProto | None:
    """The node that turns a picture, or what was made of it, into planes."""
    nodes = [node for node in graph.readers(name) if node.op_type in _FROM_PICTURE]
    return nodes[0] if nodes else None


def _find_shuffle(graph: Graph, ends: Ends) -> None:
    """Depth to space, and before it the sum with the start."""
    node = graph.maker(ends.last)
    if node is not None and node.op_type == "DepthToSpace":
        given = attributes_of(node)
        if given.get("mode", "DCR") != "CRD":
            raise AdderSRError(
                f"Cannot quantise {node_name(node)}: expected DepthToSpace of mode CRD."
            )
        ends.blocksize = given["blocksize"]
        ends.last = node.input[0]
        _take(ends, node)
        node = graph.maker(ends.last)
    # One channel is repeated for every sub-pixel; several would not be.
    repeats = ends.channels == 1 or ends.blocksize == 1
    if node is not None and node.op_type == "Add" and ends.start in node.input and repeats:
        (ends.last,) = [name for name in node.input if name != ends.start]
        ends.anchored = True
        _take(ends, node)


def _take(ends: Ends, node: onnx.NodeProto, where: list[onnx.NodeProto] | None = None) -> None:
    ends.taken.add(id(node))
    if where is not None:
        where.append(node)


def _channels(value: onnx.ValueInfoProto) -> int:
    dims = value.type.tensor_type.shape.dim
    if len(dims) != 4:
        raise AdderSRError(f"Expected an input {value.name} of 4 dimensions, got {len(dims)}.")
    is_image = value.type.tensor_type.elem_type == _UINT8
    channels: int = dims[3 if is_image else 1].dim_value
    if channels < 1:
        raise AdderSRError(f"Expected an input {value.name} whose number of channels is stated.")
    return channels
