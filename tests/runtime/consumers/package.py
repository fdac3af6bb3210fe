"""The embedding library as others see it: built, installed below a prefix, used by a program."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ...custom_ops.aarch64 import BUILD as ARM_BUILD
from ...custom_ops.aarch64 import ROOT, cmake

FOLDER = Path(__file__).parent
#: Shared with the kernels' tests in C++, which compile most of the same files.
NATIVE_BUILD = ROOT / "build" / "cpp" / "native"
TOOLCHAIN = f"--toolchain={ROOT / 'cmake' / 'aarch64-linux-gnu.cmake'}"


def run(*command: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """What a program that must end well prints."""
    result = subprocess.run(
        command,
        env={**os.environ, **(env or {})},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def need(tool: str, package: str) -> None:
    """Skip the test where a program is missing; ``package`` is Debian's name of what has it."""
    if shutil.which(tool) is None:
        pytest.skip(f"no {tool} on this machine; on Debian: apt-get install {package}")


def install(build: Path, prefix: Path) -> Path:
    """Build and install both components, and move them: nothing may remember the first prefix."""
    first = prefix.with_name(prefix.name + "-first")
    jobs = str(os.cpu_count() or 1)
    targets = ("addersr", "addersr_static")
    run(cmake(), "--build", build, "--parallel", jobs, "--target", *targets)
    for component in ("addersr_runtime", "addersr_development"):
        run(cmake(), "--install", build, "--prefix", first, "--component", component)
    return first.rename(prefix)


def native_package(prefix: Path) -> Path:
    """The package for this machine."""
    need("g++", "g++")
    # Its other options stay as the tests in C++ set them.
    run(cmake(), "-S", ROOT, "-B", NATIVE_BUILD)
    return install(NATIVE_BUILD, prefix)


def arm_package(prefix: Path) -> Path:
    """The package for 64-bit Arm, from a build that other tests share, too."""
    run(cmake(), "-S", ROOT, "-B", ARM_BUILD, TOOLCHAIN)
    return install(ARM_BUILD, prefix)


def consumer(name: str, build: Path, *options: str) -> Path:
    """The program of the CMake project ``name``, built in the folder ``build``."""
    run(cmake(), "-S", FOLDER / name, "-B", build, *options)
    run(cmake(), "--build", build, "--parallel", str(os.cpu_count() or 1))
    return build / "consumer"


def configures(project: str, build: Path, options: Sequence[str]) -> tuple[bool, str]:
    """Whether CMake accepts a project that is given as text, and what it said."""
    build.mkdir()
    text = f"cmake_minimum_required(VERSION 3.20)\nproject(consumer LANGUAGES CXX)\n{project}\n"
    (build / "CMakeLists.txt").write_text(text)
    command = [cmake(), "-S", build, "-B", build / "build", *options]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.returncode == 0, result.stdout + result.stderr
