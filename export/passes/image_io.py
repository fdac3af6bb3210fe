"""Pictures in and out: colour conversion, enlarged chroma and rounding become part of the graph."""

from typing import Any

import numpy as np
import onnx_ir as ir
from onnx_ir.passes import InPlacePass, PassResult

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.image import cubic_filter
from addersr.errors import AdderSRError
from addersr.export.passes.channels_last import TO_FIRST, TO_LAST
from addersr.export.passes.fused_layer import add_initializer

_FULL = np.array(255, np.float32)


class ImageIo(InPlacePass):
    """float32 planes → uint8 RGB [N, H, W, 3], at both ends.

    A luma network gets RgbToLuma before it and LumaToRgb behind it; an RGB network gets standard
    operators that convert, round and change the layout.

    Args:
        scale: by which the network enlarges.
        colour: of the network, ``y`` or ``rgb``.
    """

    def __init__(self, scale: int, colour: str) -> None:
        super().__init__()
        self._scale = scale
        self._colour = colour

    def call(self, model: ir.Model) -> PassResult:
        """See the class.

        Raises:
            AdderSRError: the network takes or gives something other than one tensor of planes.
        """
        graph = model.graph
        planes, enlarged = _ends(graph)
        assert planes.shape is not None
        assert enlarged.shape is not None
        picture = _picture(planes)
        nodes = list(graph)
        first, behind = nodes[0], _Chain(graph)
        before = _Chain(graph)
        if self._colour == "y":
            model.opset_imports[DOMAIN] = VERSION
            start = before.add("RgbToLuma", [picture], DOMAIN)
        else:
            start = before.add("Cast", [picture], to=int(ir.DataType.FLOAT))
            start = before.add("Div", [start, before.constant("full_scale", _FULL)])
            start = before.add("Transpose", [start], perm=TO_FIRST)
        ir.convenience.replace_all_uses_with(planes, start)
        graph.inputs[0] = picture
        for node in before.nodes:
            first.prepend(node)
        start.name, start.shape, start.type = "planes", planes.shape, planes.type

        if self._colour == "y":
            rows = behind.constant("chroma_filter", cubic_filter(self._scale))
            result = behind.add("LumaToRgb", [enlarged, picture, rows], DOMAIN)
        else:
            full = behind.constant("full_scale", _FULL)
            zero = behind.constant("black", np.array(0, np.float32))
            result = behind.add("Mul", [enlarged, full])
            result = behind.add("Clip", [result, zero, full])
            result = behind.add("Round", [result])
            result = behind.add("Cast", [result], to=int(ir.DataType.UINT8))
            result = behind.add("Transpose", [result], perm=TO_LAST)
        graph.extend(behind.nodes)
        result.name, enlarged.name = enlarged.name, "enlarged"
        result.type = ir.TensorType(ir.DataType.UINT8)
        result.shape = ir.Shape([enlarged.shape[0], *enlarged.shape[2:], 3])
        graph.outputs[0] = result
        return PassResult(model, modified=True)


class _Chain:
    """Nodes that are made one after the other."""

    def __init__(self, graph: ir.Graph) -> None:
        self.nodes: list[ir.Node] = []
        self._graph = graph

    def add(self, op: str, inputs: list[ir.Value], domain: str = "", **attributes: Any) -> ir.Value:
        """A node; returns its output."""
        name = f"picture/{op}"
        given = ir.convenience.convert_attributes(attributes)
        node = ir.Node(domain, op, inputs, given, name=name)
        node.outputs[0].name = name
        self.nodes.append(node)
        value: ir.Value = node.outputs[0]
        return value

    def constant(self, name: str, array: "np.ndarray[Any, Any]") -> ir.Value:
        """An initializer of the graph."""
        return add_initializer(self._graph, name, array)


def _ends(graph: ir.Graph) -> tuple[ir.Value, ir.Value]:
    """Input and output of a network of planes."""
    values = (*graph.inputs, *graph.outputs)
    if len(graph.inputs) == len(graph.outputs) == 1 and graph.num_nodes():
        planes = all(value.dtype == ir.DataType.FLOAT for value in values)
        if planes and all(value.shape is not None and len(value.shape) == 4 for value in values):
            return values[0], values[1]
    raise AdderSRError(
        "Expected a network with one input and one output of float32 planes [N, C, H, W]; one "
        "that takes pictures already cannot be changed."
    )


def _picture(planes: ir.Value) -> ir.Value:
    shape = planes.shape
    assert shape is not None
    return ir.Value(
        name=planes.name,
        shape=ir.Shape([shape[0], *shape[2:], 3]),
        type=ir.TensorType(ir.DataType.UINT8),
    )
