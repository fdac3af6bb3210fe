"""Reads the fused fp32 graph that ``addersr export`` writes into a :class:`Network`.

What follows a layer's sum and nothing else reads is folded into the layer, in the order that the
integer ops know: residual Z, power, PReLU, clip, residual R. What cannot be folded (an activation
of a tensor that others read as it is) becomes a layer of its own, a 1×1 depthwise convolution by 1.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.convolution.geometry import Attributes
from addersr.errors import AdderSRError
from addersr.export.quantization.ends import find_ends
from addersr.export.quantization.layers import Concat, Layer, Network, Reals, Shuffle, Step
from addersr.export.quantization.values import Graph, attributes_of, node_name

_CONVOLUTION = ("auto_pad", "dilations", "group", "pads", "strides")
_FIRST, _LAST = [0, 3, 1, 2], [0, 2, 3, 1]
_SHORTCUT_OPS = ("PRelu", "Relu", "LeakyRelu", "Clip")


def read_network(model: onnx.ModelProto) -> Network:
    """The layers of a fused fp32 model.

    Args:
        model: from ``addersr export``; not changed.

    Raises:
        AdderSRError: a node that has no counterpart in integers, or a value that no layer may
            have; the message names the layer. A model of another op version, or not of fp32.
    """
    _check_file(model)
    graph = Graph(model)
    ends = find_ends(graph)
    reader = _Reader(graph, ends.start, ends.channels, ends.last)
    for node in graph.nodes:
        if id(node) not in ends.taken:
            reader.read(node)
    if not reader.steps:
        raise AdderSRError("The model has no layer to quantise: expected convolutions.")
    last = reader.tensor(ends.last, "the output")
    given, made = reader.channels[ends.start], reader.channels[last]
    if ends.anchored and made != given * ends.blocksize**2:
        raise AdderSRError(
            f"The model adds its input of {given} channels to {made} channels at its end: expected "
            f"{given * ends.blocksize**2}."
        )
    if last == ends.start:
        raise AdderSRError("The model's output is made of its input without any layer.")
    return Network(
        model=model,
        start=ends.start,
        end=ends.end,
        steps=tuple(reader.steps),
        last=last,
        blocksize=ends.blocksize,
        anchored=ends.anchored,
        channels=reader.channels,
        channels_last=reader.channels_last,
        before=tuple(ends.before),
        after=tuple(ends.after),
    )


def _check_file(model: onnx.ModelProto) -> None:
    properties = {entry.key: entry.value for entry in model.metadata_props}
    precision = properties.get("addersr.precision", "fp32")
    if precision != "fp32":
        raise AdderSRError(
            f"The model is quantised already (precision {precision}): expected the fp32 file that "
            "'addersr export' wrote."
        )
    for opset in model.opset_import:
        if opset.domain == DOMAIN and opset.version != VERSION:
            raise AdderSRError(
                f"The model uses version {opset.version} of the operators {DOMAIN}, and this "
                f"addersr has version {VERSION}. Export the model again with this addersr, or "
                "install the one that exported it."
            )


class _Reader:
    """Nodes one after the other become steps."""

    def __init__(self, graph: Graph, start: str, channels: int, last: str) -> None:
        self.steps: list[Step] = []
        self.channels = {start: channels}
        self.channels_last = {start: False}
        self._graph = graph
        self._last = last
        # A name of the file → the tensor it is (after a change of layout) and its layout.
        self._aliases: dict[str, tuple[str, bool]] = {start: (start, False)}

    def tensor(self, name: str, reader: str) -> str:
        """The tensor behind a name of the file."""
        if name not in self._aliases:
            raise AdderSRError(
                f"Cannot quantise {reader}: it reads {name}, which no layer before it makes."
            )
        return self._aliases[name][0]

    def read(self, node: onnx.NodeProto) -> None:
        """One node."""
        op = f"{node.domain}::{node.op_type}" if node.domain else node.op_type
        readers = {
            "Conv": self._conv,
            f"{DOMAIN}::FusedAdderConv": self._adder,
            "Transpose": self._transpose,
            "Identity": self._identity,
            "Concat": self._concat,
            "DepthToSpace": self._shuffle,
            "Add": self._add,
            "Mul": self._mul,
            **dict.fromkeys(_SHORTCUT_OPS, self._activation),
        }
        if op not in readers:
            extra = " Fuse it first: export the model again." if op.endswith("AdderConv") else ""
            raise AdderSRError(
                f"Cannot quantise {node_name(node)}: {op} has no counterpart in integers.{extra}"
            )
        readers[op](node)

    # The sums.

    def _conv(self, node: onnx.NodeProto) -> None:
        w = self._weight(node)
        given = list(node.input[2:])
        bias = self._needed(node, given[0]) if given and given[0] else np.zeros(1)
        self._sum(node, "conv", w, bias=self._reals(node, "bias", bias), t=node.output[0])

    def _adder(self, node: onnx.NodeProto) -> None:
        w = self._weight(node)
        _, _, scale, bias, z, alpha, slope, r, low, high = node.input
        values = {"scale": scale, "bias": bias, "alpha": alpha, "slope": slope}
        reals = {key: self._reals(node, key, self._needed(node, n)) for key, n in values.items()}
        if (reals["alpha"] <= 0).any():
            raise AdderSRError(
                f"Cannot quantise {node_name(node)}: its alpha must be above 0, "
                f"got {reals['alpha'].min():g}."
            )
        limits = [float(self._needed(node, name).reshape(())) for name in (low, high)]
        for key, name in (("z", z), ("r", r)):
            if self._graph.constant(name) is None:
                continue
            value = self._reals(node, key, self._needed(node, name))
            if value.size != 1 or value[0] != 0:
                raise AdderSRError(
                    f"Cannot quantise {node_name(node)}: its {key.upper()} is a constant other "
                    "than one 0; put it into the bias."
                )
        self._sum(
            node,
            "adder",
            w,
            **reals,
            clip=(limits[0], limits[1]),
            z=self._residual(node, z),
            r=self._residual(node, r),
        )

    def _sum(self, node: onnx.NodeProto, kind: Any, w: Any, **epilogue: Any) -> None:
        x, last = self._alias(node, node.input[0])
        given = attributes_of(node)
        attributes = {name: given[name] for name in _CONVOLUTION if name in given}
        Attributes(**attributes, op=node_name(node))
        wants_last = bool(given.get("channels_last", 0))
        if last != wants_last:
            raise AdderSRError(
                f"Cannot quantise {node_name(node)}: its input is channels "
                f"{'last' if last else 'first'}, and it expects the other."
            )
        if self.channels[x] != w.shape[1] * attributes.get("group", 1):
            raise AdderSRError(
                f"Cannot quantise {node_name(node)}: its input has {self.channels[x]} channels, "
                f"and its filters are for {w.shape[1] * attributes.get('group', 1)}."
            )
        y = node.output[0]
        layer = Layer(
            name=node_name(node), kind=kind, x=x, y=y, w=w, attributes=attributes, **epilogue
        )
        self._append(layer, layer.outputs, last)

    # What may follow them.

    def _add(self, node: onnx.NodeProto) -> None:
        constants = [self._graph.constant(name) for name in node.input]
        for value, other in zip(constants, reversed(node.input), strict=True):
            if value is not None:
                self._add_constant(node, other, self._reals(node, "constant", value))
                return
        names = [self.tensor(name, node_name(node)) for name in node.input]
        last = self._same_layout(node)
        if self.channels[names[0]] != self.channels[names[1]]:
            raise AdderSRError(
                f"Cannot quantise {node_name(node)}: it adds {self.channels[names[0]]} channels "
                f"to {self.channels[names[1]]}; only the network's last sum may repeat the input."
            )
        # The later layer takes the residual, so that the earlier one may be its residual.
        order = [step.y for step in self.steps]
        names.sort(key=lambda name: order.index(name) if name in order else -1, reverse=True)
        for target, residual in (names, names[::-1]):
            layer = self._foldable(target)
            if layer is None or target == residual:
                continue
            field = "z" if layer.is_sum and layer.z is None else "r"
            if getattr(layer, field) is None:
                changes = {field: residual, **({"t": node.output[0]} if field == "z" else {})}
                self._replace(layer, node, last, **changes)
                return
        layer = self._copy(node, names[0])
        self._append(
            layer.with_y(node.output[0], z=names[1], t=node.output[0]), layer.outputs, last
        )

    def _add_constant(self, node: onnx.NodeProto, name: str, value: Reals) -> None:
        layer, last = self._stage(node, name)
        self._replace(layer, node, last, bias=layer.bias + value, t=node.output[0])

    def _mul(self, node: onnx.NodeProto) -> None:
        constants = [self._graph.constant(name) for name in node.input]
        for value, other in zip(constants, reversed(node.input), strict=True):
            if value is not None:
                factor = self._reals(node, "factor", value)
                layer, last = self._stage(node, other)
                if layer.z is not None:
                    layer = self._copy(node, layer.y)
                changes = {"scale": layer.scale * factor, "bias": layer.bias * factor}
                self._replace(layer, node, last, **changes, t=node.output[0])
                return
        raise AdderSRError(
            f"Cannot quantise {node_name(node)}: it multiplies two tensors; only constant factors "
            "are possible."
        )

    def _activation(self, node: onnx.NodeProto) -> None:
        layer, last = self._stage(node, node.input[0])
        changes: dict[str, Any] = {}
        if node.op_type == "Clip":
            names = [*node.input[1:], "", ""][:2]
            ends = [
                None if not name else float(self._needed(node, name).reshape(())) for name in names
            ]
            low, high = (
                -np.inf if ends[0] is None else ends[0],
                np.inf if ends[1] is None else ends[1],
            )
            changes["clip"] = (max(low, layer.clip[0]), min(high, layer.clip[1]))
        else:
            if layer.clip != (-np.inf, np.inf) or (layer.slope != 1).any():
                layer = self._copy(node, layer.y)
            if node.op_type == "PRelu":
                changes["slope"] = self._reals(node, "slope", self._needed(node, node.input[1]))
            else:
                leak = attributes_of(node).get("alpha", 0.01)
                changes["slope"] = np.array([0.0 if node.op_type == "Relu" else leak])
        self._replace(layer, node, last, **changes)

    def _stage(self, node: onnx.NodeProto, name: str) -> tuple[Layer, bool]:
        """The layer that the operation on ``name`` is folded into, or a new one."""
        tensor, last = self._alias(node, name)
        layer = self._foldable(tensor)
        plain = node.op_type in ("Add", "Mul")
        if layer is None or layer.r is not None or (plain and not layer.is_sum):
            layer = self._copy(node, tensor)
        return layer, last

    def _foldable(self, tensor: str) -> Layer | None:
        """The layer that makes a tensor, if nothing else reads it."""
        for step in self.steps:
            if step.y == tensor and isinstance(step, Layer):
                return step if self._uses(tensor) == 1 else None
        return None

    def _copy(self, node: onnx.NodeProto, tensor: str) -> Layer:
        """A layer that gives a tensor as it is; it is not among the steps."""
        count = self.channels[tensor]
        ones = np.ones((count, 1, 1, 1), np.float32)
        return Layer(
            name=node_name(node),
            kind="conv",
            x=tensor,
            y=tensor,
            t=tensor,
            w=ones,
            attributes={"group": count},
        )

    def _replace(self, layer: Layer, node: onnx.NodeProto, last: bool, **changes: Any) -> None:
        """``layer`` with one more step, at the end: what the step reads is there by then."""
        if layer in self.steps:
            self.steps.remove(layer)
            del self.channels[layer.y], self.channels_last[layer.y]
        self._append(layer.with_y(node.output[0], **changes), layer.outputs, last)

    # What moves values only.

    def _transpose(self, node: onnx.NodeProto) -> None:
        tensor, last = self._alias(node, node.input[0])
        if attributes_of(node).get("perm") != (_FIRST if last else _LAST):
            raise AdderSRError(
                f"Cannot quantise {node_name(node)}: expected a change between channels first and "
                "channels last."
            )
        self._aliases[node.output[0]] = (tensor, not last)

    def _identity(self, node: onnx.NodeProto) -> None:
        self._aliases[node.output[0]] = self._alias(node, node.input[0])

    def _concat(self, node: onnx.NodeProto) -> None:
        names = tuple(self.tensor(name, node_name(node)) for name in node.input)
        last = self._same_layout(node)
        if attributes_of(node)["axis"] not in ((3, -1) if last else (1, -3)):
            raise AdderSRError(f"Cannot quantise {node_name(node)}: it joins no channels.")
        count = sum(self.channels[name] for name in names)
        self._append(Concat(node_name(node), names, node.output[0]), count, last)

    def _shuffle(self, node: onnx.NodeProto) -> None:
        tensor, last = self._alias(node, node.input[0])
        given = attributes_of(node)
        if last or given.get("mode", "DCR") != "CRD":
            raise AdderSRError(
                f"Cannot quantise {node_name(node)}: expected DepthToSpace of mode CRD, channels "
                "first."
            )
        size = given["blocksize"]
        step = Shuffle(node_name(node), tensor, node.output[0], size)
        self._append(step, self.channels[tensor] // size**2, last)

    # Helpers.

    def _append(self, step: Step, channels: int, last: bool) -> None:
        self.steps.append(step)
        self.channels[step.y], self.channels_last[step.y] = channels, last
        self._aliases[step.y] = (step.y, last)

    def _alias(self, node: onnx.NodeProto, name: str) -> tuple[str, bool]:
        self.tensor(name, node_name(node))
        return self._aliases[name]

    def _uses(self, tensor: str) -> int:
        """How often a tensor is read, also in another layout; the network's end counts too."""
        count = int(tensor == self._last)
        for node in self._graph.readers(tensor):
            is_alias = node.op_type in ("Transpose", "Identity")
            count += self._uses(node.output[0]) if is_alias else 1
        return count

    def _same_layout(self, node: onnx.NodeProto) -> bool:
        layouts = {self._aliases[name][1] for name in node.input}
        if len(layouts) != 1:
            raise AdderSRError(f"Cannot quantise {node_name(node)}: its inputs differ in layout.")
        return layouts.pop()

    def _residual(self, node: onnx.NodeProto, name: str) -> str | None:
        if self._graph.constant(name) is not None:
            return None
        return self._alias(node, name)[0]

    def _needed(self, node: onnx.NodeProto, name: str) -> npt.NDArray[Any]:
        value = self._graph.constant(name)
        if value is None:
            raise AdderSRError(
                f"Cannot quantise {node_name(node)}: {name} is computed; expected a constant."
            )
        return value

    def _weight(self, node: onnx.NodeProto) -> npt.NDArray[np.float32]:
        w = self._needed(node, node.input[1])
        if w.ndim != 4:
            raise AdderSRError(
                f"Cannot quantise {node_name(node)}: expected filters [O, C/group, kh, kw], "
                f"got {list(w.shape)}."
            )
        self._reals(node, "weight", w)
        return w.astype(np.float32)

    def _reals(self, node: onnx.NodeProto, what: str, value: npt.NDArray[Any]) -> Reals:
        """Parameters [1] or [O] in float64; [1, O, 1, 1] and the like become [O]."""
        if not np.isfinite(value).all():
            raise AdderSRError(
                f"Cannot quantise {node_name(node)}: its {what} holds values that are not finite. "
                "Use an earlier checkpoint."
            )
        return value.astype(np.float64).reshape(-1)
