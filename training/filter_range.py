"""Filters of adder layers that stay within what their layer sees."""

import torch
from torch import Tensor, nn

from addersr.models.adder_conv import AdderConv2d

# Share of the largest magnitude that a step keeps: an outlier is forgotten after a few thousand.
_KEEP = 0.999


class FilterRange:
    """Clamps the filters of every adder layer into ``±factor · largest |x|`` of its input.

    With a factor of 1 or more nothing is lost: where ``|w|`` exceeds every ``|x|`` of the layer,
    ``|x - w|`` is ``±x`` plus a constant, the centring (or batch normalisation) removes the
    constant, and the clamped filter gives the same ``±x``. But a clamped filter is never farther
    than a few steps from the values where a tap does more than add or subtract.

    The largest magnitude is a running one: it follows what the layer sees in training mode, and
    shrinks by 0.1 % a step. It is no part of the model and must be stored with a run's state.

    Args:
        model: its adder layers get forward pre-hooks. A copy of the model made later would copy
            the hooks, too.
        factor: above 0.
    """

    def __init__(self, model: nn.Module, factor: float) -> None:
        self._factor = factor
        self._layers = {
            name: layer for name, layer in model.named_modules() if isinstance(layer, AdderConv2d)
        }
        self._largest: dict[str, Tensor] = {}
        for name, layer in self._layers.items():
            self._largest[name] = layer.weight.new_zeros(())
            layer.register_forward_pre_hook(self._watch(name))

    def _watch(self, name: str) -> "_Watch":
        return _Watch(self._largest, name)

    @torch.no_grad()
    def clamp(self) -> None:
        """To be called after every step. A layer that saw nothing but zeros keeps its filters."""
        for name, layer in self._layers.items():
            limit = self._factor * self._largest[name]
            limit = torch.where(limit > 0, limit, torch.inf)
            layer.weight.clamp_(-limit, limit)

    def state_dict(self) -> dict[str, Tensor]:
        """The largest magnitude by layer."""
        return dict(self._largest)

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Set what :meth:`state_dict` gave."""
        for name, value in self._largest.items():
            value.copy_(state[name])


class _Watch:
    """Keeps the running largest magnitude of one layer's input."""

    def __init__(self, largest: dict[str, Tensor], name: str) -> None:
        self._largest = largest[name]

    @torch.no_grad()
    def __call__(self, layer: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        if layer.training:
            low, high = torch.aminmax(arguments[0])
            torch.maximum(self._largest * _KEEP, torch.maximum(-low, high), out=self._largest)
