"""Finds the torch modules of a model that make and read the tensors of its integer network.

Names are no guide: a residual sum may be made by any module around it. So both compute the same
picture, and values are compared.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from addersr.errors import AdderSRError
from addersr.export.quantization.float_network import FloatNetwork
from addersr.export.quantization.layers import Layer, Network
from addersr.models.adder_conv import AdderConv2d

Values = npt.NDArray[np.float32]

_SIDE = 24
# Of the largest value: exported and original model round differently, no more.
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Modules:
    """Names of modules by names of tensors."""

    makers: dict[str, str]
    """The innermost module whose output the tensor is."""
    readers: dict[str, tuple[str, ...]]
    """Of tensors that no module makes, as the network's start: the modules that read it."""
    adders: dict[str, str]
    """Adder layers, by the names of the integer network's layers."""


def find_modules(model: nn.Module, network: Network) -> Modules:
    """Where the layers of an exported model's network are in the model.

    Args:
        model: in evaluation mode.
        network: read from its export, which takes floats.

    Raises:
        AdderSRError: a tensor is made and read in the model's own code, between its modules.
    """
    channels = network.channels[network.start]
    x = np.random.default_rng(0).random((1, channels, _SIDE, _SIDE), np.float32)
    values = FloatNetwork(network).run(x)
    made, read = _observe(model, torch.from_numpy(x))
    makers, readers = {}, {}
    for tensor in network.tensors:
        step = next((step for step in network.steps if step.y == tensor), None)
        if step is not None and not isinstance(step, Layer):
            continue  # it only moves values that are rounded already
        value = np.moveaxis(values[tensor], 3, 1)
        maker = None if step is None else _nearest(value, made)
        if maker is not None:
            makers[tensor] = maker
            continue
        readers[tensor] = tuple(name for name, seen in read.items() if _error(value, seen) < 1)
        if not readers[tensor]:
            raise AdderSRError(
                f"Cannot train with {tensor} rounded: it is no module's output. Give the model a "
                "module of its own for it."
            )
    return Modules(makers, readers, _adders(model, network))


def _observe(model: nn.Module, x: Tensor) -> tuple[dict[str, Values], dict[str, Values]]:
    """Outputs of all modules, in the order in which they end, and inputs of innermost ones."""
    made: dict[str, Values] = {}
    read: dict[str, Values] = {}

    def observer(name: str, innermost: bool) -> Any:
        def observe(_module: nn.Module, arguments: tuple[Any, ...], output: Any) -> None:
            if isinstance(output, Tensor):
                made[name] = output.numpy()
            if innermost and arguments and isinstance(arguments[0], Tensor):
                read[name] = arguments[0].numpy()

        return observe

    hooks = [
        module.register_forward_hook(observer(name, not any(module.children())))
        for name, module in model.named_modules()
        if name
    ]
    with torch.no_grad():
        model(x)
    for hook in hooks:
        hook.remove()
    return made, read


def _nearest(value: Values, candidates: dict[str, Values]) -> str | None:
    errors = {name: _error(value, seen) for name, seen in candidates.items()}
    name = min(errors, key=errors.__getitem__)  # the first of equals, which is the innermost
    return name if errors[name] < 1 else None


def _error(value: Values, seen: Values) -> float:
    """In units of what is tolerated."""
    if value.shape != seen.shape:
        return np.inf
    return float(np.abs(value - seen).max() / (_TOLERANCE * max(np.abs(value).max(), 1e-6)))


def _adders(model: nn.Module, network: Network) -> dict[str, str]:
    filters = {
        name: module.weight.detach().numpy()
        for name, module in model.named_modules()
        if isinstance(module, AdderConv2d)
    }
    found = {}
    for layer in network.layers:
        if layer.kind == "adder":
            same = [name for name, w in filters.items() if np.array_equal(w, layer.w)]
            if not same:
                raise AdderSRError(
                    f"The model has no adder layer with the filters of {layer.name}."
                )
            found[layer.name] = same[0]
            del filters[same[0]]
    return found
