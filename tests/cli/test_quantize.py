"""``addersr quantize``."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

pytest.importorskip("torch", reason="needs the extra 'export'")
pytest.importorskip("onnxscript", reason="needs the extra 'export'")

from addersr.cli.app import app
from addersr.runtime.plan import Plan
from addersr.runtime.upscaler import Upscaler

from ..export.quantization.factory import mobile, picture, twin


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["quantize", *map(str, arguments)])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "model.onnx"
    onnx.save_model(mobile(1), path)
    return path


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for seed in (0, 1):
        image = (picture(60, 70, 3, seed=seed)[0].transpose(1, 2, 0) * 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{seed}.png"), image)
    return folder


def test_a_file_in_integers(model: Path, photos: Path, tmp_path: Path) -> None:
    output = tmp_path / "u8.onnx"
    done = run(model, "-o", output, "--data", photos, "--json")
    assert done.exit_code == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["bytes"] == output.stat().st_size
    assert result["precision"] == "u8"
    assert list(result["layers"].values()) == ["uint8/8"] * 3 + ["int16/12"]
    assert result["psnr_drop"] < 0.5
    assert f"Written to {output}" in done.stderr
    upscaler = Upscaler(output, threads=1)
    assert upscaler.info.precision == "u8"
    assert upscaler.upscale(np.full((9, 8, 3), 100, np.uint8)).shape == (18, 16, 3)
    assert upscaler.fast_path


def test_the_table_names_every_layer(model: Path, photos: Path, tmp_path: Path) -> None:
    arguments = ("--precision", "i16", "--bits", 10, "--no-fallback")
    output = tmp_path / "i16.onnx"
    done = run(model, "-o", output, "--data", photos, *arguments)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.count("int16/10") == 3
    assert "below fp32 on 2 images of photos" in " ".join(done.stdout.split())
    assert not onnx.load_model(output).functions


@pytest.mark.parametrize(("bits", "gains"), [(6, True), (11, False)])
def test_groups(photos: Path, tmp_path: Path, bits: int, gains: bool) -> None:
    # Without an adder layer there is nothing to gain.
    onnx.save_model(mobile(3) if gains else twin(), tmp_path / "model.onnx")
    output = tmp_path / "it.onnx"
    arguments = ("--precision", "u8" if bits <= 8 else "i16", "--bits", bits, "--groups", 2)
    done = run(tmp_path / "model.onnx", "-o", output, "--data", photos, *arguments, "--json")
    assert done.exit_code == 0, done.stderr
    groups = json.loads(done.stdout)["groups"]
    assert bool(groups) == gains
    assert ("Groups gained nothing" in done.stderr) == (not gains)
    stored = {entry.key: entry.value for entry in onnx.load_model(output).metadata_props}
    assert len(Plan.from_json(stored["addersr.plan"]).groups) == len(groups)


def test_what_is_wrong_is_said(model: Path, photos: Path, tmp_path: Path) -> None:
    output = tmp_path / "it.onnx"
    for arguments, message in (
        (("no.onnx", "-o", output, "--data", photos), "There is no model file"),
        ((model, "-o", output, "--data", "nowhere"), "no folder"),
        ((model, "-o", model, "--data", photos), "is the model itself"),
        ((model, "-o", output, "--data", photos, "--bits", 12), "1 to 8 bits"),
        ((model, "-o", output, "--data", photos, "--groups", 9), "1 to 8 groups"),
    ):
        done = run(*arguments)
        assert done.exit_code == 1
        assert message in done.stderr
        assert done.stdout == ""
    assert not output.exists()
