"""The demo runs through and leaves what it promises."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra 'export'")
pytest.importorskip("skimage", reason="needs the extra 'train'")


def run(output: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "addersr.cli.demo", "--output", str(output)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_demo(tmp_path: Path) -> None:
    output = tmp_path / "out"
    result = run(output)
    assert result.returncode == 0, result.stdout + result.stderr
    assert {path.name for path in output.iterdir()} == {
        "CREDITS.txt",
        "before_after.png",
        "bench.json",
        "chelsea.png",
        "chelsea_x2.png",
        "tiny-x2-adder.onnx",
    }
    for expected in ("fast path", "onnxruntime alone", "tiny-x2-cnn", "CC0", "Next:"):
        assert expected in result.stdout


def test_output_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run(tmp_path / "file")
    assert result.returncode == 1
    assert "it is a file" in result.stderr
    assert "Traceback" not in result.stderr
