"""Runs that start from the weights of another checkpoint."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

import safetensors.torch

from addersr.errors import AdderSRError
from addersr.models import create
from addersr.models.checkpoint import read_metadata, save_model
from addersr.training import Trainer, TrainingConfig
from addersr.training.data import load_pairs
from addersr.training.start import initial_model


def checkpoint(path: Path, config: TrainingConfig, **changes: Any) -> Path:
    """A checkpoint of random weights, none of them as fresh weights are."""
    config = dataclasses.replace(config, **changes)
    torch.manual_seed(77)
    model = create(config.architecture, config.kind, config.scale, **config.arguments)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.1)
    save_model(
        path,
        model,
        architecture=config.architecture,
        arguments=config.arguments,
        training={},
        psnr={},
    )
    return path


def trainer(config: TrainingConfig, folder: Path) -> Trainer:
    return Trainer(config, folder, load_pairs(config.data, config.scale, smallest=8), [])


def test_model_and_average_start_from_the_checkpoint(
    config: TrainingConfig, tmp_path: Path
) -> None:
    start = checkpoint(tmp_path / "start.safetensors", config)
    config = dataclasses.replace(config, start=start, rate=1e-12, adder_rate=1e-12)
    run = trainer(config, tmp_path / "run")
    stored = safetensors.torch.load_file(start)
    assert run.fresh == ()
    for name, value in run.model.state_dict().items():
        assert torch.equal(value, stored[name])
    list(run.run())
    for name, value in safetensors.torch.load_file(run.checkpoint).items():
        torch.testing.assert_close(value, stored[name])  # the average is of these alone
    assert json.loads(read_metadata(run.checkpoint)["training"])["start"] == "start.safetensors"


@pytest.mark.parametrize("scale", [3, 4])
def test_another_scale_keeps_the_tail_fresh(
    config: TrainingConfig, tmp_path: Path, scale: int
) -> None:
    start = checkpoint(tmp_path / "start.safetensors", config)
    model, fresh = initial_model(dataclasses.replace(config, start=start, scale=scale))
    assert fresh == ("tail.weight", "tail.bias")
    assert not model.tail.weight.any()
    stored = safetensors.torch.load_file(start)
    for name, value in model.state_dict().items():
        assert name in fresh or torch.equal(value, stored[name])


def test_resuming_needs_no_start(config: TrainingConfig, tmp_path: Path) -> None:
    config = dataclasses.replace(config, start=checkpoint(tmp_path / "s.safetensors", config))
    run = trainer(config, tmp_path / "run")
    steps = run.run()
    for _ in range(3):
        next(steps)
    config.start.unlink()
    resumed = trainer(config, tmp_path / "run")
    assert resumed.step == 2
    list(resumed.run())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "cnn"}, "has kind adder, the run cnn"),
        ({"arguments": {"channels": 16, "blocks": 1}}, "has channels 8, the run 16"),
        ({"arguments": {"channels": 8, "blocks": 2}}, "has blocks 1, the run 2"),
        (
            {"arguments": {"channels": 8, "blocks": 1, "norm": "batch"}},
            "has norm centred, the run batch",
        ),
    ],
)
def test_other_models_are_refused(
    config: TrainingConfig, tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    start = checkpoint(tmp_path / "start.safetensors", config)
    with pytest.raises(AdderSRError, match=sentence):
        initial_model(dataclasses.replace(config, start=start, **change))


@pytest.mark.parametrize("damage", ["missing", "unknown", "shape"])
def test_tensors_that_do_not_fit(config: TrainingConfig, tmp_path: Path, damage: str) -> None:
    start = checkpoint(tmp_path / "start.safetensors", config)
    tensors, metadata = safetensors.torch.load_file(start), read_metadata(start)
    if damage == "missing":
        del tensors["head.bias"]
    elif damage == "unknown":
        tensors["neck"] = torch.zeros(1)
    else:
        tensors["head.bias"] = torch.zeros(3)
    safetensors.torch.save_file(tensors, start, metadata)
    name = "neck" if damage == "unknown" else "head.bias"
    with pytest.raises(AdderSRError, match=f"does not fit its own description: {name}"):
        initial_model(dataclasses.replace(config, start=start))
