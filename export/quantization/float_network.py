"""Runs the fp32 file with all tensors between layers exposed, and each layer's T."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from addersr.export.quantization.layers import Layer, Network
from addersr.runtime.session import create_session, run_session

Values = npt.NDArray[np.float32]

#: Under which names :meth:`FloatNetwork.run` gives the file's output and the network's end; no
#: tensor has such a name.
OUTPUT, END = "|output", "|end"

_T_INPUTS = ("alpha", "slope", "R", "clip_min", "clip_max")
_NEUTRAL: dict[str, npt.NDArray[np.float32]] = {
    "alpha": np.ones(1, np.float32),
    "slope": np.ones(1, np.float32),
    "R": np.zeros((1, 1, 1, 1), np.float32),
    "clip_min": np.array(-np.inf, np.float32),
    "clip_max": np.array(np.inf, np.float32),
}


class FloatNetwork:
    """The fp32 network with its inside visible.

    Args:
        network: from ``read_network``.
        threads: of onnxruntime; 0 lets it choose.
    """

    def __init__(self, network: Network, *, threads: int = 0) -> None:
        self._network = network
        self._input = network.model.graph.input[0].name
        self._names = {network.start: network.start}
        model = onnx.ModelProto()
        model.CopyFrom(network.model)
        for step in network.steps:
            self._names[step.y] = step.y
        for layer in network.layers:
            if has_hidden_t(layer):
                self._names[t_name(layer)] = layer.t or _expose_t(model, layer)
        known = {value.name for value in (*model.graph.output, *model.graph.input)}
        for name in dict.fromkeys([*self._names.values(), network.end]):
            if name not in known:
                model.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
        self._session = create_session(model.SerializeToString(), threads=threads)

    def run(self, x: npt.NDArray[Any]) -> dict[str, Values]:
        """All tensors, channels last: ``start``, the steps' outputs, T by ``t_name``, ``END``;
        and ``OUTPUT`` as it is.

        Args:
            x: the input of the file.
        """
        results = dict(run_session(self._session, {self._input: x}))
        results[self._input] = x
        layouts: Mapping[str, bool] = self._network.channels_last
        found: dict[str, Values] = {}
        for name, source in self._names.items():
            last = layouts[name.removesuffix(_T_SUFFIX)]
            found[name] = results[source] if last else np.moveaxis(results[source], 1, 3)
        found[OUTPUT] = results[self._network.model.graph.output[0].name]
        found[END] = np.moveaxis(results[self._network.end], 1, 3)
        return found


_T_SUFFIX = "|T"


def t_name(layer: Layer) -> str:
    """Under which name :meth:`FloatNetwork.run` gives a layer's T."""
    return layer.y + _T_SUFFIX


def has_hidden_t(layer: Layer) -> bool:
    """Whether T is another tensor than the layer's output."""
    low, high = layer.limits
    return layer.has_curve or layer.r is not None or bool(np.isfinite([low, high]).any())


def _expose_t(model: onnx.ModelProto, layer: Layer) -> str:
    """A second node, without what follows T."""
    (node,) = [node for node in model.graph.node if node.name == layer.name]
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.name = copy.output[0] = f"{layer.name}{_T_SUFFIX}"
    positions = dict(zip(_T_INPUTS, (5, 6, 7, 8, 9), strict=True))
    for key, position in positions.items():
        copy.input[position] = f"addersr.neutral.{key}"
    known = {tensor.name for tensor in model.graph.initializer}
    for key, value in _NEUTRAL.items():
        if f"addersr.neutral.{key}" not in known:
            model.graph.initializer.append(
                onnx.numpy_helper.from_array(value, f"addersr.neutral.{key}")
            )
    model.graph.node.append(copy)
    return str(copy.output[0])
