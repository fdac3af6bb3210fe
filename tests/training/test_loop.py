"""The training loop: it learns, it resumes exactly, it fails without losing anything."""

import dataclasses
import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from addersr.errors import AdderSRError
from addersr.models.adder_conv import AdderConv2d
from addersr.models.checkpoint import load_model, read_metadata
from addersr.training import Trainer, TrainingConfig
from addersr.training.data import load_pairs
from addersr.training.optimiser import make_optimiser, set_rates


def make(config: TrainingConfig, folder: Path) -> Trainer:
    pairs = load_pairs(config.data, config.scale, smallest=config.patch)
    return Trainer(config, folder, pairs, pairs if config.validation else [])


@pytest.mark.parametrize("norm", ["centred", "batch"])
def test_resuming_is_exact(config: TrainingConfig, tmp_path: Path, norm: str) -> None:
    config = dataclasses.replace(config, arguments={**config.arguments, "norm": norm})
    list(make(config, tmp_path / "whole").run())
    interrupted = make(config, tmp_path / "parts").run()
    for _ in range(5):  # the steps after the validation at step 4 are lost
        next(interrupted)
    resumed = make(config, tmp_path / "parts")
    assert resumed.step == 4
    list(resumed.run())
    logs = [(tmp_path / run / "log.csv").read_text() for run in ("whole", "parts")]
    assert logs[0] == logs[1]
    whole, parts = (load_model(tmp_path / run / "model.safetensors") for run in ("whole", "parts"))
    for name, value in whole.state_dict().items():
        assert torch.equal(value, parts.state_dict()[name])
    assert make(config, tmp_path / "parts").step == 6


def test_the_seed_decides(config: TrainingConfig, tmp_path: Path) -> None:
    weights = []
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        trainer = make(dataclasses.replace(config, seed=seed), tmp_path / folder)
        list(trainer.run())
        weights.append(load_model(trainer.checkpoint).head.weight)
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize("kind", ["adder", "cnn"])
def test_it_learns(config: TrainingConfig, tmp_path: Path, kind: str) -> None:
    config = dataclasses.replace(
        config, kind=kind, steps=120, validate_every=60, batch=8, warmup=10, average=0.9
    )
    psnr = [p.psnr for p in make(config, tmp_path).run() if p.psnr is not None]
    start = make(dataclasses.replace(config, steps=1), tmp_path / "start")
    (first,) = [p.psnr for p in start.run()]
    assert len(psnr) == 2
    assert psnr[1] > first + 0.3  # step 1 is the nearest-neighbour anchor


def test_checkpoint_describes_the_run(config: TrainingConfig, tmp_path: Path) -> None:
    trainer = make(config, tmp_path)
    (*_, last) = trainer.run()
    metadata = read_metadata(trainer.checkpoint)
    training = json.loads(metadata["training"])
    assert metadata["architecture"] == "mobile"
    arguments = json.loads(metadata["arguments"])
    assert arguments["blocks"] == 1
    assert arguments["norm"] == "centred"  # a default, stated so that it can change one day
    assert json.loads(metadata["psnr"])["validation"] == pytest.approx(last.psnr, abs=1e-3)
    assert (training["step"], training["seed"], training["data"]) == (6, 0, config.data.name)
    assert trainer.psnr == last.psnr


def test_without_validation_images(config: TrainingConfig, tmp_path: Path) -> None:
    trainer = make(dataclasses.replace(config, validation=None), tmp_path)
    assert [p.psnr for p in trainer.run()] == [None] * 6
    assert trainer.checkpoint.exists()
    assert read_metadata(trainer.checkpoint)["psnr"] == "{}"


def test_other_settings_are_refused(config: TrainingConfig, tmp_path: Path) -> None:
    list(make(config, tmp_path).run())
    sentence = r"holds a run with other settings: rate was 0.005, now 0.0001; seed was 0, now 3\."
    with pytest.raises(AdderSRError, match=sentence):
        make(dataclasses.replace(config, rate=1e-4, seed=3), tmp_path)


@pytest.mark.parametrize("content", [b"", b"nonsense" * 20])
def test_damaged_state(config: TrainingConfig, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.pt").write_bytes(content)
    with pytest.raises(AdderSRError, match="cannot be resumed"):
        make(config, tmp_path)


def test_a_loss_that_is_no_number_ends_the_run(config: TrainingConfig, tmp_path: Path) -> None:
    trainer = make(config, tmp_path)
    steps = trainer.run()
    for _ in range(2):
        next(steps)
    good = trainer.checkpoint.read_bytes()
    with torch.no_grad():
        trainer.model.tail.bias.fill_(float("nan"))
    with pytest.raises(AdderSRError, match="loss became nan at step 2"):
        next(steps)
    assert trainer.checkpoint.read_bytes() == good


@pytest.mark.parametrize(
    "change", [{"steps": 0}, {"batch": 0}, {"rate": -1.0}, {"average": 1.0}, {"warmup": -1}]
)
def test_settings_out_of_range(config: TrainingConfig, change: dict[str, float]) -> None:
    with pytest.raises(AdderSRError, match=f"Expected {next(iter(change))}"):
        dataclasses.replace(config, **change)


def test_adder_filters_have_their_own_rate(config: TrainingConfig, tmp_path: Path) -> None:
    model = make(config, tmp_path).model
    optimiser = make_optimiser(model, config)
    filters, others = optimiser.param_groups
    assert filters["params"] == [m.weight for m in model.modules() if isinstance(m, AdderConv2d)]
    assert len(filters["params"]) + len(others["params"]) == len(list(model.parameters()))
    set_rates(optimiser, 0, config)
    assert filters["lr"] == pytest.approx(config.adder_rate / 2)  # warm-up of 2 steps
    set_rates(optimiser, 3, config)
    assert others["lr"] == pytest.approx(config.rate / 2)  # the middle of the cosine
    set_rates(optimiser, 6, config)
    assert others["lr"] == pytest.approx(0)
