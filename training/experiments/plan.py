"""Plans of experiments: which settings are compared, read from TOML.

    title = "What do shortcut and power bring?"
    question = "Text of the report."
    base = "both"                       # the variant that others are compared with
    extends = "shared/small.toml"       # settings and seeds that several plans share
    seeds = [0, 1, 2]

    [settings]                          # of all variants: those of TrainingConfig
    architecture = "mobile"
    kind = "adder"

    [variants.both]                     # what differs; arguments are merged one by one
    [variants."no power"]
    arguments = { power = false }

``start`` and ``teacher`` name another variant: its trained model of the same seed.
"""

import dataclasses
import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from addersr.errors import AdderSRError
from addersr.training.config import TrainingConfig

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_KEYS = {"title", "question", "base", "extends", "seeds", "settings", "variants"}
_SHARED_KEYS = {"seeds", "settings"}
#: Settings that name the trained model of another variant.
REFERENCES = ("start", "teacher")
_FOLDERS = ("data", "validation")


@dataclass(frozen=True)
class Variant:
    """One row of a plan.

    Attributes:
        label: as the plan and the report call it.
        settings: of TrainingConfig, as the plan has them; without a seed.
        needs: the variants that REFERENCES name, by setting.
    """

    label: str
    settings: Mapping[str, Any]
    needs: Mapping[str, "Variant"]

    @property
    def digest(self) -> str:
        """Ten hexadecimal digits of all settings: equal ones of several plans are run once."""
        settings = dict(self.settings) | {key: need.digest for key, need in self.needs.items()}
        text = json.dumps(settings, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:10]

    @property
    def name(self) -> str:
        """Of the folder of its runs."""
        return f"{self.settings['architecture']}-{self.settings['kind']}-{self.digest}"

    @property
    def cost(self) -> int:
        """Steps of a run, with those of the runs that it needs."""
        own = self.settings.get("steps", TrainingConfig.steps)
        return int(own) + sum(need.cost for need in self.needs.values())

    def config(
        self, seed: int, data: Path, checkpoints: Mapping[str, Path] | None = None
    ) -> TrainingConfig:
        """The settings of one run.

        Args:
            seed: of weights and patches.
            data: the folder in which the plan's folders lie.
            checkpoints: the models of ``needs``, by setting.

        Raises:
            AdderSRError: a setting that does not exist, or with a value that it cannot have.
        """
        known = {field.name for field in dataclasses.fields(TrainingConfig)} - {"seed"}
        unknown = sorted({*self.settings, *self.needs} - known)
        if unknown:
            raise AdderSRError(
                f"There is no setting {', '.join(unknown)}; there are {', '.join(sorted(known))}."
            )
        values: dict[str, Any] = dict(self.settings) | dict(checkpoints or {})
        for key in _FOLDERS:
            if key in values:
                values[key] = data / values[key]
        try:
            return TrainingConfig(**values, seed=seed)
        except TypeError as error:  # a setting is missing, or text where a number belongs
            raise AdderSRError(f"The settings cannot be used: {error}.") from error


@dataclass(frozen=True)
class Plan:
    """A question, and the variants that answer it.

    Attributes:
        path: the file.
        title, question: of the report.
        base: the variant that the others are compared with.
        seeds: each variant is run with each.
        variants: in the order of the report; a variant comes after those that it needs.
    """

    path: Path
    title: str
    question: str
    base: Variant
    seeds: tuple[int, ...]
    variants: tuple[Variant, ...]

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.stem


def load_plan(path: Path) -> Plan:
    """The plan of a file, with every setting checked.

    Raises:
        AdderSRError: the file cannot be read, or something in it is missing, unknown or wrong.
    """
    content = _read(path, _KEYS)
    shared: dict[str, Any] = {}
    if "extends" in content:
        shared = _read(path.parent / content["extends"], _SHARED_KEYS)
    for key in ("title", "question", "base", "variants"):
        if key not in content:
            raise AdderSRError(f"The plan {path} has no {key}. Add it.")
    settings = _merge(shared.get("settings", {}), content.get("settings", {}))
    variants: dict[str, Variant] = {}
    for label, changes in content["variants"].items():
        variants[label] = _checked(path, label, _merge(settings, changes), variants)
    if content["base"] not in variants:
        raise AdderSRError(
            f"The base of {path} is {content['base']}, expected one of its variants: "
            f"{', '.join(variants)}."
        )
    seeds = content.get("seeds", shared.get("seeds", [0]))
    if not seeds or not all(isinstance(seed, int) and seed >= 0 for seed in seeds):
        raise AdderSRError(f"Expected seeds of {path} as a list of integers from 0, got {seeds}.")
    return Plan(
        path=path,
        title=content["title"],
        question=" ".join(content["question"].split()),
        base=variants[content["base"]],
        seeds=tuple(seeds),
        variants=tuple(variants.values()),
    )


def _read(path: Path, keys: set[str]) -> dict[str, Any]:
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise AdderSRError(f"The plan {path} cannot be read: {error}.") from error
    unknown = sorted(set(content) - keys)
    if unknown:
        raise AdderSRError(
            f"{path} has the unknown key {', '.join(unknown)}: expected {', '.join(sorted(keys))}."
        )
    return content


def _merge(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(settings) | dict(changes)
    arguments = settings.get("arguments", {}) | changes.get("arguments", {})
    return merged | ({"arguments": arguments} if arguments else {})


def _checked(
    path: Path, label: str, settings: dict[str, Any], others: Mapping[str, Variant]
) -> Variant:
    try:
        variant = _variant(label, settings, others)
        # What is wrong is said now, not when its turn comes hours later.
        variant.config(0, Path(), dict.fromkeys(variant.needs, Path())).create_model()
    except AdderSRError as error:
        raise AdderSRError(f"The variant {label} of {path}: {error}") from error
    return variant


def _variant(label: str, settings: dict[str, Any], others: Mapping[str, Variant]) -> Variant:
    if "validation" not in settings:
        raise AdderSRError("It has no validation, a folder of images to judge by. Add it.")
    needs = {}
    for key in REFERENCES:
        if key in settings:
            other = settings.pop(key)
            if other not in others:
                raise AdderSRError(
                    f"Expected {key} to name a variant that stands before it, got {other}."
                )
            needs[key] = others[other]
    return Variant(label, settings, needs)
