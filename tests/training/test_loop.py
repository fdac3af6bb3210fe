"""The training loop: it learns, it resumes exactly, it fails without losing anything."""

import dataclasses
import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from addersr.errors import AdderSRError
from addersr.models import create, generic, kernels
from addersr.models.adder_conv import AdderConv2d
from addersr.models.checkpoint import load_model, read_metadata, save_model
from addersr.training import Trainer, TrainingConfig
from addersr.training.data import load_pairs
from addersr.training.optimiser import make_optimiser, set_rates


def make(config: TrainingConfig, folder: Path) -> Trainer:
    pairs = load_pairs(config.data, config.scale, smallest=config.patch)
    return Trainer(config, folder, pairs, pairs if config.validation else [])


@pytest.fixture
def teacher(config: TrainingConfig, tmp_path: Path) -> Path:
    path = tmp_path / "teacher.safetensors"
    torch.manual_seed(8)
    model = create("mobile", "cnn", **config.arguments)
    save_model(path, model, architecture="mobile", arguments=config.arguments, training={}, psnr={})
    return path


SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "batch_norm": {"arguments": {"channels": 8, "blocks": 1, "norm": "batch"}},
    "teacher": {"teacher_weight": 0.3},
    "charbonnier": {"loss": "charbonnier"},
    "adaptive_step": {"adder_step": "adaptive"},
    "filter_range": {"filter_range": 1.0},
    "all": {
        "teacher_weight": 0.3,
        "loss": "charbonnier",
        "adder_step": "adaptive",
        "filter_range": 0.7,
    },
}


@pytest.mark.parametrize("settings", SETTINGS)
def test_resuming_is_exact(
    config: TrainingConfig, tmp_path: Path, teacher: Path, settings: str
) -> None:
    config = dataclasses.replace(config, **SETTINGS[settings])
    if "teacher_weight" in SETTINGS[settings]:
        config = dataclasses.replace(config, teacher=teacher)
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


def test_saving_between_validations_is_exact_too(config: TrainingConfig, tmp_path: Path) -> None:
    config = dataclasses.replace(config, filter_range=1.0, validate_every=4)
    list(make(config, tmp_path / "whole").run())
    steps = (interrupted := make(config, tmp_path / "parts")).run()
    for _ in range(3):
        next(steps)
    interrupted.save_state()
    resumed = make(config, tmp_path / "parts")
    assert resumed.step == 3
    list(resumed.run())
    # The mean loss of a row of the log is of steps before and after.
    logs = [(tmp_path / run / "log.csv").read_text() for run in ("whole", "parts")]
    assert logs[0] == logs[1]
    whole, parts = (load_model(tmp_path / run / "model.safetensors") for run in ("whole", "parts"))
    assert all(torch.equal(v, parts.state_dict()[name]) for name, v in whole.state_dict().items())


@pytest.mark.parametrize("settings", ["filter_range", "charbonnier", "adaptive_step"])
def test_settings_change_the_weights(config: TrainingConfig, tmp_path: Path, settings: str) -> None:
    results = []
    for folder, changes in (("plain", {}), ("changed", SETTINGS[settings])):
        trainer = make(dataclasses.replace(config, **changes), tmp_path / folder)
        list(trainer.run())
        results.append(trainer.model.blocks[0].adder.weight)
    assert not torch.equal(*results)


def test_filters_stay_in_range(config: TrainingConfig, tmp_path: Path) -> None:
    trainer = make(dataclasses.replace(config, filter_range=0.5), tmp_path)
    for _ in trainer.run():
        largest = trainer._range.state_dict()["blocks.0.adder"]
        assert trainer.model.blocks[0].adder.weight.abs().max() <= 0.5 * largest


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


