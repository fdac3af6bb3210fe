"""Averaged weights, and the batch-norm statistics that belong to them."""

import copy
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from addersr.models.super_resolution import SuperResolution


class WeightAverage:
    """Exponential average of a model's weights.

    Args:
        model: whose weights are averaged.
        decay: share of the old average that a step keeps; it is lower in the first steps, so that
            the initial weights are forgotten.
    """

    def __init__(self, model: SuperResolution, decay: float) -> None:
        self.model = copy.deepcopy(model).requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def update(self, model: SuperResolution, step: int) -> None:
        """Move towards ``model`` after ``step`` (counted from 1)."""
        weight = 1 - min(self._decay, (1 + step) / (10 + step))
        for averaged, new in zip(self.model.parameters(), model.parameters(), strict=True):
            averaged.lerp_(new, weight)


@torch.no_grad()
def reestimate_batch_norm(model: nn.Module, batches: Iterable[Tensor]) -> None:
    """Replace the running statistics of batch normalisation by those over ``batches``.

    Averaged weights never saw data: the statistics of the trained weights do not fit them, and at
    high learning rates running statistics lag behind anyway.
    """
    layers = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    if not layers:
        return
    was_training = model.training
    momentum = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # torch: cumulative average over all batches
    model.train()
    for batch in batches:
        model(batch)
    for layer, old in zip(layers, momentum, strict=True):
        layer.momentum = old
    model.train(was_training)
