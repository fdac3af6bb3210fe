"""C and C++ projects that are built against the embedding library of the installed package."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import addersr.runtime

from ..custom_ops.aarch64 import ROOT, cmake
from .consumers.package import need, run


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    # Tests may run in several processes.
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(source: Path, name: str, *options: str, folder: str = "") -> Path:
    """The program ``name`` of the CMake project ``source``, built below ``build``.

    Skips the test where a package that the project requires is missing.
    """
    need("g++", "g++")
    place = ROOT / "build" / "programs" / f"{name}{folder}"
    package = f"-DAdderSR_DIR={addersr.runtime.cmake_dir()}"
    with _locked(place):
        command = [cmake(), "-S", source, "-B", place, package, *options]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        words = result.stdout + result.stderr
        missing = [line for line in words.splitlines() if "is not built: it needs" in line]
        if missing:
            pytest.skip(missing[0])
        assert result.returncode == 0, words
        run(cmake(), "--build", place, "--parallel", str(os.cpu_count() or 1))
    return place / name
