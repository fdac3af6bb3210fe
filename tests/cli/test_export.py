"""The command ``addersr export``."""

import json
import sys
from pathlib import Path
from typing import Any

import onnx
import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch", reason="needs the extra 'export'")
pytest.importorskip("onnxscript", reason="needs the extra 'export'")

import safetensors.torch

from addersr import zoo
from addersr.cli.app import app
from addersr.export import verified_export
from addersr.models import create
from addersr.models.checkpoint import FORMAT, save_model
from addersr.runtime.upscaler import Upscaler

ARGUMENTS = {"channels": 16, "blocks": 4}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of the size that ships, with untrained weights."""
    path = tmp_path_factory.mktemp("checkpoint") / "model.safetensors"
    torch.manual_seed(1)
    model = create("mobile", "adder", 2, **ARGUMENTS)
    with torch.no_grad():
        for parameter in model.parameters():  # a fresh tail is zero and hides what comes before
            parameter.add_(0.05 * torch.randn_like(parameter))
    save_model(path, model, architecture="mobile", arguments=ARGUMENTS, training={}, psnr={})
    return path


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, ["export", *map(str, arguments)])


def assert_refused(result: Any, folder: Path, *words: str) -> None:
    """One sentence, no traceback, and no file left."""
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    for word in words:
        assert word in result.stderr
    assert list(folder.glob("*.onnx")) == []
    assert list(folder.glob(".*")) == []


@pytest.fixture(scope="module")
def exported(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The file that the command made of the checkpoint, and its JSON."""
    output = tmp_path_factory.mktemp("exported") / "model.onnx"
    result = run(checkpoint, "-o", output, "--json")
    assert result.exit_code == 0, result.stderr
    return output, json.loads(result.stdout)


def test_exports_verifies_and_reports(exported: tuple[Path, Any]) -> None:
    output, report = exported
    assert report["output"] == str(output)
    assert report["bytes"] == output.stat().st_size < 60_000
    assert report["verification"]["passed"] is True
    assert len(report["verification"]["comparisons"]) == 4
    assert Upscaler(output).scale == 2


def test_wrong_export_is_not_written(
    checkpoint: Path,
    exported: tuple[Path, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proto = onnx.load(str(exported[0]))
    (tensor,) = (t for t in proto.graph.initializer if t.name == "blocks.2.adder.weight")
    values = onnx.numpy_helper.to_array(tensor).copy()
    values[3, 1, 1, 1] *= -1
    tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    monkeypatch.setattr(verified_export, "export_onnx", lambda *_, **__: proto)

    result = run(checkpoint, "-o", tmp_path / "model.onnx")
    assert "FAILED" in result.stdout
    assert_refused(result, tmp_path, "blocks.2.adder.weight", "was not written")


def test_unknown_name(tmp_path: Path) -> None:
    result = run("no-such-model", "-o", tmp_path / "model.onnx")
    assert_refused(result, tmp_path, "no-such-model", *(entry.name for entry in zoo.entries()))


def test_missing_file(tmp_path: Path) -> None:
    result = run(tmp_path / "missing.safetensors", "-o", tmp_path / "model.onnx")
    assert_refused(result, tmp_path, "There is no checkpoint", "missing.safetensors")


@pytest.mark.parametrize("content", [b"", b"no tensors here, only text", b"\xff" * 64])
def test_file_that_is_no_checkpoint(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(content)
    result = run(path, "-o", tmp_path / "model.onnx")
    assert_refused(result, tmp_path, "bad.safetensors", "is not a .safetensors file")


def test_cut_checkpoint(checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.safetensors"
    path.write_bytes(checkpoint.read_bytes()[:-1000])
    result = run(path, "-o", tmp_path / "model.onnx")
    assert_refused(result, tmp_path, "cut.safetensors")


def test_unknown_architecture(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    metadata = {
        "format": FORMAT,
        "architecture": "of-tomorrow",
        "arguments": "{}",
        "kind": "adder",
        "scale": "2",
        "colour": "y",
    }
    path.write_bytes(safetensors.torch.save({"weight": torch.zeros(1)}, metadata))
    result = run(path, "-o", tmp_path / "model.onnx")
    assert_refused(result, tmp_path, "of-tomorrow", "mobile")


def test_foreign_safetensors(tmp_path: Path) -> None:
    path = tmp_path / "foreign.safetensors"
    path.write_bytes(safetensors.torch.save({"weight": torch.zeros(1)}))
    result = run(path, "-o", tmp_path / "model.onnx")
    assert_refused(result, tmp_path, "not a checkpoint")


def test_output_in_a_missing_folder(checkpoint: Path, tmp_path: Path) -> None:
    result = run(checkpoint, "-o", tmp_path / "missing" / "model.onnx")
    assert_refused(result, tmp_path, "does not exist")


def test_output_that_is_a_folder(checkpoint: Path, tmp_path: Path) -> None:
    result = run(checkpoint, "-o", tmp_path)
    assert_refused(result, tmp_path, "it is a folder")


def test_output_that_is_the_checkpoint(checkpoint: Path, tmp_path: Path) -> None:
    before = checkpoint.read_bytes()
    result = run(checkpoint, "-o", checkpoint)
    assert_refused(result, tmp_path, "is the checkpoint itself")
    assert checkpoint.read_bytes() == before


def test_without_torch(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [name for name in sys.modules if name.startswith("addersr.export")]:
        monkeypatch.delitem(sys.modules, name)
    result = run(checkpoint, "-o", tmp_path / "model.onnx")
    assert_refused(result, tmp_path, "torch", "pip install 'addersr[export]'")
