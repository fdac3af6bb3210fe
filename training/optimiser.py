"""Adam with two learning rates: one for adder filters and one for everything else."""

import math

import torch
from torch import nn

from addersr.models.adder_conv import AdderConv2d
from addersr.training.config import TrainingConfig
from addersr.training.fake_quantization import roundings_of

# Learning rate of the logarithms of quantisation scales, in units of the other weights'.
_SCALE_RATE = 10


def make_optimiser(model: nn.Module, config: TrainingConfig) -> torch.optim.Adam:
    """Adam (0.9, 0.999, 1e-8) as in AdderSR; group 0 holds the adder filters, if any,
    the last one the quantisation scales."""
    filters = [m.weight for m in model.modules() if isinstance(m, AdderConv2d)]
    roundings = roundings_of(model)
    scales = roundings.learned_scales() if roundings else []
    known = {id(p) for p in (*filters, *scales)}
    others = [p for p in model.parameters() if p.requires_grad and id(p) not in known]
    groups = [{"params": filters, "peak": config.adder_rate}] if filters else []
    groups.append({"params": others, "peak": config.rate})
    if scales:
        groups.append({"params": scales, "peak": _SCALE_RATE * config.rate})
    return torch.optim.Adam(groups, lr=0.0, betas=(0.9, 0.999), eps=1e-8, foreach=True)


def set_rates(optimiser: torch.optim.Optimizer, step: int, config: TrainingConfig) -> None:
    """The learning rates of ``step`` (counted from 0): a cosine from each group's peak to 0."""
    factor = 0.5 * (1 + math.cos(math.pi * step / config.steps))
    if step < config.warmup:
        factor *= (step + 1) / config.warmup
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * factor
