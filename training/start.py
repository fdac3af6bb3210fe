"""The weights that a run starts from: fresh ones, or those of another checkpoint."""

import json
from pathlib import Path

import safetensors.torch
import torch

from addersr.errors import AdderSRError
from addersr.models.checkpoint import read_metadata
from addersr.models.registry import complete
from addersr.models.super_resolution import SuperResolution
from addersr.training.config import TrainingConfig


def initial_model(config: TrainingConfig) -> tuple[SuperResolution, tuple[str, ...]]:
    """A new model with the run's initial weights.

    Returns:
        The model, and the names of its tensors that ``config.start`` lacks, because it was trained
        for another scale: they stay fresh. None without a start.

    Raises:
        AdderSRError: no such architecture, kind, scale or argument; or ``config.start`` is no
            checkpoint, or one of another architecture, kind or with other arguments, or its tensors
            are not those of the model.
    """
    model = config.create_model()
    if config.start is None:
        return model, ()
    metadata = read_metadata(config.start)
    _check_description(config, config.start, metadata)
    return model, _load(model, config.start, int(metadata["scale"]))


def _check_description(config: TrainingConfig, start: Path, metadata: dict[str, str]) -> None:
    wanted = {"architecture": config.architecture, "kind": config.kind}
    wanted |= complete(config.architecture, config.arguments)
    # The metadata of another version may lack arguments that exist now.
    found = {"architecture": metadata["architecture"], "kind": metadata["kind"]}
    if found["architecture"] == config.architecture:
        found |= complete(config.architecture, json.loads(metadata["arguments"]))
    for name, value in wanted.items():
        if found.get(name) != value:
            raise AdderSRError(
                f"The start {start} has {name} {found.get(name)}, the run {value}: expected the "
                f"same architecture, kind and arguments. Change those of the run, or start from "
                f"another checkpoint."
            )


def _load(model: SuperResolution, start: Path, scale: int) -> tuple[str, ...]:
    """Copy what fits; the names of what stays fresh."""
    stored = safetensors.torch.load_file(start)
    own = model.state_dict()
    fits = [name for name in own if name in stored and stored[name].shape == own[name].shape]
    fresh = tuple(name for name in own if name not in fits)
    strange = fresh or tuple(name for name in stored if name not in own)
    if strange and (scale == model.scale or not fits):
        raise AdderSRError(
            f"The start {start} does not fit its own description: {', '.join(strange)} missing, "
            f"unknown or of another shape. Start from another checkpoint."
        )
    with torch.no_grad():
        for name in fits:
            own[name].copy_(stored[name])
    return fresh
