"""Each kind of bad input: one sentence, an exit code, no traceback, nothing half-written."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from addersr.runtime.images import write_image

from ..model_factory import metadata, super_resolution_model

Fails = Callable[..., str]


@pytest.fixture
def picture(tmp_path: Path, photo: npt.NDArray[np.uint8]) -> Path:
    path = tmp_path / "photo.png"
    write_image(path, photo)
    return path


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    return folder / "large.png"


def test_a_missing_file(fails: Fails, adder_model: Path, output: Path) -> None:
    said = fails("upscale", "none.png", "-m", adder_model, "-o", output)
    assert "There is no file or folder none.png" in said
    assert list(output.parent.iterdir()) == []


def test_a_text_named_png(fails: Fails, adder_model: Path, tmp_path: Path, output: Path) -> None:
    text = tmp_path / "notes.png"
    text.write_text("Dear diary")
    said = fails("upscale", text, "-m", adder_model, "-o", output)
    assert "notes.png is not an image that addersr reads" in said
    assert list(output.parent.iterdir()) == []


def test_a_truncated_image(fails: Fails, adder_model: Path, picture: Path, output: Path) -> None:
    data = picture.read_bytes()
    picture.write_bytes(data[: len(data) // 2])
    assert "cut short" in fails("upscale", picture, "-m", adder_model, "-o", output)
    assert list(output.parent.iterdir()) == []


@pytest.mark.parametrize("command", ["upscale", "bench", "evaluate"])
@pytest.mark.parametrize("kind", ["missing", "zero-byte", "text", "other op version", "precision"])
def test_unusable_models(
    fails: Fails, picture: Path, tmp_path: Path, output: Path, command: str, kind: str
) -> None:
    model = tmp_path / "model.onnx"
    message = "Export it again"
    if kind == "missing":
        message = "There is no model file"
    elif kind == "zero-byte":
        model.touch()
        message = "model.onnx is empty"
    elif kind == "text":
        model.write_text("no model")
        message = "model.onnx is not an ONNX model"
    elif kind == "other op version":
        model.write_bytes(super_resolution_model(op_version=2).SerializeToString())
        message = "uses version 2 of the operators ai.addersr"
    else:
        props = metadata(precision="u4")
        model.write_bytes(super_resolution_model(metadata_props=props).SerializeToString())
        message = "precision 'u4'"
    arguments: dict[str, list[object]] = {
        "upscale": ["upscale", picture, "-m", model, "-o", output],
        "bench": ["bench", model, "--size", "8x8", "--runs", "1", "-o", output],
        "evaluate": ["evaluate", model, "--data", tmp_path, "-o", output],
    }
    assert message in fails(*arguments[command])
    assert list(output.parent.iterdir()) == []


@pytest.mark.parametrize("where", ["missing folder", "file as folder", "folder"])
def test_unwritable_outputs(
    fails: Fails, adder_model: Path, picture: Path, tmp_path: Path, where: str
) -> None:
    target = {
        "missing folder": tmp_path / "none" / "x.png",
        "file as folder": picture / "x.png",
        "folder": tmp_path / "folder.png",
    }[where]
    if where == "folder":
        target.mkdir()
    before = sorted(tmp_path.iterdir())
    assert "Cannot write" in fails("upscale", picture, "-m", adder_model, "-o", target)
    for command in (
        ["models"],
        ["doctor", "-m", adder_model],
        ["evaluate", adder_model, "--data", tmp_path],
        ["bench", adder_model, "--size", "8x8"],
    ):
        assert "Cannot write" in fails(*command, "-o", target)
    assert sorted(tmp_path.iterdir()) == before


def test_an_output_of_unknown_kind(fails: Fails, adder_model: Path, picture: Path) -> None:
    said = fails("upscale", picture, "-m", adder_model, "-o", "large.gif")
    assert "expected a name ending in .png" in said


def test_the_input_is_not_overwritten(fails: Fails, adder_model: Path, picture: Path) -> None:
    before = picture.read_bytes()
    other_name = picture.parent / "." / picture.name
    said = fails("upscale", picture, "-m", adder_model, "-o", other_name)
    assert "is the input itself" in said
    said = fails("upscale", picture.parent, "-m", adder_model, "-o", picture.parent)
    assert "is the input itself" in said
    assert picture.read_bytes() == before


@pytest.mark.parametrize("command", ["upscale", "bench", "evaluate"])
def test_an_unknown_forced_instruction_set(
    fails: Fails, adder_model: Path, picture: Path, output: Path, command: str
) -> None:
    arguments: dict[str, list[object]] = {
        "upscale": ["upscale", picture, "-m", adder_model, "-o", output],
        "bench": ["bench", adder_model, "--size", "8x8", "--runs", "1"],
        "evaluate": ["evaluate", adder_model, "--data", picture.parent],
    }
    said = fails(*arguments[command], ADDERSR_FORCE_ISA="mmx")
    assert "mmx" in said
    assert "ADDERSR_FORCE_ISA" in said
    assert list(output.parent.iterdir()) == []


@pytest.mark.parametrize("kind", ["empty", "missing", "file"])
def test_data_without_images(
    fails: Fails, adder_model: Path, picture: Path, tmp_path: Path, kind: str
) -> None:
    folder = {"empty": tmp_path / "empty", "missing": tmp_path / "none", "file": picture}[kind]
    if kind == "empty":
        folder.mkdir()
    said = fails("evaluate", adder_model, "--data", folder)
    assert ("no images in" if kind == "empty" else "There is no folder") in said
    if kind == "empty":
        assert "no images in" in fails("upscale", folder, "-m", adder_model)


def test_unknown_names(fails: Fails, picture: Path) -> None:
    assert "no model 'none' in the zoo" in fails("upscale", picture, "-m", "none")
    assert "no model 'none' in the zoo" in fails("bench", "none")
    assert "no model 'none' in the zoo" in fails("evaluate", "none", "--data", picture.parent)


def test_malformed_values(fails: Fails, adder_model: Path, picture: Path, tmp_path: Path) -> None:
    assert "WIDTHxHEIGHT" in fails("bench", adder_model, "--size", "large")
    assert "at least 1x1" in fails("bench", adder_model, "--size", "0x4")
    assert "one image" in fails("upscale", tmp_path, "--compare", "a.png", "-m", adder_model)
    assert "name ending in" in fails(
        "upscale", picture, "-m", adder_model, "-o", tmp_path / "x.png", "--compare", "a.txt"
    )
    assert not (tmp_path / "x.png").exists()
