"""Makes of a traced graph the one that goes into the file: folded, named, nothing of torch's left.

A file depends on nothing but the weights: no source paths, no stack traces, no counters of torch.
"""

import ast
from collections.abc import Collection

import onnx_ir as ir
from onnx_ir.passes import common
from onnxscript import optimizer

# Folding must also reach what is computed from the largest filters.
_NO_LIMIT = 1 << 40

# Names for what was folded, by the node that reads it. PRelu's slopes are torch's ``weight`` in
# another shape, so they keep that name.
_INPUT_NAMES = {
    ("AdderConv", 2): "bias",
    ("BatchNormalization", 1): "weight",
    ("BatchNormalization", 2): "bias",
    ("Clip", 1): "min",
    ("Mul", 1): "factor",
    ("PRelu", 1): "weight",
}


def tidy(model: ir.Model, parameters: Collection[str]) -> None:
    """Fold constants, name everything after its layer, and remove what torch left, in place.

    Nodes and their outputs are called ``layer/Op`` (``blocks.0.adder/AdderConv``), initializers
    ``layer.parameter``: ``parameters`` keep their names, and what was folded is named after the
    node that reads it (``Σ|w|``: ``blocks.0.adder.bias``).

    Args:
        model: from ``trace``.
        parameters: names of the module's parameters and buffers.
    """
    optimizer.fold_constants_ir(
        model,
        onnx_shape_inference=True,
        input_size_limit=_NO_LIMIT,
        output_size_limit=_NO_LIMIT,
    )
    ir.passes.Sequential(
        common.IdentityEliminationPass(),
        common.RemoveUnusedNodesPass(),
        common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
        common.RemoveUnusedFunctionsPass(),  # type: ignore[no-untyped-call]
    )(model)
    _name(model.graph, parameters)
    common.ClearMetadataAndDocStringPass()(model)
    model.graph.metadata_props.clear()
    graph = model.graph
    for value in (*graph.inputs, *graph.initializers.values(), *graph.outputs):
        value.metadata_props.clear()


def _name(graph: ir.Graph, parameters: Collection[str]) -> None:
    outputs = set(graph.outputs)
    kept = {name for name in graph.initializers if name in parameters}
    taken = kept | {value.name or "" for value in (*graph.inputs, *outputs)}
    graph.name = "addersr"
    for node in graph:
        scope = _scope(node)
        node.name = _free(f"{scope}/{node.op_type}" if scope else node.op_type, taken)
        for value in node.outputs:
            if value not in outputs:
                value.name = node.name
        for index, source in enumerate(node.inputs):
            if source is not None and source.is_initializer() and source.name not in taken:
                parameter = _INPUT_NAMES.get((node.op_type, index), "constant")
                source.name = _free(f"{scope}.{parameter}" if scope else parameter, taken)
    sort_initializers(graph)


def sort_initializers(graph: ir.Graph) -> None:
    """Put the constants into the order of their names; those that nothing reads go."""
    used = (value for value in graph.initializers.values() if value.uses())
    initializers = sorted(used, key=lambda value: value.name or "")
    graph.initializers.clear()
    for value in initializers:
        graph.initializers.add(value)


def _scope(node: ir.Node) -> str:
    """The name of the module that the node comes from, as in ``named_modules``."""
    # The module names from the outermost to the innermost, then the operation.
    scopes: list[str] = ast.literal_eval(
        node.metadata_props.get("pkg.torch.onnx.name_scopes", "[]")
    )
    return scopes[-2] if len(scopes) > 1 else ""


def _free(name: str, taken: set[str]) -> str:
    """``name``, numbered if it is taken; it is taken afterwards."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    taken.add(candidate)
    return candidate
