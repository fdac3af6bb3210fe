"""The command ``addersr info``."""

import json
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

pytest.importorskip("onnx", reason="reads ONNX files")

from addersr.cli.app import app

from ..export.counts.graphs import Model


def info(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, ["info", *map(str, arguments)], env={"COLUMNS": "120"})


def result_of(*arguments: str | Path) -> dict[str, Any]:
    done = info(*arguments, "--json")
    assert done.exit_code == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def refusal(*arguments: str | Path) -> str:
    """What a failing command said: one sentence, and nothing on stdout."""
    done = info(*arguments)
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert done.stdout == ""
    said: str = done.stderr
    assert said.startswith("Error: ")
    assert said.count("\n") == 1
    assert said.endswith(".\n")
    return said


@pytest.fixture
def needs_torch() -> None:
    pytest.importorskip("torch", reason="an architecture needs torch")


def test_model_of_the_zoo() -> None:
    found = result_of("tiny-x2-adder")
    assert found["name"] == "tiny-x2-adder"
    assert (found["architecture"], found["kind"], found["scale"]) == ("mobile", "adder", 2)
    assert found["input"] == {"height": 360, "width": 640}
    assert found["output"] == {"height": 720, "width": 1280}
    adder, cnn = found["adder"], found["cnn"]
    assert cnn["multiplications"] == cnn["additions"] == sum(one["taps"] for one in found["layers"])
    assert adder["multiplications"] + adder["additions"] == 2 * cnn["additions"]
    assert adder["energy_gpj"]["fp32"] < cnn["energy_gpj"]["fp32"] / 2
    assert adder["receptive_field"] == {"height": 13, "width": 13}
    # What belongs to the network itself is not known of a twin that was never built.
    assert adder["parameters"] > 0
    assert cnn["parameters"] is None
    assert "DepthToSpace" in found["not_counted"]


def test_counts_grow_with_the_picture() -> None:
    small, large = (result_of("tiny-x2-cnn", "--output", size) for size in ("640x360", "1280x720"))
    for key in ("multiplications", "additions", "activation_bytes"):
        assert large["cnn"][key] == 4 * small["cnn"][key]
    assert large["cnn"]["parameters"] == small["cnn"]["parameters"]


def test_table(adder_model: Path) -> None:
    done = info(adder_model)
    assert done.exit_code == 0, done.stderr
    for word in ("AdderConv 3x3", "8→8", "640x360", "receptive field", "not a measurement"):
        assert word in done.stdout


def test_markdown(adder_model: Path) -> None:
    done = info(adder_model, "--markdown")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    tables = [line for line in lines if line.startswith("|")]
    assert len({line.count("|") for line in tables if "Conv " in line}) == 1
    assert sum(line.startswith("| :--") for line in lines) == 2
    assert "| receptive field, LR pixels | 7x7 | - |  |" in lines


def test_picture_of_the_costs(adder_model: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra 'plot'")
    files = [tmp_path / name for name in ("first.svg", "second.svg")]
    for file in files:
        done = info(adder_model, "--plot", file, "--json")
        assert done.exit_code == 0, done.stderr
        assert json.loads(done.stdout)["layers"]
        assert f"Chart written to {file}" in done.stderr
    assert ElementTree.parse(files[0]).getroot().tag.endswith("svg")
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(("suffix", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_formats(suffix: str, start: bytes, adder_model: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra 'plot'")
    file = tmp_path / f"chart.{suffix}"
    assert info(adder_model, "--plot", file).exit_code == 0
    assert file.read_bytes().startswith(start)


def test_without_matplotlib(
    adder_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    said = refusal(adder_model, "--plot", tmp_path / "chart.png")
    assert "pip install 'addersr[plot]'" in said
    assert list(tmp_path.glob("*chart*")) == []


def test_a_file_needs_no_torch(adder_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert info(adder_model).exit_code == 0


def test_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [name for name in sys.modules if name.startswith("addersr.export.counts")]:
        monkeypatch.delitem(sys.modules, name)
    said = refusal("mobile")
    assert "mobile" in said
    assert "pip install 'addersr[export]'" in said


@pytest.mark.usefixtures("needs_torch")
def test_architecture_with_arguments() -> None:
    found = result_of("mobile", "-a", "channels=8", "-a", "blocks=2", "--scale", "4")
    assert found["input"] == {"height": 180, "width": 320}
    assert [one["output_channels"] for one in found["layers"]] == [8, 8, 8, 16]
    assert found["adder"]["parameters"] > found["cnn"]["parameters"] > 0
    assert found["file_bytes"] is None


@pytest.mark.usefixtures("needs_torch")
def test_as_published() -> None:
    whole = result_of("edsr", "-a", "size=full")
    published = result_of("edsr", "-a", "size=full", "--as-published")
    assert published["cnn"]["energy_gpj"]["fp32"] == pytest.approx(42544.7, rel=0.005)
    assert published["adder"]["energy_gpj"]["fp32"] == pytest.approx(16670.3, rel=0.005)
    assert whole["cnn"]["energy_gpj"]["fp32"] > 42544.7 * 1.01
    assert any("Left out" in note and "last" in note for note in published["notes"])


@pytest.mark.usefixtures("needs_torch")
def test_nearest_size_where_the_scale_does_not_divide_it() -> None:
    found = result_of("mobile", "--scale", "3")
    assert found["output"] == {"height": 720, "width": 1281}


@pytest.mark.usefixtures("needs_torch")
def test_unknown_architecture() -> None:
    said = refusal("no-such-network")
    assert "'no-such-network'" in said
    assert "mobile" in said


def test_unknown_node(tmp_path: Path) -> None:
    model = Model()
    model.add("Softmax", model.conv("input", 4, 1))
    assert "layer1/Softmax" in refusal(model.save(tmp_path))


def test_no_model(tmp_path: Path) -> None:
    path = tmp_path / "text.onnx"
    path.write_text("Dear diary")
    assert "is not an ONNX model" in refusal(path)
    assert "There is no model file" in refusal(tmp_path / "none.onnx")
    assert "is a folder" in refusal(tmp_path)


@pytest.mark.parametrize(
    "size", ["1280", "1280x", "x720", "0x720", "-2x4", "1280x720x3", "12.5x10", "99999999x2"]
)
def test_wrong_size(size: str, adder_model: Path) -> None:
    assert "WIDTHxHEIGHT" in refusal(adder_model, f"--output={size}")


def test_size_that_is_no_multiple(adder_model: Path) -> None:
    assert "multiple of the scale 2" in refusal(adder_model, "--output", "1281x720")


def test_wrong_options(adder_model: Path, tmp_path: Path) -> None:
    assert "enlarges by 2, not by 3" in refusal(adder_model, "--scale", "3")
    assert "leave --argument and --kind out" in refusal(adder_model, "-a", "channels=8")
    assert "needs an ONNX file" in refusal("mobile", "--data", tmp_path)
    assert "There are no images" in refusal(adder_model, "--data", tmp_path)
    assert "not both" in refusal(adder_model, "--json", "--markdown")
    assert ".png" in refusal(adder_model, "--plot", tmp_path / "chart.txt")
    assert "does not exist" in refusal(adder_model, "--plot", tmp_path / "none" / "chart.png")
