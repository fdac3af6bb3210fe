"""Finding, asking and registering the op library; forcing an instruction set."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

import addersr
from addersr import custom_ops
from addersr.custom_ops import library
from addersr.errors import AdderSRError

# Runs the model at argv[1] once and prints what the library says before and after, or the error.
ONE_RUN = """
import dataclasses, json, sys
import numpy as np, onnxruntime
from addersr import custom_ops

before = custom_ops.library_info()
options = onnxruntime.SessionOptions()
options.log_severity_level = 4
custom_ops.register(options)
error = ""
try:
    session = onnxruntime.InferenceSession(sys.argv[1], options)
    session.run(None, {"X": np.ones((1, 4, 8, 8), np.float32)})
except Exception as failure:
    error = str(failure)
after = custom_ops.library_info()
print(json.dumps([dataclasses.asdict(before), dataclasses.asdict(after), error]))
"""


def one_run(model: bytes, folder: Path, forced: str | None) -> tuple[Any, Any, str]:
    """What the library said before and after a run in a fresh process, and the run's error."""
    path = folder / "model.onnx"
    path.write_bytes(model)
    environment = {k: v for k, v in os.environ.items() if k != "ADDERSR_FORCE_ISA"}
    if forced is not None:
        environment["ADDERSR_FORCE_ISA"] = forced
    command = [sys.executable, "-c", ONE_RUN, str(path)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    before, after, error = json.loads(result.stdout)
    return before, after, error


def kernels_called(before: Any, after: Any) -> set[str]:
    return {name for name, calls in after["calls"].items() if calls > before["calls"][name]}


def test_info_describes_the_library() -> None:
    info = custom_ops.library_info()
    assert info.version == addersr.__version__
    assert info.op_version == custom_ops.VERSION
    assert set(info.available_isas) <= set(info.known_isas)
    assert "portable" in info.available_isas
    assert info.kernel in info.calls or info.error


def test_path_is_an_absolute_file() -> None:
    path = custom_ops.library_path()
    assert path.is_absolute()
    assert path.is_file()


def test_a_missing_library_says_how_to_reinstall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "_FILE_NAME", "libnothing.so")
    with pytest.raises(AdderSRError, match=r"libnothing\.so is missing\. Reinstall addersr"):
        custom_ops.library_path()


def test_a_file_that_is_no_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "text.so"
    path.write_text("no library")
    monkeypatch.setattr(library, "library_path", lambda: path)
    with pytest.raises(AdderSRError, match="cannot be loaded"):
        custom_ops.library_info()
    with pytest.raises(AdderSRError, match="cannot use the op library"):
        custom_ops.register(onnxruntime.SessionOptions())


def test_a_fast_instruction_set_runs_by_default(plain_model: bytes, tmp_path: Path) -> None:
    before, after, error = one_run(plain_model, tmp_path, None)
    assert error == ""
    # Which one is measured at run time; but where 8 floats fit a register, 4 never win.
    assert after["isa"] in after["available_isas"]
    if "avx2" in after["available_isas"]:
        assert after["isa"] in ("avx512", "avx2")
    assert kernels_called(before, after) == {after["kernel"]}


@pytest.mark.parametrize("isa", custom_ops.library_info().known_isas)
def test_a_forced_instruction_set_runs(plain_model: bytes, tmp_path: Path, isa: str) -> None:
    if isa not in custom_ops.library_info().available_isas:
        pytest.skip(f"this CPU has no {isa}")
    before, after, error = one_run(plain_model, tmp_path, isa)
    assert error == ""
    assert after["isa"] == isa
    # The counters sit inside the kernels: they, not a name, prove what ran.
    assert kernels_called(before, after) == {after["kernel"]}
    assert after["kernel"].startswith(isa)


@pytest.mark.parametrize("forced", ["nonsense", 'a "quoted" back\\slash', "tab\tand é"])
def test_an_unknown_instruction_set_fails_with_a_sentence(
    plain_model: bytes, tmp_path: Path, forced: str
) -> None:
    before, after, error = one_run(plain_model, tmp_path, forced)
    assert after["isa"] == after["kernel"] == ""
    assert forced in after["error"]
    assert "portable" in after["error"]  # what could be forced instead
    assert after["error"] in error
    assert "'the node'" in error
    assert kernels_called(before, after) == set()


def test_registering_twice_does_nothing(plain_model: bytes) -> None:
    options = onnxruntime.SessionOptions()
    custom_ops.register(options)
    custom_ops.register(options)
    options.register_custom_ops_library(str(custom_ops.library_path()))
    x = {"X": np.ones((1, 4, 5, 6), np.float32)}
    for _ in range(2):
        session = onnxruntime.InferenceSession(plain_model, options)
        assert session.run(None, x)[0].shape == (1, 4, 5, 6)


def test_sessions_outlive_their_options(plain_model: bytes) -> None:
    sessions = []
    for _ in range(3):
        options = onnxruntime.SessionOptions()
        custom_ops.register(options)
        sessions.append(onnxruntime.InferenceSession(plain_model, options))
        del options
    x = {"X": np.ones((1, 4, 5, 6), np.float32)}
    first, *others = (session.run(None, x)[0] for session in sessions)
    for other in others:
        np.testing.assert_array_equal(first, other)
