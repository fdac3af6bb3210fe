"""Learning from the output of another model."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from addersr.errors import AdderSRError
from addersr.models import create
from addersr.models.checkpoint import load_model, read_metadata, save_model
from addersr.training import Trainer, TrainingConfig
from addersr.training.data import load_pairs
from addersr.training.distillation import Teacher


def checkpoint(path: Path, architecture: str, kind: str, scale: int = 2, **arguments: Any) -> Path:
    torch.manual_seed(5)
    model = create(architecture, kind, scale, **arguments)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    save_model(path, model, architecture=architecture, arguments=arguments, training={}, psnr={})
    return path


def trainer(config: TrainingConfig, folder: Path) -> Trainer:
    pairs = load_pairs(config.data, config.scale, smallest=config.patch)
    return Trainer(config, folder, pairs, [])


@pytest.mark.parametrize(
    ("architecture", "kind", "arguments"),
    [
        ("mobile", "cnn", {"channels": 16, "blocks": 1}),
        ("vdsr", "adder", {"channels": 6, "depth": 4}),
    ],
)
def test_the_loss_is_shared(
    config: TrainingConfig, tmp_path: Path, architecture: str, kind: str, arguments: dict[str, int]
) -> None:
    path = checkpoint(tmp_path / "teacher.safetensors", architecture, kind, **arguments)
    config = dataclasses.replace(config, teacher=path, teacher_weight=0.25, steps=1)
    run = trainer(config, tmp_path / "run")
    lr, hr = run._sampler.sample(0)
    with torch.no_grad():
        output, taught = run.model(lr), load_model(path)(lr)
    (progress,) = run.run()
    expected = 0.75 * (output - hr).abs().mean() + 0.25 * (output - taught).abs().mean()
    assert progress.loss == pytest.approx(float(expected), rel=1e-5)
    training = json.loads(read_metadata(run.checkpoint)["training"])
    assert training["teacher"].startswith("teacher.safetensors (")
    assert training["teacher"].endswith(f", {kind})")


def test_a_student_of_nothing_but_its_teacher_becomes_like_it(
    config: TrainingConfig, tmp_path: Path
) -> None:
    path = checkpoint(tmp_path / "teacher.safetensors", "mobile", "adder", **config.arguments)
    config = dataclasses.replace(
        config, teacher=path, teacher_weight=1.0, start=path, rate=1e-9, adder_rate=1e-9
    )
    (first, *_) = trainer(config, tmp_path / "run").run()
    assert first.loss < 1e-6


def test_the_teacher_is_frozen(config: TrainingConfig, tmp_path: Path) -> None:
    path = checkpoint(
        tmp_path / "t.safetensors", "mobile", "adder", channels=8, blocks=1, norm="batch"
    )
    run = trainer(dataclasses.replace(config, teacher=path), tmp_path / "run")
    assert run._teacher is not None
    before = {name: t.clone() for name, t in run._teacher._model.state_dict().items()}
    list(run.run())
    assert not run._teacher._model.training
    for name, value in run._teacher._model.state_dict().items():
        assert torch.equal(value, before[name])


def test_another_scale_or_colour_is_refused(config: TrainingConfig, tmp_path: Path) -> None:
    student = config.create_model()
    path = checkpoint(tmp_path / "t.safetensors", "mobile", "cnn", 3, channels=8, blocks=1)
    with pytest.raises(AdderSRError, match="has the scale 3, the model in training 2"):
        Teacher(path, student)
    path = checkpoint(tmp_path / "t.safetensors", "edsr", "cnn", channels=6, blocks=1)
    with pytest.raises(AdderSRError, match="has the colour rgb, the model in training y"):
        Teacher(path, student)
    with pytest.raises(AdderSRError, match="There is no checkpoint"):
        Teacher(tmp_path / "none.safetensors", student)


def test_another_teacher_under_the_same_name_is_refused(
    config: TrainingConfig, tmp_path: Path
) -> None:
    path = checkpoint(tmp_path / "t.safetensors", "mobile", "cnn", channels=8, blocks=1)
    config = dataclasses.replace(config, teacher=path)
    steps = trainer(config, tmp_path / "run").run()
    for _ in range(2):
        next(steps)
    checkpoint(path, "mobile", "cnn", channels=8, blocks=2)
    with pytest.raises(AdderSRError, match="the content of its teacher has changed"):
        trainer(config, tmp_path / "run")
