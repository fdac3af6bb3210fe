"""Checkpoints: weights as ``.safetensors`` with the model's description in the metadata."""

import json
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch

from addersr.errors import AdderSRError
from addersr.files import write_atomically
from addersr.models.registry import create
from addersr.models.super_resolution import SuperResolution

FORMAT = "addersr-checkpoint-1"


def save_model(
    path: Path,
    model: SuperResolution,
    *,
    architecture: str,
    arguments: dict[str, Any],
    training: dict[str, Any],
    psnr: dict[str, float],
    plan: str | None = None,
) -> None:
    """Write a checkpoint.

    Args:
        path: the ``.safetensors`` file.
        model: its weights, kind, scale and colour are stored.
        architecture, arguments: how ``create`` builds it again.
        training: summary of the training run, any JSON.
        psnr: measured dB by name of the data set.
        plan: the quantisation plan that the weights were trained for, JSON, if there is one.
    """
    metadata = {
        "format": FORMAT,
        "architecture": architecture,
        "arguments": json.dumps(arguments, sort_keys=True),
        "kind": model.kind,
        "scale": str(model.scale),
        "colour": model.colour,
        "training": json.dumps(training, sort_keys=True),
        "psnr": json.dumps(psnr, sort_keys=True),
    }
    if plan is not None:
        metadata["plan"] = plan
    tensors = {name: value.contiguous() for name, value in model.state_dict().items()}
    write_atomically(path, safetensors.torch.save(tensors, metadata))


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata of a checkpoint.

    Raises:
        AdderSRError: there is no such file, or it is no checkpoint of ours.
    """
    if not path.is_file():
        raise AdderSRError(f"There is no checkpoint {path}. Give a .safetensors file.")
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
    except (safetensors.SafetensorError, OSError) as error:
        raise AdderSRError(f"{path} is not a .safetensors file: {error}.") from error
    if metadata.get("format") != FORMAT:
        raise AdderSRError(
            f"{path} is not a checkpoint of this version: expected the format {FORMAT!r} in its "
            f"metadata, got {metadata.get('format')!r}."
        )
    return metadata


def load_model(path: Path) -> SuperResolution:
    """The model of a checkpoint, in evaluation mode, with gradients off.

    Raises:
        AdderSRError: not a checkpoint, an unknown architecture, or weights that do not fit it.
    """
    metadata = read_metadata(path)
    try:
        arguments = json.loads(metadata["arguments"])
        model = create(
            metadata["architecture"], metadata["kind"], int(metadata["scale"]), **arguments
        )
        model.load_state_dict(safetensors.torch.load_file(path))
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise AdderSRError(f"The checkpoint {path} does not describe its model: {error}") from error
    return model.eval().requires_grad_(False)
