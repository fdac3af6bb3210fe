"""Where the embedding library lies in this installation, for programs in C and C++ that use it."""

from importlib import resources
from pathlib import Path

from addersr.errors import AdderSRError


def include_dir() -> Path:
    """The absolute path of the folder with ``addersr.h``.

    Raises:
        AdderSRError: the package was installed without it.
    """
    return _installed("include/addersr.h").parent


def library_path() -> Path:
    """The absolute path of the embedding library.

    Raises:
        AdderSRError: the package was installed without it.
    """
    return _installed("lib/libaddersr.so.1")


def cmake_dir() -> Path:
    """The absolute path of the CMake package, to be handed to CMake as ``AdderSR_DIR``.

    Raises:
        AdderSRError: the package was installed without it.
    """
    return _installed("lib/cmake/AdderSR/AdderSRConfig.cmake").parent


def _installed(name: str) -> Path:
    path = Path(str(resources.files("addersr.runtime") / name))
    if not path.is_file():
        raise AdderSRError(
            f"The file {path} is missing. Reinstall addersr: pip install --force-reinstall "
            "addersr, or pip install . in a checkout."
        )
    return path.absolute()
