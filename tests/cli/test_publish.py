"""Publishing a checkpoint into a zoo."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'export'")
pytest.importorskip("onnx", reason="needs the extra 'export'")
pytest.importorskip("skimage", reason="needs the extra 'train'")

from addersr.models import create
from addersr.models.checkpoint import load_model, read_metadata, save_model
from addersr.runtime.images import write_image
from addersr.runtime.upscaler import Upscaler


def publish(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "addersr.cli.publish", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "model.safetensors"
    arguments = {"channels": 8, "blocks": 1}
    model = create("mobile", "adder", 2, **arguments)
    torch.nn.init.normal_(model.tail.weight, std=0.01)
    save_model(
        path,
        model,
        architecture="mobile",
        arguments=arguments,
        training={"step": 3},
        psnr={"validation": 30.0},
    )
    return path


@pytest.fixture
def benchmark(tmp_path: Path) -> Path:
    folder = tmp_path / "SetX"
    folder.mkdir()
    image = np.random.default_rng(0).integers(0, 255, (32, 40, 3), dtype=np.uint8)
    write_image(folder / "one.png", image)
    return folder


def test_publish(checkpoint: Path, benchmark: Path, tmp_path: Path) -> None:
    zoo = tmp_path / "zoo"
    zoo.mkdir()
    (zoo / "index.json").write_text('{"models": [], "default": {}}')
    for twin in ("other", "twin"):  # the second time replaces the first
        result = publish(
            "new", checkpoint, "--zoo", zoo, "--benchmark", benchmark, "--twin", twin
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
    index = json.loads((zoo / "index.json").read_text())
    (entry,) = index["models"]
    assert index["default"] == {"2": "new"}
    assert (entry["kind"], entry["scale"], entry["twin"]) == ("adder", 2, "twin")
    assert entry["psnr"]["SetX"] > 0
    stored = zoo / entry["checkpoint"]
    assert json.loads(read_metadata(stored)["psnr"]) == entry["psnr"]
    assert json.loads(read_metadata(stored)["training"]) == {"step": 3}
    assert torch.equal(load_model(stored).head.weight, load_model(checkpoint).head.weight)
    assert Upscaler(zoo / entry["onnx"]).upscale(np.zeros((5, 6), np.uint8)).shape == (10, 12)


def test_nothing_is_filed_when_the_benchmark_is_missing(checkpoint: Path, tmp_path: Path) -> None:
    zoo = tmp_path / "zoo"
    zoo.mkdir()
    result = publish("new", checkpoint, "--zoo", zoo, "--benchmark", tmp_path / "none")
    assert result.returncode == 1
    assert str(tmp_path / "none") in result.stderr
    assert list(zoo.iterdir()) == []
