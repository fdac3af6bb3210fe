"""How much memory the tensors between the operations take at once."""

from addersr.export.counts.graph import Graph


def peak_activations(graph: Graph) -> int:
    """Bytes of all tensors that exist at once, at the moment when they are most.

    The operations run in the order of the graph. A tensor exists from the operation that writes it
    to the last one that reads it; the image exists until it is read for the last time. Operations
    element by element write over an input of the same size that nobody reads afterwards, as
    onnxruntime does. What kernels use for themselves is not in it.
    """
    last_use = {graph.output: len(graph.operations)}
    for step, operation in enumerate(graph.operations):
        for source in operation.sources:
            last_use[source.tensor] = max(step, last_use.get(source.tensor, 0))
    alive = {graph.input: graph.tensors[graph.input].bytes}
    peak = sum(alive.values())
    for step, operation in enumerate(graph.operations):
        ending = {source.tensor for source in operation.sources if last_use[source.tensor] == step}
        outputs = {name: graph.tensors[name].bytes for name in operation.outputs}
        if operation.in_place:
            for size in outputs.values():
                replaced = next((one for one in sorted(ending) if alive[one] == size), None)
                if replaced is not None:
                    ending.remove(replaced)
                    del alive[replaced]
        alive.update(outputs)
        peak = max(peak, sum(alive.values()))
        for name in ending | {name for name in outputs if name not in last_use}:
            alive.pop(name, None)
    return peak
