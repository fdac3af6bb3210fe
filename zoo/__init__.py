"""The trained models that ship with the package: which there are and where their files lie."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from addersr.errors import AdderSRError

__all__ = ["ZooEntry", "default_for", "entries", "find"]

_KINDS = ("adder", "cnn")


@dataclass(frozen=True)
class ZooEntry:
    """One trained model."""

    name: str
    architecture: str
    kind: str
    """``adder`` or ``cnn``."""
    scale: int
    colour: str
    """What the model works on: ``y`` is luma."""
    parameters: int
    psnr: Mapping[str, float]
    """Mean PSNR on Y in dB per benchmark set."""
    checkpoint: Path
    onnx: Path
    twin: str | None
    """The model of the same architecture and the other kind."""
    precision: str
    """``fp32``, or ``u8`` where ``onnx`` is ``checkpoint`` in integers."""


def entries() -> tuple[ZooEntry, ...]:
    """All models, in the order of the index.

    Raises:
        AdderSRError: the index is missing or malformed.
    """
    return _read(_folder())[0]


def find(name: str) -> ZooEntry:
    """The model of that name.

    Raises:
        AdderSRError: there is none; the message lists those there are.
    """
    for entry in entries():
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in entries()) or "none; it is empty"
    raise AdderSRError(f"There is no model {name!r} in the zoo. Known: {known}.")


def default_for(scale: int) -> ZooEntry:
    """The model to use when nobody chose one.

    Raises:
        AdderSRError: no model of the zoo enlarges by ``scale``.
    """
    defaults = _read(_folder())[1]
    if scale not in defaults:
        known = ", ".join(str(known) for known in sorted(defaults)) or "none; the zoo is empty"
        raise AdderSRError(f"The zoo has no model for scale {scale}. Scales with one: {known}.")
    return find(defaults[scale])


def _folder() -> Path:
    return Path(str(resources.files(__name__)))


@cache
def _read(folder: Path) -> tuple[tuple[ZooEntry, ...], Mapping[int, str]]:
    path = folder / "index.json"
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        models = tuple(_entry(folder, fields) for fields in index["models"])
        defaults = {int(scale): str(name) for scale, name in index["default"].items()}
    except OSError as error:
        raise _broken(path, error.strerror or "cannot be read") from error
    except KeyError as error:
        raise _broken(path, f"{error} is missing") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise _broken(path, str(error)) from error
    return models, defaults


def _broken(path: Path, reason: str) -> AdderSRError:
    return AdderSRError(f"The zoo's index {path} is not usable ({reason}). Install addersr again.")


def _entry(folder: Path, fields: dict[str, Any]) -> ZooEntry:
    if fields["kind"] not in _KINDS:
        raise ValueError(f"kind is {fields['kind']!r}, not one of {', '.join(_KINDS)}")
    twin = fields.get("twin")
    return ZooEntry(
        name=str(fields["name"]),
        architecture=str(fields["architecture"]),
        kind=str(fields["kind"]),
        scale=int(fields["scale"]),
        colour=str(fields["colour"]),
        parameters=int(fields["parameters"]),
        psnr={str(name): float(value) for name, value in fields["psnr"].items()},
        checkpoint=folder / str(fields["checkpoint"]),
        onnx=folder / str(fields["onnx"]),
        twin=None if twin is None else str(twin),
        precision=str(fields.get("precision", "fp32")),
    )
