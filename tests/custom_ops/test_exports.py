"""The op library shows two functions and needs nothing but the C library."""

import re
import shutil
import subprocess

import pytest

from addersr.custom_ops import library_path


def read(tool: str, *arguments: str) -> str:
    if shutil.which(tool) is None:
        pytest.skip(f"no {tool} on this machine")
    command = [tool, *arguments, str(library_path())]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_exports_two_functions() -> None:
    names = {line.split()[-1] for line in read("nm", "-D", "--defined-only").splitlines()}
    assert names == {"RegisterCustomOps", "AddersrInfo"}


def test_needs_neither_onnxruntime_nor_a_cpp_library() -> None:
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", read("readelf", "-d", "-W"))
    assert needed
    assert all(re.match(r"(libc|libm|ld-linux.*)\.so", name) for name in needed), needed
