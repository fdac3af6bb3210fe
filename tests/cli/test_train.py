"""``addersr train``: trains, resumes, and says what is wrong."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra 'train'")

from typer.testing import CliRunner

from addersr.cli.app import app
from addersr.models.checkpoint import load_model
from addersr.runtime.images import write_image

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
        (["rdn", "-a", "blocks=1"], "Only luma models can be trained, and rdn works on rgb"),
        (["mobile", "--kind", "gan"], "kind to be one of adder, cnn"),
        (["mobile", "--scale", "7"], "scale of 2, 3 or 4, got 7"),
        (["mobile", "-a", "depth=3"], "no argument depth"),
        (["mobile", "-a", "channels"], "Expected --argument as KEY=VALUE"),
        (["mobile", "--steps", "0"], "Expected steps to be above 0"),
        (["mobile", "--patch", "400"], "No image in"),
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
