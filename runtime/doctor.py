"""Says what is installed and whether the fast path is really used."""

import os
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from addersr import custom_ops, zoo
from addersr.custom_ops.library import FORCE_VARIABLE
from addersr.errors import AdderSRError
from addersr.runtime import machine
from addersr.runtime.installed import library_path
from addersr.runtime.session import import_onnxruntime
from addersr.runtime.upscaler import Upscaler


@dataclass(frozen=True)
class Diagnosis:
    """What :func:`diagnose` found; ``problems`` is empty when all is well."""

    version: str
    onnxruntime: str | None
    library: str | None
    """Path of the operator library; None when it is missing."""
    embedding_library: str | None
    """Path of the library that enlarges images; None when it is missing."""
    isa: str | None
    """Instruction set that new sessions use."""
    available_isas: tuple[str, ...]
    """Those that this processor can run, best first."""
    known_isas: tuple[str, ...]
    """Those that the library was built for, best first."""
    forced_isa: str | None
    """The value of ADDERSR_FORCE_ISA."""
    kernel: str | None
    """The kernel that ran in the trial."""
    fast_path: bool
    """A model was run, and our kernel's call counter rose."""
    model: str | None
    """The model of the trial."""
    cpu: str
    cores: int
    python: str
    problems: tuple[str, ...]
    """One sentence each."""

    def to_json(self) -> dict[str, Any]:
        """All fields by name."""
        return asdict(self)


def diagnose(model: str | None = None) -> Diagnosis:
    """Look at the installation and run a model on a tiny image.

    Args:
        model: a name of the zoo or an ONNX file; by default the zoo's model for scale 2.

    Returns:
        Never raises for what is broken: that is in ``problems``.
    """
    problems: list[str] = []
    runtime = _onnxruntime_version(problems)
    info = _library_info(problems)
    embedding = _embedding_library(problems)
    name = model if model is not None else _default_model(problems)
    upscaler = None
    if runtime is not None and name is not None and not (info is not None and info.error):
        try:
            upscaler = Upscaler(name)
        except AdderSRError as error:
            problems.append(str(error))
    if upscaler is not None and upscaler.fast_path is None:
        problems.append(f"The model {name} has no adder operators: try one that has.")
    elif upscaler is not None and upscaler.fast_path is False and embedding is not None:
        problems.append(f"The fast path is not used: {upscaler.slow_reason}.")
    return Diagnosis(
        version=version("addersr"),
        onnxruntime=runtime,
        library=None if info is None else str(custom_ops.library_path()),
        embedding_library=embedding,
        isa=None if info is None else info.isa or None,
        available_isas=() if info is None else info.available_isas,
        known_isas=() if info is None else info.known_isas,
        forced_isa=os.environ.get(FORCE_VARIABLE) or None,
        kernel=None if upscaler is None else upscaler.kernel,
        fast_path=upscaler is not None and upscaler.fast_path is True,
        model=name,
        cpu=machine.cpu_model(),
        cores=machine.cores(),
        python=platform.python_version(),
        problems=tuple(problems),
    )


def _onnxruntime_version(problems: list[str]) -> str | None:
    try:
        return str(import_onnxruntime().__version__)
    except ImportError as error:
        problems.append(f"onnxruntime cannot be imported ({error}): pip install onnxruntime.")
        return None


def _library_info(problems: list[str]) -> custom_ops.LibraryInfo | None:
    try:
        info = custom_ops.library_info()
    except AdderSRError as error:
        problems.append(str(error))
        return None
    if info.error:
        problems.append(info.error)
    return info


def _embedding_library(problems: list[str]) -> str | None:
    try:
        return str(library_path())
    except AdderSRError as error:
        problems.append(str(error))
        return None


def _default_model(problems: list[str]) -> str | None:
    try:
        return zoo.default_for(2).name
    except AdderSRError as error:
        problems.append(str(error))
        return None
