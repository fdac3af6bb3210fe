"""The memory of activations for one pixel, which an exported file states for the runtime."""

import onnx

from addersr.errors import AdderSRError
from addersr.export.counts.memory import peak_activations
from addersr.export.counts.onnx_graph import OnnxFile, read_graph

# The activations of convolutions grow with the pixels, so one size is as good as another.
_SIZE = (96, 120)


def memory_metadata(model: onnx.ModelProto) -> dict[str, str]:
    """The metadata ``addersr.bytes_per_pixel`` of a network: :func:`peak_activations` for each
    pixel of the input, rounded up. The embedding library chooses tiles by it.

    Args:
        model: with one input and one output.

    Returns:
        Nothing where an operator is not known: the runtime then guesses.
    """
    try:
        graph = read_graph(OnnxFile("The model", model, 0, {}), _SIZE)
    except AdderSRError:
        return {}
    height, width = _SIZE
    return {"addersr.bytes_per_pixel": str(-(-peak_activations(graph) // (height * width)))}
