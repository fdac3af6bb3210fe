"""Training steps to be measured: forward, backward and optimiser of a ``mobile`` x2 model."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import torch

from addersr.models import create
from addersr.training.config import TrainingConfig
from addersr.training.optimiser import make_optimiser
from addersr.training.unfold_peer import unfold_all

Kind = Literal["cnn", "adder", "unfold"]


def training_step(kind: Kind, channels: int, batch: int, patch: int) -> Callable[[], None]:
    """A function that does one step on fixed random patches of ``patch`` LR pixels.

    "unfold" is the adder model with layers that compute as AdderNet's code does.
    """
    torch.manual_seed(0)
    of_model: Literal["cnn", "adder"] = "cnn" if kind == "cnn" else "adder"
    config = TrainingConfig("mobile", of_model, Path(), batch=batch, patch=patch)
    model = create("mobile", of_model, 2, channels=channels)
    optimiser = make_optimiser(model, config)
    if kind == "unfold":
        unfold_all(model)
    lr, hr = torch.rand(batch, 1, patch, patch), torch.rand(batch, 1, 2 * patch, 2 * patch)

    def step() -> None:
        optimiser.zero_grad()
        torch.nn.functional.l1_loss(model(lr), hr).backward()
        optimiser.step()

    return step
