"""addersr.hpp, compiled with all warnings by the compilers that are there."""

import shutil
from importlib.metadata import version
from pathlib import Path

import pytest

from ..consumers.package import run
from ..consumers.picture import onnxruntime_library
from ..enlargement import MODEL
from ..installed_package import build


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_the_wrapper(compiler: str) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler} on this machine")
    runtime = onnxruntime_library()
    program = build(
        Path(__file__).parent, "wrapper", f"-DCMAKE_CXX_COMPILER={compiler}", folder=compiler
    )
    assert run(program, MODEL, runtime).strip() == version("addersr")
