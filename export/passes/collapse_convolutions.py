"""Convolutions with nothing but linear steps between them become one, as SESR's blocks do."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir
from onnx_ir.passes import InPlacePass, PassResult

from addersr.export.passes.fold_affine import affine_of
from addersr.export.passes.fuse_residuals import same_shape
from addersr.export.passes.fused_layer import (
    add_initializer,
    check_finite,
    constant,
    only_consumer,
)

Reals = npt.NDArray[np.float64]

#: Metadata of the model: the filters that are no longer in it, as a JSON list of names.
FOLDED_FILTERS = "addersr.folded_filters"


class CollapseConvolutions(InPlacePass):
    """Conv k×k → Conv 1×1, Conv 1×1 → Conv k×k, Conv + its own input, Conv → γ·x + β: one Conv.

    A 1×1 before padding collapses only without bias: padding puts zeros where it puts its bias. All
    that meets in one convolution is put together in float64 and rounded once.
    """

    def call(self, model: ir.Model) -> PassResult:
        """See the class.

        Raises:
            AdderSRError: filters that are not finite.
        """
        folded: set[str] = set()
        for node in list(model.graph):
            if node.graph is None or node.op_type != "Conv" or node.domain != "":
                continue  # collapsed into an earlier one, or none
            convolution = _Convolution.read(node)
            if convolution is not None and convolution.grow():
                folded |= convolution.write(model.graph)
        if folded:
            model.metadata_props[FOLDED_FILTERS] = json.dumps(sorted(folded))
        return PassResult(model, bool(folded))


class _Convolution:
    """A Conv that takes up what follows it."""

    def __init__(self, node: ir.Node, w: Reals, b: Reals) -> None:
        self._node = node
        self._w, self._b = w, b
        self._absorbed: list[ir.Node] = []
        self._attributes = dict(node.attributes.items())
        self._filters = {_name(node.inputs[1])}

    @classmethod
    def read(cls, node: ir.Node) -> "_Convolution | None":
        """The convolution of a node; None if its filter is computed or padding is automatic."""
        w = constant(node.inputs[1])
        has_bias = len(node.inputs) > 2 and node.inputs[2] is not None
        b = constant(node.inputs[2]) if has_bias else np.zeros(1)
        automatic = node.attributes.get("auto_pad")
        if w is None or b is None or (automatic and automatic.as_string() != "NOTSET"):
            return None
        check_finite(node, "filter", w)
        check_finite(node, "bias", b)
        return cls(node, w.astype(np.float64), np.broadcast_to(b.astype(np.float64), len(w)))

    def grow(self) -> bool:
        """Take up the following nodes as long as they are linear."""
        while (following := only_consumer(self._y)) is not None:
            if not (self._affine(following) or self._own_input(following) or self._conv(following)):
                break
            self._absorbed.append(following)
        return bool(self._absorbed)

    def write(self, graph: Any) -> set[str]:
        """Put one node in the place of all; returns the names of the filters that are gone."""
        last, node = self._absorbed[-1], self._node
        scope = (node.name or "").rpartition("/")[0]
        prefix = f"{scope}." if scope else ""
        w = add_initializer(graph, f"{prefix}collapsed_weight", self._w.astype(np.float32))
        b = add_initializer(graph, f"{prefix}collapsed_bias", self._b.astype(np.float32))
        attributes = dict(self._attributes)
        attributes["kernel_shape"] = ir.AttrInt64s("kernel_shape", self._w.shape[2:])
        old = last.outputs[0]
        merged = ir.Node("", "Conv", [node.inputs[0], w, b], attributes.values(), name=node.name)
        y = merged.outputs[0]
        y.name, y.shape, y.type = node.outputs[0].name, old.shape, old.type
        last.append(merged)
        is_output, name = old.is_graph_output(), old.name
        ir.convenience.replace_all_uses_with(old, y, replace_graph_outputs=True)
        for gone in (*reversed(self._absorbed), node):
            graph.remove(gone, safe=True)
        if is_output:
            y.name = name
        return self._filters

    @property
    def _y(self) -> ir.Value:
        return (self._absorbed[-1] if self._absorbed else self._node).outputs[0]

    def _affine(self, node: ir.Node) -> bool:
        affine = affine_of(node, len(self._w))
        if affine is None:
            return False
        factor, shift = affine
        self._w = self._w * factor[:, None, None, None]
        self._b = self._b * factor + shift
        return True

    def _own_input(self, node: ir.Node) -> bool:
        """``conv(x) + x``: one more at the middle of each filter's own channel."""
        x = self._node.inputs[0]
        if node.op_type != "Add" or x is None or not any(value is x for value in node.inputs):
            return False
        outputs, inputs, height, width = self._w.shape
        keeps_size = same_shape(x, node.outputs[0]) and height % 2 == width % 2 == 1
        if not keeps_size or outputs != inputs or _groups(self._node) != 1:
            return False
        pads = self._ints("pads", [0, 0, 0, 0])
        if pads[:2] != pads[2:] or set(self._ints("strides", [1, 1])) != {1}:
            return False
        self._w = self._w.copy()
        self._w[range(outputs), range(outputs), height // 2, width // 2] += 1
        return True

    def _conv(self, node: ir.Node) -> bool:
        if node.op_type != "Conv" or node.domain != "" or _groups(node) != 1:
            return False
        other = _Convolution.read(node)
        if other is None or _groups(self._node) != 1:
            return False
        if other._is_pointwise():
            self._w = np.einsum("om,mchw->ochw", other._w[:, :, 0, 0], self._w)
            self._b = other._w[:, :, 0, 0] @ self._b + other._b
        elif self._is_pointwise() and not self._b.any() and not self._absorbed:
            self._w = np.einsum("omhw,mc->ochw", other._w, self._w[:, :, 0, 0])
            self._b = other._b
            self._attributes = dict(node.attributes.items())
        else:
            return False
        self._filters |= other._filters
        return True

    def _is_pointwise(self) -> bool:
        plain = set(self._ints("strides", [1, 1])) == {1}
        return self._w.shape[2:] == (1, 1) and plain and not any(self._ints("pads", [0]))

    def _ints(self, name: str, default: list[int]) -> list[int]:
        """An attribute of what has been collapsed so far, which may be that of a later node."""
        given = self._attributes.get(name)
        return default if given is None else list(given.as_ints())


def _groups(node: ir.Node) -> int:
    given = node.attributes.get("group")
    return 1 if given is None else int(given.as_int())


def _name(value: ir.Value | None) -> str:
    return "" if value is None or value.name is None else value.name
