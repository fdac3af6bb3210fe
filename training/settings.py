"""The settings of a run as a TOML file: read, checked, and written."""

import dataclasses
import difflib
import json
import sys
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from addersr.errors import AdderSRError
from addersr.models.registry import complete
from addersr.training.config import PATHS, TrainingConfig

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# docs/training.md says what was tried; the defaults of TrainingConfig are for fresh weights.
_FINE_TUNING: dict[str, Any] = {"steps": 1_500, "rate": 5e-4, "adder_rate": 5e-3}

_EXPECTED: dict[type, tuple[tuple[type, ...], str]] = {
    str: ((str,), "text"),
    int: ((int,), "a whole number"),
    float: ((float, int), "a number"),
    Path: ((str,), "a path as text"),
    dict: ((dict,), "a table"),
}
_NAMES: dict[type, str] = {str: "text", bool: "a truth value", dict: "a table", list: "a list"}


def read_settings(path: Path) -> dict[str, Any]:
    """The settings of a TOML file, by their names in :class:`TrainingConfig`.

    Paths in it are relative to the file's folder.

    Raises:
        AdderSRError: no such file, not TOML, an unknown setting, or a value of the wrong type.
    """
    try:
        stored = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise AdderSRError(f"Cannot read the settings {path}: {error.strerror}.") from error
    except ValueError as error:  # of the syntax, or of the encoding
        raise AdderSRError(f"{path} is not a TOML file: {error}.") from error
    hints = {name: _plain(hint) for name, hint in typing.get_type_hints(TrainingConfig).items()}
    settings = {}
    for name, value in stored.items():
        if name not in hints:
            raise AdderSRError(_unknown(path, name, list(hints)))
        settings[name] = _checked(path, name, value, hints[name])
    return settings


def make_config(settings: Mapping[str, Any]) -> TrainingConfig:
    """The settings of a run, all others being the defaults; ``quantize`` has some of its own.

    Raises:
        AdderSRError: the architecture or the data is missing, or a value is out of range.
    """
    for name, what in (("architecture", "an architecture"), ("data", "a folder of HR images")):
        if name not in settings:
            raise AdderSRError(f"Expected {what}, on the command line or as {name!r} in --config.")
    defaults = {"kind": "adder"} | (_FINE_TUNING if settings.get("quantize") else {})
    return TrainingConfig(**(defaults | dict(settings)))


def to_toml(config: TrainingConfig) -> str:
    """All settings as TOML that :func:`read_settings` reads; paths are absolute, None is left out.

    The architecture's arguments are all there, so that the run outlives their defaults.

    Raises:
        AdderSRError: there is no such architecture, or an argument that TOML cannot hold.
    """
    lines = []
    arguments = complete(config.architecture, config.arguments)
    defaults = complete(config.architecture, {})
    for name in (field.name for field in dataclasses.fields(config)):
        value = getattr(config, name)
        if name != "arguments" and value is not None:
            lines.append(f"{name} = {_toml(str(value.resolve()) if name in PATHS else value)}")
    lines += ["", "[arguments]"]
    for name, value in arguments.items():
        if value is not None:
            lines.append(f"{name} = {_toml(value)}")
        elif defaults.get(name) is not None:
            raise AdderSRError(
                f"TOML has no null, which is the argument {name}: leave the argument out."
            )
    return "\n".join(lines) + "\n"


def _plain(hint: Any) -> type:
    """``X`` of ``X | None`` and of ``X[...]``."""
    if isinstance(hint, types.UnionType):
        (hint,) = (each for each in typing.get_args(hint) if each is not types.NoneType)
    plain: type = typing.get_origin(hint) or hint
    return plain


def _checked(path: Path, name: str, value: Any, wanted: type) -> Any:
    accepted, expected = _EXPECTED[wanted]
    if type(value) not in accepted:
        found = _NAMES.get(type(value), "a number" if isinstance(value, (int, float)) else "a date")
        raise AdderSRError(
            f"Expected {name} in {path} to be {expected}, got {_short(value)} ({found})."
        )
    if wanted is Path:
        return path.parent / value
    if wanted is dict:
        for key, argument in value.items():
            if not isinstance(argument, (str, bool, int, float)):
                raise AdderSRError(
                    f"Expected the argument {key} in {path} to be text, a number or a truth value, "
                    f"got {_short(argument)}."
                )
    return float(value) if wanted is float else value


def _unknown(path: Path, name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"perhaps {near[0]} is meant" if near else f"expected some of {', '.join(known)}"
    return f"{path} has the unknown setting {name}: {hint}."


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _toml(value: Any) -> str:
    # JSON's text, numbers, truth values and lists are TOML's, but for one character of text.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
