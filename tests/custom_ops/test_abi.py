"""Our declaration of onnxruntime's C ABI against the official header, where one is found."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ABI = ROOT / "custom_ops" / "onnxruntime" / "abi.h"
SESSION_ABI = ABI.with_name("session_abi.h")
FETCH = "tests/custom_ops/fetch_onnxruntime_header.sh"


@pytest.fixture(scope="module")
def official() -> Path:
    """The folder that holds the official header."""
    given = os.environ.get("ADDERSR_ONNXRUNTIME_INCLUDE")
    candidates = [
        *([Path(given)] if given else []),
        Path("/usr/include/onnxruntime"),
        ROOT / "build" / "onnxruntime-headers" / "usr" / "include" / "onnxruntime",
    ]
    for folder in candidates:
        if (folder / "onnxruntime_c_api.h").is_file():
            return folder
        assert str(folder) != given, f"ADDERSR_ONNXRUNTIME_INCLUDE={given} holds no header"
    pytest.skip(f"no official onnxruntime header on this machine; {FETCH} fetches one")


def compile_check(official: Path, *first: Path) -> "subprocess.CompletedProcess[str]":
    """Compile the static assertions; `first` are include folders that come before ours."""
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    if compiler is None:
        pytest.skip("no C++ compiler on this machine")
    includes = [f"-I{folder}" for folder in (*first, ROOT)] + ["-isystem", str(official)]
    # The header's attributes (non-null arguments) are no part of the ABI.
    flags = ["-std=c++17", "-fsyntax-only", "-Wno-ignored-attributes"]
    check = Path(__file__).with_name("abi_check.cc")
    return subprocess.run(
        [compiler, *flags, *includes, str(check)], capture_output=True, text=True, check=False
    )


def test_slots_types_layouts_and_constants_agree(official: Path) -> None:
    result = compile_check(official)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("X(274, 17, KernelContext_ParallelFor", "X(275, 17, KernelContext_ParallelFor", "slot of"),
        ("size_t total, size_t batches, void* data", "size_t total, void* data", "type of"),
        ("uint32_t version;\n  void*", "uint32_t version;\n  void* more;\n  void*", "GetName"),
        ("ORT_INVALID_ARGUMENT = 2", "ORT_INVALID_ARGUMENT = 3", "ORT_INVALID_ARGUMENT"),
    ],
)
def test_the_check_notices_a_difference(
    official: Path, tmp_path: Path, right: str, wrong: str, complaint: str
) -> None:
    text = ABI.read_text()
    assert text.count(right) == 1
    changed = tmp_path / "custom_ops" / "onnxruntime" / "abi.h"
    changed.parent.mkdir(parents=True)
    changed.write_text(text.replace(right, wrong))
    result = compile_check(official, tmp_path)
    assert result.returncode != 0
    assert complaint in result.stderr


def test_no_entry_is_newer_than_the_api_version(official: Path) -> None:
    """The header documents the first version of every entry since 1.11; ours must agree."""
    header = (official / "onnxruntime_c_api.h").read_text()
    text = ABI.read_text() + SESSION_ABI.read_text()
    entries = re.findall(r"^  X\((\d+), (\d+), (\w+)", text, re.MULTILINE)
    assert len(entries) > 60
    documented = 0
    for _, since, name in entries:
        comment = re.search(rf"/\*\*((?:(?!\*/).)*)\*/\s*ORT_API2_STATUS\({name},", header, re.S)
        version = comment and re.search(r"\\since Version 1\.(\d+)", comment[1])
        if version:
            documented += 1
            assert since == version[1], name
    assert documented >= 8
