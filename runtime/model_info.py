"""What a model says about itself, and whether this version understands it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from addersr import custom_ops
from addersr.errors import AdderSRError
from addersr.runtime.model_file import ModelFile, read_model_file

KINDS = ("adder", "cnn")
COLOURS = ("y", "rgb")
PRECISIONS = ("fp32", "u8", "i16", "mixed")
IO = ("float", "uint8")

_MAX_SCALE = 16


@dataclass(frozen=True)
class ModelInfo:
    """The metadata of an exported model (``addersr.*`` in its ``metadata_props``)."""

    version: str
    """The addersr that exported it."""
    architecture: str
    kind: str
    """``adder`` or ``cnn``."""
    arguments: Mapping[str, Any]
    """What the architecture was built with."""
    scale: int
    colour: str
    """``y``: input and output are luma / 255 [N, 1, H, W]; ``rgb``: RGB / 255 [N, 3, H, W]."""
    io: str
    """``float``: planes as ``colour`` says; ``uint8``: RGB pictures [N, H, W, 3] in and out."""
    precision: str
    """``fp32``; ``u8``, ``i16`` or ``mixed`` for networks in integers."""
    calibration: str
    """How the scales of a network in integers were found, for people; ``none`` for ``fp32``."""
    plan: str | None
    """The quantisation plan as JSON: of a network in integers, or of a float32 network that was
    trained for it."""
    halo: int
    """How many LR pixels around a pixel influence its HR pixels."""
    uses_adder_ops: bool
    """Whether operators of our domain are in its graph."""


def read_model_info(model: Path | bytes) -> ModelInfo:
    """Read and check the metadata of an ONNX model.

    Raises:
        AdderSRError: no ONNX model, not exported by addersr, of another operator version, or
            with something in it that this version does not know.
    """
    file = read_model_file(model)
    name = "The model" if isinstance(model, bytes) else str(model)
    check_op_version(file, name)
    fields = _Fields(name, file.metadata)
    return ModelInfo(
        version=fields.text("version"),
        architecture=fields.text("architecture"),
        kind=fields.one_of("kind", KINDS),
        arguments=fields.mapping("arguments"),
        scale=fields.number("scale", 1, _MAX_SCALE),
        colour=fields.one_of("colour", COLOURS),
        # Files of addersr before 0.1.0 do not say it.
        io=fields.one_of("io", IO, "float"),
        precision=fields.one_of("precision", PRECISIONS),
        calibration=fields.text("calibration"),
        plan=file.metadata.get("addersr.plan"),
        halo=fields.number("halo", 0, 1 << 16),
        uses_adder_ops=custom_ops.DOMAIN in file.domains,
    )


def check_op_version(file: ModelFile, name: str) -> None:
    """Refuse a model whose operators of our domain are of another version.

    Raises:
        AdderSRError: with both versions in it.
    """
    version = file.opsets.get(custom_ops.DOMAIN, custom_ops.VERSION)
    if version != custom_ops.VERSION:
        raise AdderSRError(
            f"{name} uses version {version} of the operators {custom_ops.DOMAIN}, and this "
            f"addersr has version {custom_ops.VERSION}. Export the model again with this "
            "addersr, or install the one that exported it."
        )


class _Fields:
    """Typed access to the metadata, with sentences for what is wrong."""

    def __init__(self, name: str, metadata: Mapping[str, str]) -> None:
        self._name = name
        self._metadata = metadata

    def text(self, key: str) -> str:
        value = self._metadata.get(f"addersr.{key}", "")
        if not value:
            raise AdderSRError(
                f"{self._name} has no metadata 'addersr.{key}': expected a model made by "
                "'addersr export'."
            )
        return value

    def one_of(self, key: str, known: tuple[str, ...], default: str | None = None) -> str:
        if default is not None and f"addersr.{key}" not in self._metadata:
            return default
        value = self.text(key)
        if value not in known:
            raise self._unknown(key, value, f"one of {', '.join(known)}")
        return value

    def number(self, key: str, low: int, high: int) -> int:
        value = self.text(key)
        if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            raise self._unknown(key, value, f"a whole number from {low} to {high}")
        return int(value)

    def mapping(self, key: str) -> Mapping[str, Any]:
        value = self.text(key)
        try:
            parsed = json.loads(value)
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            raise self._unknown(key, value, "a JSON object")
        return parsed

    def _unknown(self, key: str, value: str, expected: str) -> AdderSRError:
        return AdderSRError(
            f"{self._name} has the {key} {value!r}, which this addersr does not know: expected "
            f"{expected}. Install a newer addersr or export the model again."
        )
