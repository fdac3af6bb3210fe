"""A FusedAdderConv node of a graph, with its epilogue by name."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from addersr.custom_ops import DOMAIN, VERSION
from addersr.errors import AdderSRError

Array = npt.NDArray[Any]

OP = "FusedAdderConv"
#: Inputs behind X and W, and the value that changes nothing.
NEUTRAL: dict[str, Array] = {
    "scale": np.ones(1, np.float32),
    "bias": np.zeros(1, np.float32),
    "z": np.zeros((1, 1, 1, 1), np.float32),
    "alpha": np.ones(1, np.float32),
    "slope": np.ones(1, np.float32),
    "r": np.zeros((1, 1, 1, 1), np.float32),
    "clip_min": np.array(-np.inf, np.float32),
    "clip_max": np.array(np.inf, np.float32),
}
_INDEX = {name: index for index, name in enumerate(NEUTRAL, 2)}
_SHARED_NAMES = {"z": "no_residual", "r": "no_residual"}


class FusedLayer:
    """The view of one node; changes go into the graph at once.

    Args:
        node: a FusedAdderConv whose layout is still channels first.
    """

    def __init__(self, node: ir.Node) -> None:
        self.node = node
        assert node.graph is not None
        self._graph: Any = node.graph

    @classmethod
    def create(
        cls, graph: ir.Graph, name: str, x: ir.Value, w: ir.Value, attributes: Any
    ) -> "FusedLayer":
        """A node with a neutral epilogue, at the end of ``graph``; move it where it belongs."""
        neutral = [_shared(graph, key) for key in NEUTRAL]
        node = ir.Node(DOMAIN, OP, [x, w, *neutral], attributes, version=VERSION, name=name)
        graph.append(node)
        return cls(node)

    @property
    def y(self) -> ir.Value:
        """The output."""
        return self.node.outputs[0]

    @property
    def filters(self) -> int:
        """Number of output channels."""
        w = constant(self.node.inputs[1])
        assert w is not None
        return int(w.shape[0])

    def is_neutral(self, *names: str) -> bool:
        """Whether all of these inputs change nothing."""
        for name in names:
            value = constant(self.node.inputs[_INDEX[name]])
            if value is None or not np.array_equal(np.unique(value), np.unique(NEUTRAL[name])):
                return False
        return True

    def per_channel(self, name: str) -> npt.NDArray[np.float64]:
        """``scale``, ``bias``, ``alpha`` or ``slope`` as [O] float64."""
        value = constant(self.node.inputs[_INDEX[name]])
        assert value is not None
        return np.broadcast_to(value.astype(np.float64), self.filters)

    def set(self, name: str, value: npt.NDArray[Any]) -> None:
        """Put a constant in the place of an input; one value if all are equal.

        Raises:
            AdderSRError: it is not finite (clip limits may be infinite).
        """
        rounded = value.astype(np.float32)
        if not name.startswith("clip"):
            check_finite(self.node, name, rounded)
        if rounded.ndim == 1 and (rounded == rounded[0]).all():
            rounded = rounded[:1]
        old = self.node.inputs[_INDEX[name]]
        if old is not None and old.is_initializer() and len(old.uses()) == 1:
            del self._graph.initializers[old.name]
        layer = (self.node.name or "").rpartition("/")[0]
        initializer = add_initializer(self._graph, f"{layer}.{name}" if layer else name, rounded)
        self.node.replace_input_with(_INDEX[name], initializer)

    def connect(self, name: str, value: ir.Value) -> None:
        """Let ``z`` or ``r`` be another tensor."""
        self.node.replace_input_with(_INDEX[name], value)

    def absorb(self, nodes: Sequence[ir.Node]) -> None:
        """Take the place of the last of ``nodes``, which this layer computes along from now on."""
        last = nodes[-1]
        old, graph = last.outputs[0], self._graph
        # Where the last node stood: there all that the layer reads has been computed.
        graph.remove(self.node)
        graph.insert_after(last, self.node)
        self.y.shape, self.y.type = old.shape, old.type
        name = old.name
        ir.convenience.replace_all_uses_with(old, self.y, replace_graph_outputs=True)
        for node in reversed(nodes):
            graph.remove(node, safe=True)
        if any(self.y is output for output in graph.outputs):
            self.y.name = name


def layers(model: ir.Model) -> list[FusedLayer]:
    """All FusedAdderConv nodes, in order."""
    return [FusedLayer(node) for node in model.graph if node.op_type == OP]


def constant(value: ir.Value | None) -> Array | None:
    """The array of a constant; None for what is computed."""
    if value is None or value.const_value is None:
        return None
    array: Array = value.const_value.numpy()
    return array


def only_consumer(value: ir.Value) -> ir.Node | None:
    """The node that alone reads a value, once, if the value is no output of the graph."""
    uses = list(value.uses())
    if len(uses) != 1 or value.is_graph_output():
        return None
    node: ir.Node = uses[0].node
    return node


def check_finite(node: ir.Node, what: str, values: Array) -> None:
    """Refuse numbers that no trained layer has.

    Raises:
        AdderSRError: one of ``values`` is infinite or not a number; names the layer.
    """
    if not np.isfinite(values).all():
        raise AdderSRError(
            f"The layer {node.name} has a {what} that is not finite: its weights are damaged or "
            "its training diverged. Use an earlier checkpoint."
        )


def add_initializer(graph: Any, name: str, array: Array) -> ir.Value:
    """A new constant under ``name``, numbered if that is taken; the old one if it is the same."""
    candidate, number = name, 1
    while candidate in graph.initializers:
        known: ir.Value = graph.initializers[candidate]
        value = constant(known)
        if value is not None and np.array_equal(value, array):
            return known
        number += 1
        candidate = f"{name}_{number}"
    tensor = ir.tensor(array, name=candidate)
    initializer = ir.Value(
        name=candidate,
        shape=ir.Shape(array.shape),
        type=ir.TensorType(tensor.dtype),
        const_value=tensor,
    )
    graph.register_initializer(initializer)
    return initializer


def _shared(graph: ir.Graph, name: str) -> ir.Value:
    """The neutral value of an input; layers share the constants of what they do not have."""
    return add_initializer(graph, _SHARED_NAMES.get(name, f"no_{name}"), NEUTRAL[name])
