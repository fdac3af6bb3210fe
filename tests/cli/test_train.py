"""``addersr train``: trains, resumes, and says what is wrong."""

import dataclasses
import json
import re
import signal
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

import typer
from safetensors.torch import load_file
from typer.testing import CliRunner

from addersr.cli.app import app
from addersr.cli.postponed_signals import postponed_signals
from addersr.models.checkpoint import load_model, read_metadata
from addersr.runtime.images import write_image
from addersr.training import Trainer, TrainingConfig

RUN = ["-a", "channels=8", "-a", "blocks=1", "--batch", "2", "--patch", "8", "--threads", "1"]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    image = np.random.default_rng(0).integers(0, 255, (56, 64, 3), dtype=np.uint8)
    write_image(folder / "one.png", image)
    return folder


def invoke(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


def test_train_and_resume(photos: Path, tmp_path: Path) -> None:
    command = ("train", "mobile", "--data", photos, "--validation", photos, "-o", tmp_path / "run")
    settings = ("--steps", "4", "--validate-every", "2", *RUN, "--json")
    code, stdout, stderr = invoke(*command, *settings)
    assert code == 0, stderr
    result = json.loads(stdout)
    assert result["steps"] == 4
    assert result["psnr"] > 0
    assert "step 2 of 4" in stderr
    model = load_model(Path(result["checkpoint"]))
    assert (model.kind, model.scale) == ("adder", 2)
    assert result["parameters"] == sum(p.numel() for p in model.parameters())

    code, stdout, stderr = invoke(*command, *settings)  # nothing is left to do
    assert code == 0
    assert "Resuming the run" in stderr
    assert json.loads(stdout) == result


def test_without_validation(photos: Path, tmp_path: Path) -> None:
    code, stdout, _ = invoke(
        "train", "mobile", "--kind", "cnn", "--scale", "3", "--data", photos,
        "-o", tmp_path / "run", "--steps", "1", *RUN,
    )  # fmt: skip
    assert code == 0
    assert "not validated" in stdout
    assert "addersr export" in stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["gan"], "no architecture 'gan'. Choose one of carn, edsr"),
        (["mobile", "--kind", "gan"], "kind to be one of adder, cnn"),
        (["mobile", "--scale", "7"], "scale of 2, 3 or 4, got 7"),
        (["mobile", "-a", "depth=3"], "no argument depth"),
        (["mobile", "-a", "channels"], "Expected --argument as KEY=VALUE"),
        (["mobile", "--steps", "0"], "Expected steps to be above 0"),
        (["mobile", "--patch", "400"], "No image in"),
        (["mobile", "--loss", "l3"], "Expected loss to be one of l1, charbonnier, got l3"),
        (["mobile", "--adder-step", "sgd"], "Expected adder_step to be one of adam, adaptive"),
        (["mobile", "--filter-range", "-1"], "Expected filter_range to be 0 or more, and below"),
        (["mobile", "--teacher-weight", "2"], "Expected teacher_weight to be from 0 to 1"),
        (["mobile", "--teacher", "none.safetensors"], "There is no checkpoint none.safetensors"),
        (["mobile", "--device", "gpu"], "cannot use the device 'gpu' here"),
        (["mobile", "--config", "none.toml"], "Cannot read the settings none.toml: No such file"),
        ([], "Expected an architecture, on the command line or as 'architecture' in --config"),
    ],
)
def test_wrong_settings(photos: Path, tmp_path: Path, arguments: list[str], sentence: str) -> None:
    run = tmp_path / "run"
    code, stdout, stderr = invoke("train", *arguments, "--data", photos, "-o", run)
    assert code == 1
    assert sentence in " ".join(stderr.split())
    assert stderr.count("\n") == 1
    assert stdout == ""
    assert not (run / "model.safetensors").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_no_cuda(photos: Path, tmp_path: Path) -> None:
    code, _, stderr = invoke(
        "train", "mobile", "--data", photos, "-o", tmp_path / "run", "--device", "cuda"
    )
    assert code == 1
    assert "cannot use the device 'cuda' here" in stderr
    assert stderr.count("\n") == 1


def test_no_folder_for_the_run(photos: Path) -> None:
    code, _, stderr = invoke("train", "mobile", "--data", photos)
    assert code == 1
    assert "Expected a folder for the run: give one with -o." in stderr


