"""The settings of one training run."""

import dataclasses
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from addersr.errors import AdderSRError
from addersr.models import create
from addersr.models.super_resolution import SuperResolution
from addersr.training.losses import LOSSES

ADDER_STEPS = ("adam", "adaptive")
_MOST = 1 << 63  # torch takes no larger seed
PATHS = ("data", "validation", "start", "teacher")
"""The settings that are paths."""


@dataclass(frozen=True)
class TrainingConfig:
    """What determines the trained weights; the defaults train the models of the zoo.

    Attributes:
        architecture, kind, scale, arguments: the model, as for ``addersr.models.create``.
        data: folder with HR images to learn from.
        validation: folder with HR images to judge by, or None.
        steps: length of the run; the learning rates fall to 0 along a cosine.
        batch: patches per step.
        patch: side of a patch in LR pixels.
        rate: peak learning rate of all parameters but the adder filters.
        adder_rate: peak learning rate of the adder filters, which want 10 to 50 times more.
        warmup: steps over which the learning rates rise from 0.
        clip: largest norm of the gradient; larger ones are scaled down to it.
        average: decay of the exponential average of the weights, which is what gets saved.
        validate_every: steps between validations and checkpoints.
        seed: of the initial weights and of the patches.
        start: checkpoint whose weights the run starts from, or None for fresh ones.
        loss: "l1" or "charbonnier", see ``losses``.
        teacher: checkpoint of a trained model whose output counts beside the HR images, or None.
        teacher_weight: its share w of the loss: ``(1-w)·L(Y, HR) + w·L(Y, teacher(LR))``.
        adder_step: how the filters move: by "adam" like everything else, or by the "adaptive" step
            of AdderNet, see :class:`~addersr.training.optimiser.AdaptiveStep`.
        filter_range: filters are clamped into this many times the largest magnitude that their
            layer sees, see :class:`~addersr.training.filter_range.FilterRange`; 0 for never.
        quantize: None, or "u8": train the weights for a network in integers (needs ``start``).
        bits: of these integers.
    """

    architecture: str
    kind: str
    data: Path
    validation: Path | None = None
    scale: int = 2
    arguments: dict[str, Any] = field(default_factory=dict)
    steps: int = 30_000
    batch: int = 16
    patch: int = 24
    rate: float = 5e-3
    adder_rate: float = 0.15
    warmup: int = 200
    clip: float = 0.2
    average: float = 0.999
    validate_every: int = 1_000
    seed: int = 0
    start: Path | None = None
    loss: str = "l1"
    teacher: Path | None = None
    teacher_weight: float = 0.5
    adder_step: str = "adam"
    filter_range: float = 0.0
    quantize: str | None = None
    bits: int = 8

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "patch", "validate_every", "rate", "adder_rate", "clip"):
            if not 0 < getattr(self, name) < math.inf:
                raise AdderSRError(
                    f"Expected {name} to be above 0, and finite, got {getattr(self, name)}."
                )
        for name in ("warmup", "seed", "filter_range"):
            if not 0 <= getattr(self, name) < _MOST:
                raise AdderSRError(
                    f"Expected {name} to be 0 or more, and below 2^63, got {getattr(self, name)}."
                )
        for name, choices in (("loss", tuple(LOSSES)), ("adder_step", ADDER_STEPS)):
            if getattr(self, name) not in choices:
                raise AdderSRError(
                    f"Expected {name} to be one of {', '.join(choices)}, got {getattr(self, name)}."
                )
        if not 0 <= self.teacher_weight <= 1:
            raise AdderSRError(
                f"Expected teacher_weight to be from 0 to 1, got {self.teacher_weight}."
            )
        if not 0 <= self.average < 1:
            raise AdderSRError(f"Expected average to be in [0, 1), got {self.average}.")
        if self.quantize not in (None, "u8"):
            raise AdderSRError(f"Expected quantize to be u8, got {self.quantize}.")
        if not 2 <= self.bits <= 8:
            raise AdderSRError(f"Expected bits to be from 2 to 8, got {self.bits}.")
        if self.quantize is not None and self.start is None:
            raise AdderSRError(
                "Weights are trained for integers from the weights of a trained model: expected a "
                "start beside quantize. Train in real numbers first."
            )

    def create_model(self) -> SuperResolution:
        """A new model with fresh weights, which depend on the seed alone.

        Raises:
            AdderSRError: no such architecture, kind, scale or argument.
        """
        torch.manual_seed(self.seed)
        return create(self.architecture, self.kind, self.scale, **self.arguments)

    def to_json(self) -> str:
        """All settings as JSON, paths as absolute ones, so that they mean the same anywhere."""
        settings = dataclasses.asdict(self)
        for name in PATHS:
            settings[name] = None if settings[name] is None else str(settings[name].resolve())
        return json.dumps(settings, sort_keys=True)

    def recipe(self) -> dict[str, Any]:
        """The settings that a reader of the checkpoint needs: folders and files by name only."""
        settings = dataclasses.asdict(self)
        for key in ("architecture", "kind", "scale", "arguments"):
            del settings[key]
        for key in PATHS:
            settings[key] = None if settings[key] is None else settings[key].name
        return settings
