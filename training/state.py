"""What a run leaves in its folder so that it can be resumed, and whether it may be."""

import dataclasses
import io
import json
import os
from pathlib import Path
from typing import Any

import torch

from addersr.errors import AdderSRError
from addersr.files import write_atomically
from addersr.models.registry import complete
from addersr.training.config import PATHS, TrainingConfig


def is_begun(folder: Path) -> bool:
    """Whether ``folder`` holds a run that a ``Trainer`` would resume."""
    return _path(folder).exists()


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """Replace the stored state.

    Raises:
        AdderSRError: it cannot be written; the old one is as it was.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomically(_path(folder), buffer.getvalue())


def read_state(folder: Path, config: TrainingConfig) -> dict[str, Any]:
    """The stored state, if it is one of a run with these settings.

    Raises:
        AdderSRError: it is damaged, or the settings are others.
    """
    path = _path(folder)
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        stored = json.loads(state["config"])
    except Exception as error:  # torch.load raises whatever the damaged file provokes
        raise AdderSRError(
            f"The run in {folder} cannot be resumed ({type(error).__name__}: {error}). "
            f"Remove {path} to start again, or choose another folder."
        ) from error
    changed = _changes(stored, config)
    if changed:
        raise AdderSRError(
            f"The folder {folder} holds a run with other settings: {'; '.join(changed)}. "
            f"Use the same settings to resume it, or another folder for a new run."
        )
    return state


def _path(folder: Path) -> Path:
    return folder / "state.pt"


def _changes(stored: dict[str, Any], config: TrainingConfig) -> list[str]:
    """What differs, one phrase for each setting."""
    own = json.loads(config.to_json())
    # A run of an older version lacks settings that exist now; their defaults are what it did.
    stored = {
        field.name: field.default
        for field in dataclasses.fields(config)
        if field.default is not dataclasses.MISSING
    } | stored
    return [
        f"{name} was {stored.get(name)}, now {own.get(name)}"
        for name in sorted({*stored, *own})
        if _meaning(name, stored.get(name), config) != _meaning(name, own.get(name), config)
    ]


def _meaning(name: str, value: Any, config: TrainingConfig) -> Any:
    """A path may be spelt in several ways, and an argument may be given or left to its default."""
    if name in PATHS and value is not None:
        return os.path.realpath(value)
    if name == "arguments":
        return complete(config.architecture, value)
    return value
