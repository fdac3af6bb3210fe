"""Adam with two learning rates: one for adder filters and one for everything else.

The filters can have AdderNet's adaptive step in place of Adam's.
"""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from addersr.models.adder_conv import AdderConv2d
from addersr.training.config import TrainingConfig
from addersr.training.fake_quantization import roundings_of

# Learning rate of the logarithms of quantisation scales, in units of the other weights'.
_SCALE_RATE = 10

ADAPTIVE_ETA = 0.1
"""η of AdderNet's table. With its momentum of 0.9 the steps add up to ``γ·√k/‖g‖·g``."""
_MOMENTUM = 0.9


class AdaptiveStep(torch.optim.SGD):
    """Stochastic gradient descent with AdderNet's normalised gradients, and momentum.

    ``ΔW = -γ · η·√k/‖g‖₂ · g`` for each layer, k the number of its filters' elements and γ the
    learning rate, so all layers move equally far whatever the size of their gradients; momentum as
    in the paper's training. A layer whose gradient is zero is moved by its momentum alone.

    Source: AdderNet, CVPR 2020 (arXiv 1912.13200), section 3.3.

    Args:
        params: parameters or groups of them; each tensor is one layer.
        lr: γ.
    """

    def __init__(self, params: Iterable[Any], lr: float = 0.0) -> None:
        super().__init__(params, lr=lr, momentum=_MOMENTUM)

    def step(self, closure: Any = None) -> Any:
        """One step; the gradients are replaced by the normalised ones."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    _normalise(parameter.grad)
        return super().step(closure)


@torch.no_grad()
def _normalise(gradient: torch.Tensor) -> None:
    # Division comes first: the factor √k/‖g‖ may exceed the largest number, its terms do not.
    norm = gradient.norm().clamp_min(torch.finfo(gradient.dtype).tiny)
    gradient.div_(norm).mul_(ADAPTIVE_ETA * math.sqrt(gradient.numel()))


class SeparateOptimisers:
    """Two optimisers for two parts of a model, used as if they were one."""

    def __init__(self, *optimisers: torch.optim.Optimizer) -> None:
        self._optimisers = optimisers

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of all, in order; changes of a group take effect."""
        return [group for optimiser in self._optimisers for group in optimiser.param_groups]

    def zero_grad(self) -> None:
        """As that of torch's optimisers."""
        for optimiser in self._optimisers:
            optimiser.zero_grad()

    def step(self) -> None:
        """As that of torch's optimisers."""
        for optimiser in self._optimisers:
            optimiser.step()

    def state_dict(self) -> dict[str, Any]:
        """Those of all, in order."""
        return {"all": [optimiser.state_dict() for optimiser in self._optimisers]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Set what :meth:`state_dict` gave."""
        for optimiser, own in zip(self._optimisers, state["all"], strict=True):
            optimiser.load_state_dict(own)


Optimiser = torch.optim.Adam | SeparateOptimisers


def make_optimiser(model: nn.Module, config: TrainingConfig) -> Optimiser:
    """Adam (0.9, 0.999, 1e-8) as in AdderSR; group 0 holds the adder filters, if any,
    the last one the quantisation scales."""
    filters = [m.weight for m in model.modules() if isinstance(m, AdderConv2d)]
    roundings = roundings_of(model)
    scales = roundings.learned_scales() if roundings else []
    known = {id(p) for p in (*filters, *scales)}
    others = [p for p in model.parameters() if p.requires_grad and id(p) not in known]
    of_filters = [{"params": filters, "peak": config.adder_rate}] if filters else []
    of_others = [{"params": others, "peak": config.rate}]
    if scales:
        of_others.append({"params": scales, "peak": _SCALE_RATE * config.rate})
    if config.adder_step == "adaptive" and filters:
        return SeparateOptimisers(AdaptiveStep(of_filters), _adam(of_others))
    return _adam([*of_filters, *of_others])


def _adam(groups: list[dict[str, Any]]) -> torch.optim.Adam:
    return torch.optim.Adam(groups, lr=0.0, betas=(0.9, 0.999), eps=1e-8, foreach=True)


def set_rates(optimiser: Optimiser, step: int, config: TrainingConfig) -> None:
    """The learning rates of ``step`` (counted from 0): a cosine from each group's peak to 0."""
    factor = 0.5 * (1 + math.cos(math.pi * step / config.steps))
    if step < config.warmup:
        factor *= (step + 1) / config.warmup
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * factor