def test_settings_from_a_file_and_options_that_count_more(photos: Path, tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    file.write_text(
        """
        architecture = "mobile"
        kind = "cnn"
        data = "photos"
        batch = 2
        patch = 8
        steps = 9
        clip = 0.5
        [arguments]
        channels = 8
        blocks = 2
        """
    )
    command = ("train", "--config", file, "--steps", "1", "-a", "blocks=1", "--threads", "1")
    code, printed, stderr = invoke(*command, "--print-config")
    assert code == 0, stderr
    assert f'data = "{photos}"' in printed
    assert not (tmp_path / "run").exists()
    assert invoke(*command, "-o", tmp_path / "run")[0] == 0
    metadata = read_metadata(tmp_path / "run" / "model.safetensors")
    arguments, training = (json.loads(metadata[key]) for key in ("arguments", "training"))
    assert (metadata["kind"], arguments["channels"], arguments["blocks"]) == ("cnn", 8, 1)
    assert (training["steps"], training["clip"], training["patch"]) == (1, 0.5, 8)
    # The run's own file holds what was printed, and repeats the run.
    own = tmp_path / "run" / "config.toml"
    assert own.read_text() == printed
    assert invoke("train", "--config", own, "--threads", "1", "-o", tmp_path / "again")[0] == 0
    again = tmp_path / "again" / "model.safetensors"
    assert load_file(again).keys() == load_file(tmp_path / "run" / "model.safetensors").keys()
    for name, value in load_file(tmp_path / "run" / "model.safetensors").items():
        assert torch.equal(value, load_file(again)[name])
    code, _, stderr = invoke("train", "--config", own, "--threads", "1", "-o", tmp_path / "run")
    assert code == 0  # of the same settings, though spelt otherwise
    assert "Resuming the run" in stderr


def test_help_tells_the_defaults() -> None:
    options = {
        parameter.name: getattr(parameter, "help", None)
        for parameter in typer.main.get_command(app).commands["train"].params
    }
    for field in dataclasses.fields(TrainingConfig):
        if "default" not in (help_text := options.get(field.name) or ""):
            continue
        default = "adder" if field.name == "kind" else field.default
        default = f"{default:g}" if isinstance(default, float) else default
        assert re.search(rf"default {default}\b", help_text), field.name
    assert "default 16" in options["batch"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_saves(
    photos: Path, tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("train", "mobile", "--data", photos, "--steps", "5", "--validate-every", "2", *RUN)
    assert invoke(*command, "-o", tmp_path / "whole")[0] == 0
    step = Trainer._train_step

    def step_and_signal(trainer: Trainer) -> float:
        loss = step(trainer)
        if trainer.step == 3:
            signal.raise_signal(number)
        return loss

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_train_step", step_and_signal)
        code, stdout, stderr = invoke(*command, "-o", tmp_path / "parts")
    assert code == 128 + number
    assert stdout == ""
    assert "Stopping after this step" in stderr
    assert "Saved after step 3: the same command continues from there." in stderr
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    code, _, stderr = invoke(*command, "-o", tmp_path / "parts")
    assert code == 0
    assert "after step 3." in stderr
    files = [tmp_path / run / "model.safetensors" for run in ("whole", "parts")]
    whole, parts = (load_file(file) for file in files)
    assert all(torch.equal(value, parts[name]) for name, value in whole.items())
    logs = [(tmp_path / run / "log.csv").read_text() for run in ("whole", "parts")]
    assert logs[0] == logs[1]


def test_a_second_ctrl_c_interrupts_at_once() -> None:
    with postponed_signals("Wait.") as stopped:
        assert stopped() is None
        signal.raise_signal(signal.SIGINT)
        assert stopped() == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_bad_images_are_noted(photos: Path, tmp_path: Path) -> None:
    (photos / "broken.png").write_bytes(b"no image")
    write_image(photos / "small.png", np.zeros((9, 9), np.uint8))
    code, _, stderr = invoke(
        "train", "mobile", "--data", photos, "-o", tmp_path / "run", "--steps", "1", *RUN
    )
    assert code == 0
    said = " ".join(stderr.split())
    assert f"Note: Left out 1 of 3 images in {photos} that cannot be read; the first: " in said
    assert f"Note: Left out 1 of 3 images in {photos} that are smaller than 16x16 pixels." in said


def test_folders_without_images(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for folder in (empty, tmp_path / "missing"):
        code, _, stderr = invoke("train", "mobile", "--data", folder, "-o", tmp_path / "run")
        assert code == 1
        assert str(folder) in stderr
        assert "Traceback" not in stderr


def test_other_settings_do_not_overwrite_a_run(photos: Path, tmp_path: Path) -> None:
    command = ("train", "mobile", "--data", photos, "-o", tmp_path / "run", "--steps", "2", *RUN)
    assert invoke(*command)[0] == 0
    code, _, stderr = invoke(*command, "--rate", "0.001")
    assert code == 1
    assert "holds a run with other settings" in stderr


def test_a_file_in_the_place_of_the_folder(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("not a folder")
    code, _, stderr = invoke("train", "mobile", "--data", photos, "-o", tmp_path / "run")
    assert code == 1
    assert "is a file" in stderr


def test_start(photos: Path, tmp_path: Path) -> None:
    common = ("train", "mobile", "--data", photos, "--steps", "1", *RUN)
    assert invoke(*common, "-o", tmp_path / "x2")[0] == 0
    start = ("--start", tmp_path / "x2" / "model.safetensors")
    code, _, stderr = invoke(*common, *start, "--scale", "3", "-o", tmp_path / "x3")
    assert code == 0
    assert "another scale: tail.weight, tail.bias" in " ".join(stderr.split())
    code, _, stderr = invoke(*common, *start, "--kind", "cnn", "-o", tmp_path / "twin")
    assert code == 1
    assert "has kind adder, the run cnn" in " ".join(stderr.split())
    code, _, stderr = invoke(*common, "--start", tmp_path / "nothing", "-o", tmp_path / "none")
    assert code == 1
    assert "There is no checkpoint" in stderr
