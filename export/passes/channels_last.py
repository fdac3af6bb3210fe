"""Adder layers compute channels last; the layout changes once where they begin and once behind."""

from collections.abc import Sequence

import onnx_ir as ir
from onnx_ir.passes import InPlacePass, PassResult
from onnx_ir.passes.common import CommonSubexpressionEliminationPass, RemoveUnusedNodesPass

from addersr.export.passes.fused_layer import FusedLayer, add_initializer, constant, layers

TO_LAST, TO_FIRST = [0, 2, 3, 1], [0, 3, 1, 2]

# Work on each number alone, so the layout does not matter to them.
_ELEMENTWISE = {
    *("Abs", "Add", "Clip", "Div", "Elu", "Exp", "HardSigmoid", "HardSwish", "LeakyRelu", "Log"),
    *("Max", "Min", "Mul", "Neg", "PRelu", "Pow", "Relu", "Sigmoid", "Sign", "Softplus", "Sqrt"),
    *("Sub", "Tanh"),
}


class ChannelsLast(InPlacePass):
    """Every FusedAdderConv gets ``channels_last=1`` between two Transposes; those that meet vanish.

    Elementwise operators and Concat are drawn into the region if they read results of such layers,
    and otherwise only what such layers read too: the Transpose back moves behind them.
    """

    def call(self, model: ir.Model) -> PassResult:
        """See the class."""
        found = [layer for layer in layers(model) if not _is_last(layer.node)]
        for layer in found:
            _surround(layer)
        if found:
            # In order: what one node hands on, the next may take.
            for node in list(model.graph):
                _draw_in(node)
            for node in list(model.graph):
                _cancel(node)
            # What turns an input may stand behind a node that was drawn in.
            model.graph.sort()
            RemoveUnusedNodesPass()(model)
            CommonSubexpressionEliminationPass()(model)
        return PassResult(model, bool(found))


def _is_last(node: ir.Node) -> bool:
    given = node.attributes.get("channels_last")
    return given is not None and given.as_int() == 1


def _surround(layer: FusedLayer) -> None:
    node = layer.node
    graph, y = node.graph, node.outputs[0]
    for index, value in enumerate(node.inputs):
        is_residual = value is not None and value.shape is not None and len(value.shape) == 4
        if index == 0 or (index > 1 and is_residual and constant(value) is None):
            assert value is not None
            node.replace_input_with(index, _transposed(value, TO_LAST, before=node))
    node.attributes["channels_last"] = ir.AttrInt64("channels_last", 1)
    name, shape = y.name, y.shape
    back = _transposed(y, TO_FIRST, after=node)
    ir.convenience.replace_all_uses_with(y, back, replace_graph_outputs=True)
    producer = back.producer()
    assert producer is not None
    assert graph is not None
    producer.replace_input_with(0, y)
    back.shape = shape
    y.shape = _permuted(shape, TO_LAST)
    if back.is_graph_output():
        back.name = name
        y.name = f"{name}/channels_last"


def _transposed(
    value: ir.Value,
    order: Sequence[int],
    *,
    before: ir.Node | None = None,
    after: ir.Node | None = None,
) -> ir.Value:
    suffix = "channels_last" if order == TO_LAST else "channels_first"
    name = f"{value.name}/{suffix}"
    node = ir.Node("", "Transpose", [value], [ir.AttrInt64s("perm", order)], name=name)
    result: ir.Value = node.outputs[0]
    result.name, result.type = name, value.type
    result.shape = _permuted(value.shape, order)
    if before is not None:
        before.prepend(node)
    if after is not None:
        after.append(node)
    return result


def _permuted(shape: ir.Shape | None, order: Sequence[int]) -> ir.Shape | None:
    return None if shape is None else ir.Shape([shape[axis] for axis in order])


def _source(value: ir.Value | None, order: Sequence[int]) -> ir.Value | None:
    """What a Transpose by ``order`` made ``value`` of; None if there is none."""
    node = None if value is None else value.producer()
    if node is None or node.op_type != "Transpose":
        return None
    if list(node.attributes["perm"].as_ints()) != list(order):
        return None
    source: ir.Value | None = node.inputs[0]
    return source


def _turned(value: ir.Value | None) -> ir.Value | None:
    """The channels-last form of a value that some layer reads; None if there is none."""
    for usage in () if value is None else value.uses():
        if _source(usage.node.outputs[0], TO_LAST) is value:
            return usage.node.outputs[0]
    return None


def _draw_in(node: ir.Node) -> None:
    """Let a node compute channels last if all that it reads comes from there."""
    if node.domain != "" or node.op_type not in (*_ELEMENTWISE, "Concat"):
        return
    constants = [constant(value) for value in node.inputs]
    sources = [_source(value, TO_FIRST) for value in node.inputs]
    computed = [
        i for i, value in enumerate(node.inputs) if value is not None and constants[i] is None
    ]
    # What comes from outside must have been turned for another layer already.
    inside = any(sources[i] is not None for i in computed)
    for index in computed:
        sources[index] = sources[index] or _turned(node.inputs[index])
    if not inside or any(sources[index] is None for index in computed):
        return
    if node.op_type == "Concat" and node.attributes["axis"].as_int() not in (1, -3):
        return
    for array in constants:
        if array is not None and array.ndim not in (0, 1, 3, 4):
            return
        if array is not None and array.ndim == 1 and array.size > 1:
            return  # along the width: not a parameter per channel
    for index, value in enumerate(node.inputs):
        array = constants[index]
        if sources[index] is not None:
            node.replace_input_with(index, sources[index])
        elif array is not None and array.ndim >= 3:
            assert value is not None
            moved = array.transpose(
                [axis - 1 for axis in TO_LAST[1:]] if array.ndim == 3 else TO_LAST
            )
            node.replace_input_with(
                index, add_initializer(node.graph, f"{value.name}/channels_last", moved.copy())
            )
    if node.op_type == "Concat":
        node.attributes["axis"] = ir.AttrInt64("axis", 3)
    y = node.outputs[0]
    shape, name = y.shape, y.name
    back = _transposed(y, TO_FIRST, after=node)
    ir.convenience.replace_all_uses_with(y, back, replace_graph_outputs=True)
    producer = back.producer()
    assert producer is not None
    producer.replace_input_with(0, y)
    back.shape, y.shape = shape, _permuted(shape, TO_LAST)
    if back.is_graph_output():
        back.name = name
        y.name = f"{name}/channels_last"


def _cancel(node: ir.Node) -> None:
    """A Transpose of what a Transpose the other way made is the value before both."""
    for order, inverse in ((TO_LAST, TO_FIRST), (TO_FIRST, TO_LAST)):
        y = node.outputs[0] if node.op_type == "Transpose" else None
        if y is not None and _source(y, order) is not None:
            source = _source(node.inputs[0], inverse)
            if source is not None and not y.is_graph_output():
                ir.convenience.replace_all_uses_with(y, source)