def test_the_same_settings_may_be_spelt_otherwise(
    config: TrainingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(make(config, tmp_path).run())
    monkeypatch.chdir(config.data.parent)
    arguments = {**config.arguments, "norm": "centred"}
    config = dataclasses.replace(config, data=Path(config.data.name), arguments=arguments)
    assert make(config, tmp_path).step == 6


def test_a_run_of_an_older_version_is_resumed(config: TrainingConfig, tmp_path: Path) -> None:
    list(make(config, tmp_path).run())
    path = tmp_path / "state.pt"
    state = torch.load(path, weights_only=True)
    settings = json.loads(state["config"])
    for name in ("loss", "teacher", "teacher_weight", "adder_step", "filter_range"):
        del settings[name]
    for name in ("images", "losses", "filter_range", "teacher"):
        del state[name]
    torch.save({**state, "config": json.dumps(settings)}, path)
    assert make(config, tmp_path).step == 6
    with pytest.raises(AdderSRError, match="loss was l1, now charbonnier"):
        make(dataclasses.replace(config, loss="charbonnier"), tmp_path)


def test_other_images_are_refused(config: TrainingConfig, tmp_path: Path) -> None:
    list(make(config, tmp_path).run())
    pairs = load_pairs(config.data, config.scale, smallest=config.patch)
    with pytest.raises(AdderSRError, match="since the content of its images has changed"):
        Trainer(config, tmp_path, pairs[:2], [])


def test_a_disk_that_is_full_from_the_start(
    config: TrainingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = make(config, tmp_path).run()
    next(steps)

    def fail(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(AdderSRError, match=r"No space left .* again: the run starts anew\."):
            next(steps)
    assert list(tmp_path.iterdir()) == []
    assert make(config, tmp_path).step == 0


@pytest.mark.parametrize("file", ["model.safetensors", "log.csv", "state.pt"])
def test_a_full_disk(
    config: TrainingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    list(make(config, tmp_path / "whole").run())
    run = tmp_path / "run"
    steps = make(config, run).run()
    for _ in range(2):
        next(steps)
    sync = os.fsync

    def sync_or_fail(handle: int) -> None:
        if f".{file}." in str(Path(f"/proc/self/fd/{handle}").readlink()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", sync_or_fail)
        next(steps)
        sentence = (
            rf"Cannot write {run / file}: No space left on device\. Make room, .* and give the "
            r"same command again: the run continues after step 2\."
        )
        with pytest.raises(AdderSRError, match=sentence):
            next(steps)
    assert sorted(path.name for path in run.iterdir()) == [
        "log.csv",
        "model.safetensors",
        "state.pt",
    ]
    load_model(run / "model.safetensors")
    resumed = make(config, run)
    assert resumed.step == 2
    list(resumed.run())
    whole, parts = (
        load_model(tmp_path / folder / "model.safetensors") for folder in ("whole", "run")
    )
    assert all(torch.equal(v, parts.state_dict()[name]) for name, v in whole.state_dict().items())
    logs = [(tmp_path / folder / "log.csv").read_text() for folder in ("whole", "run")]
    assert logs[0] == logs[1]


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


def test_a_gradient_that_is_no_number_reaches_no_checkpoint(
    config: TrainingConfig, tmp_path: Path
) -> None:
    trainer = make(config, tmp_path)
    steps = trainer.run()
    for _ in range(3):
        next(steps)
    good = [path.read_bytes() for path in sorted(tmp_path.iterdir())]
    # Of the step before a validation, whose loss is still a number.
    trainer.model.head.weight.register_hook(lambda gradient: gradient * float("inf"))
    sentence = r"gradient became (nan|inf) at step 3\. The checkpoint in .*, of step 2, is intact;"
    with pytest.raises(AdderSRError, match=sentence):
        next(steps)
    assert [path.read_bytes() for path in sorted(tmp_path.iterdir())] == good
    assert make(config, tmp_path).step == 2


def test_weights_that_are_no_numbers_are_not_saved(config: TrainingConfig, tmp_path: Path) -> None:
    trainer = make(config, tmp_path)
    steps = trainer.run()
    for _ in range(3):
        next(steps)
    good = trainer.checkpoint.read_bytes()
    with torch.no_grad():
        trainer._average.model.head.bias[3] = float("nan")
    with pytest.raises(AdderSRError, match="largest weight became nan at step 4"):
        next(steps)
    assert trainer.checkpoint.read_bytes() == good


def test_the_generic_path_trains_the_same(
    config: TrainingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a GPU would compute, on tensors of the CPU."""
    config = dataclasses.replace(config, filter_range=1.0)
    expected = [progress.loss for progress in make(config, tmp_path / "kernels").run()]
    monkeypatch.setattr(kernels, "usable", lambda *_tensors: False)
    monkeypatch.setattr(kernels, "_library", lambda: pytest.fail("the kernels are not called"))
    monkeypatch.setattr(generic, "_PIECE_BYTES", 3000)
    losses = [progress.loss for progress in make(config, tmp_path / "generic").run()]
    assert losses == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    "change",
    [
        {"steps": 0},
        {"batch": 0},
        {"rate": -1.0},
        {"clip": float("inf")},
        {"average": 1.0},
        {"warmup": -1},
        {"seed": 1 << 63},
        {"filter_range": float("nan")},
        {"teacher_weight": -0.1},
        {"loss": "l2"},
        {"adder_step": "sgd"},
    ],
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
