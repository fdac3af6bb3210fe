"""Finds the op library, asks it about itself, and registers it with onnxruntime."""

import ctypes
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from addersr.errors import AdderSRError

if TYPE_CHECKING:
    import onnxruntime

#: The environment variable that forces an instruction set or a kernel on a process.
FORCE_VARIABLE = "ADDERSR_FORCE_ISA"

_FILE_NAME = "libaddersr_ops.so"


@dataclass(frozen=True)
class LibraryInfo:
    """What the op library says about itself at the moment of the question."""

    #: Version of the package that the library was built with.
    version: str
    #: Version of the domain ``ai.addersr`` that it implements.
    op_version: int
    #: Instruction set that AdderConv will use in new sessions; empty when ``error`` is not.
    isa: str
    #: Kernel that AdderConv will use in new sessions; empty when ``error`` is not.
    kernel: str
    #: Kernel that new sessions will use for 32 channels, 3x3, by op and type: shapes may differ in
    #: which is fastest. Empty when ``error`` is not.
    kernels: dict[str, str]
    #: Instruction sets that this CPU can run, best first.
    available_isas: tuple[str, ...]
    #: Instruction sets that the library was built for, best first.
    known_isas: tuple[str, ...]
    #: Why new sessions will fail: ``ADDERSR_FORCE_ISA`` cannot be served. Usually empty.
    error: str
    #: Calls of every kernel in this process so far, counted inside the kernels.
    calls: dict[str, int]


def library_path() -> Path:
    """The absolute path of the op library, for ``SessionOptions.register_custom_ops_library``.

    Raises:
        AdderSRError: the package was installed without its library.
    """
    path = Path(str(resources.files("addersr.custom_ops") / "lib" / _FILE_NAME))
    if not path.is_file():
        raise AdderSRError(
            f"The op library {path} is missing. Reinstall addersr: pip install --force-reinstall "
            "addersr, or pip install . in a checkout."
        )
    return path.absolute()


def library_info() -> LibraryInfo:
    """Load the op library and ask it about itself.

    Raises:
        AdderSRError: the library is missing, cannot be loaded, or is none of ours.
    """
    path = library_path()
    try:
        ask = ctypes.CDLL(str(path)).AddersrInfo
    except (OSError, AttributeError) as error:
        raise AdderSRError(
            f"The op library {path} cannot be loaded ({error}). Reinstall addersr."
        ) from error
    ask.argtypes = []
    ask.restype = ctypes.c_char_p
    answer: bytes | None = ask()
    if answer is None:
        raise AdderSRError("The op library ran out of memory. Close other programs and try again.")
    fields: dict[str, Any] = json.loads(answer.decode(errors="replace"))
    fields["available_isas"] = tuple(fields["available_isas"])
    fields["known_isas"] = tuple(fields["known_isas"])
    return LibraryInfo(**fields)


def register(session_options: "onnxruntime.SessionOptions") -> None:
    """Let sessions made from ``session_options`` run our ops on our kernels.

    Registering the same options again does nothing: the library itself sees to it.

    Raises:
        AdderSRError: the library is missing, or onnxruntime refuses it (older than 1.18).
    """
    path = library_path()
    try:
        session_options.register_custom_ops_library(str(path))
    except Exception as error:  # onnxruntime's exception classes have no common base
        raise AdderSRError(f"onnxruntime cannot use the op library {path}: {error}") from error
