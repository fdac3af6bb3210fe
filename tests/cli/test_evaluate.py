"""``addersr evaluate`` over several models and folders."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from typer.testing import CliRunner

pytest.importorskip("skimage", reason="SSIM needs scikit-image")

from addersr.cli.app import app
from addersr.runtime.images import write_image


@pytest.fixture
def folders(tmp_path: Path, photo: npt.NDArray[np.uint8]) -> tuple[Path, Path]:
    """Two folders, of one and two photos."""
    first, second = tmp_path / "one", tmp_path / "two"
    for folder in (first, second):
        folder.mkdir()
        write_image(folder / "photo.png", photo)
    write_image(second / "turned.png", np.ascontiguousarray(np.rot90(photo)))
    return first, second


def evaluate(models: Sequence[object], folders: Sequence[Path], *options: str) -> str:
    arguments = [*models, *(part for folder in folders for part in ("--data", folder)), *options]
    done = CliRunner().invoke(app, ["evaluate", *map(str, arguments)], env={"COLUMNS": "140"})
    assert done.exit_code == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_one_table(adder_model: Path, cnn_model: Path, folders: tuple[Path, Path]) -> None:
    pytest.importorskip("onnx", reason="operations of a file are counted with onnx")
    models = (adder_model, cnn_model)
    result = json.loads(evaluate(models, folders, "--json"))
    seen = [(one["data"], one["model"]) for one in result["evaluations"]]
    names = ("bicubic", *map(str, models))
    assert seen == [(folder.name, name) for folder in folders for name in names]
    assert [len(one["images"]) for one in result["evaluations"]] == [1, 1, 1, 2, 2, 2]
    adder, cnn = result["models"]
    assert (adder["kind"], cnn["kind"]) == ("adder", "cnn")
    # A multiplication with each tap of the CNN is an addition more in the adder network.
    assert adder["multiplications"] < cnn["multiplications"]
    assert adder["multiplications"] + adder["additions"] == (
        cnn["multiplications"] + cnn["additions"]
    )

    lines = evaluate(models, folders, "--markdown").splitlines()
    assert lines[2] == "| model | scale | parameters | mul G | add G | one | two |"
    assert [line.split(" | ")[0] for line in lines[4:]] == [f"| {name}" for name in names]
    scores = {(one["model"], one["data"]): one for one in result["evaluations"]}
    for name, line in zip(names, lines[4:], strict=True):
        for folder, cell in zip(("one", "two"), line.strip("| ").split(" | ")[-2:], strict=True):
            one = scores[name, folder]
            assert cell == f"{one['psnr']:.2f} / {one['ssim']:.4f}"


def test_csv_has_a_line_per_model_and_folder(
    adder_model: Path, cnn_model: Path, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    file = tmp_path / "scores.json"
    done = CliRunner().invoke(
        app,
        [
            *("evaluate", str(adder_model), str(cnn_model), "--data", str(folders[0])),
            *("--data", str(folders[1]), "--csv", "-o", str(file)),
        ],
    )
    assert done.exit_code == 0, done.stderr
    assert done.stderr == f"Note: Written to {file}.\n"
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    expected = json.loads(file.read_text())["evaluations"]
    assert len(rows) == len(expected) == 6
    for row, one in zip(rows, expected, strict=True):
        assert (row["model"], row["data"]) == (one["model"], one["data"])
        assert int(row["images"]) == len(one["images"])
        assert float(row["psnr"]) == pytest.approx(one["psnr"], abs=1e-4)
        assert float(row["ssim"]) == pytest.approx(one["ssim"], abs=1e-5)
    assert rows[0]["kind"] == rows[0]["parameters"] == ""


def test_folders_of_one_name(adder_model: Path, tmp_path: Path) -> None:
    for parent in ("a", "b"):
        (tmp_path / parent / "HR").mkdir(parents=True)
    arguments = ["evaluate", adder_model, "--data", tmp_path / "a/HR", "--data", tmp_path / "b/HR"]
    done = CliRunner().invoke(app, [*map(str, arguments)])
    assert done.exit_code == 1
    assert "Several folders of --data are called HR" in done.stderr


def test_one_form_at_a_time(adder_model: Path, folders: tuple[Path, Path]) -> None:
    arguments = ["evaluate", str(adder_model), "--data", str(folders[0]), "--csv", "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr == "Error: Give one of --csv, --json and --markdown, not several.\n"
