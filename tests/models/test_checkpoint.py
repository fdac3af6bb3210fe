"""Checkpoints keep a model and refuse what is none."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

import safetensors.torch

from addersr.errors import AdderSRError
from addersr.models import create
from addersr.models.checkpoint import load_model, read_metadata, save_model


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    model = create("mobile", "adder", 3, channels=8, blocks=1)
    save_model(
        path,
        model,
        architecture="mobile",
        arguments={"channels": 8, "blocks": 1},
        training={"steps": 1},
        psnr={"Set5": 30.0},
    )
    return path


@pytest.mark.parametrize("kind", ["adder", "cnn"])
@pytest.mark.parametrize("norm", ["centred", "batch"])
def test_round_trip(tmp_path: Path, kind: str, norm: str) -> None:
    path = tmp_path / "model.safetensors"
    arguments = {"channels": 8, "blocks": 2, "norm": norm}
    torch.manual_seed(5)
    model = create("mobile", kind, 2, **arguments)
    model(torch.rand(2, 1, 8, 8))  # moves batch-norm statistics
    save_model(path, model, architecture="mobile", arguments=arguments, training={}, psnr={})
    loaded = load_model(path)
    x = torch.rand(1, 1, 6, 7)
    assert torch.equal(loaded(x), model.eval()(x))
    assert not loaded.training
    assert not any(p.requires_grad for p in loaded.parameters())


def test_metadata(saved: Path) -> None:
    assert read_metadata(saved) == {
        "format": "addersr-checkpoint-1",
        "architecture": "mobile",
        "arguments": '{"blocks": 1, "channels": 8}',
        "kind": "adder",
        "scale": "3",
        "colour": "y",
        "training": '{"steps": 1}',
        "psnr": '{"Set5": 30.0}',
    }


def _with_metadata(path: Path, **changes: str) -> None:
    metadata = read_metadata(path) | changes
    path.write_bytes(safetensors.torch.save(safetensors.torch.load_file(path), metadata))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(AdderSRError, match="There is no checkpoint"):
        load_model(tmp_path / "none.safetensors")


@pytest.mark.parametrize("content", [b"", b"not a checkpoint at all", b"\xff" * 64])
def test_other_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(AdderSRError, match=r"is not a \.safetensors file"):
        load_model(path)


def test_truncated_file(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-100])
    with pytest.raises(AdderSRError, match=r"is not a \.safetensors file"):
        load_model(saved)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "addersr-checkpoint-9"}, "not a checkpoint of this version"),
        ({"architecture": "unknown"}, "no architecture 'unknown'"),
        ({"arguments": "{"}, "does not describe its model"),
        ({"arguments": "[1]"}, "does not describe its model"),
        ({"arguments": '{"channels": 16, "blocks": 1}'}, "does not describe its model"),
        ({"arguments": '{"channels": 8, "blocks": 1, "norm": "batch"}'}, "does not describe"),
        ({"scale": "two"}, "does not describe its model"),
        ({"kind": "gan"}, "kind to be one of"),
    ],
)
def test_wrong_metadata(saved: Path, changes: dict[str, str], message: str) -> None:
    _with_metadata(saved, **changes)
    with pytest.raises(AdderSRError, match=message):
        load_model(saved)
