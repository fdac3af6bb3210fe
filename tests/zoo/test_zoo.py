import json
from pathlib import Path
from typing import Any

import pytest

from addersr import zoo
from addersr.errors import AdderSRError

MODEL = {
    "name": "small-x2-adder",
    "architecture": "small",
    "kind": "adder",
    "scale": 2,
    "colour": "y",
    "parameters": 1234,
    "psnr": {"Set5": 36.5},
    "checkpoint": "small-x2-adder.safetensors",
    "onnx": "small-x2-adder.onnx",
    "twin": "small-x2-cnn",
}
TWIN = {**MODEL, "name": "small-x2-cnn", "kind": "cnn", "twin": None}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(zoo, "_folder", lambda: tmp_path)
    return tmp_path


def _write(folder: Path, index: Any) -> None:
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")


def test_entries_find_and_default(folder: Path) -> None:
    _write(folder, {"models": [MODEL, TWIN], "default": {"2": "small-x2-cnn"}})
    assert [entry.name for entry in zoo.entries()] == ["small-x2-adder", "small-x2-cnn"]
    entry = zoo.find("small-x2-adder")
    assert (entry.kind, entry.scale, entry.colour, entry.parameters) == ("adder", 2, "y", 1234)
    assert entry.psnr == {"Set5": 36.5}
    assert entry.checkpoint == folder / "small-x2-adder.safetensors"
    assert entry.onnx == folder / "small-x2-adder.onnx"
    assert entry.twin == "small-x2-cnn"
    assert zoo.default_for(2).name == "small-x2-cnn"


def test_unknown_names_and_scales(folder: Path) -> None:
    _write(folder, {"models": [MODEL, TWIN], "default": {"2": "gone"}})
    with pytest.raises(AdderSRError, match=r"'big'.*Known: small-x2-adder, small-x2-cnn"):
        zoo.find("big")
    with pytest.raises(AdderSRError, match=r"scale 3\. Scales with one: 2"):
        zoo.default_for(3)
    with pytest.raises(AdderSRError, match="no model 'gone'"):
        zoo.default_for(2)


def test_an_empty_zoo(folder: Path) -> None:
    _write(folder, {"models": [], "default": {}})
    assert zoo.entries() == ()
    with pytest.raises(AdderSRError, match="Known: none; it is empty"):
        zoo.find("any")
    with pytest.raises(AdderSRError, match="the zoo is empty"):
        zoo.default_for(2)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "No such file"),
        ("", "Expecting value"),
        ("[]", "list indices"),
        ("{}", "'models' is missing"),
        ('{"models": []}', "'default' is missing"),
        ('{"models": {}, "default": []}', "no attribute 'items'"),
        ('{"models": [{}], "default": {}}', "'kind' is missing"),
        ('{"models": [], "default": {"two": "a"}}', "invalid literal"),
        (json.dumps({"models": [{**MODEL, "kind": "x"}], "default": {}}), "kind is 'x'"),
        (json.dumps({"models": [{**MODEL, "scale": "x"}], "default": {}}), "invalid literal"),
        (json.dumps({"models": [{**MODEL, "psnr": 3}], "default": {}}), "no attribute 'items'"),
    ],
)
def test_a_malformed_index(folder: Path, text: str | None, reason: str) -> None:
    if text is not None:
        (folder / "index.json").write_text(text, encoding="utf-8")
    with pytest.raises(AdderSRError, match=rf"index\.json is not usable \(.*{reason}"):
        zoo.entries()


def test_the_shipped_index_is_sound() -> None:
    entries = zoo.entries()
    names = [entry.name for entry in entries]
    assert len(set(names)) == len(names)
    for entry in entries:
        for path in (entry.checkpoint, entry.onnx):
            assert path.is_file()
            # In integers most of it are tables of the power activation, one for each channel.
            most = 200 if path == entry.checkpoint or entry.precision == "fp32" else 1000
            assert path.stat().st_size <= most * 1024
        if entry.twin is not None:
            twin = zoo.find(entry.twin)
            assert {entry.kind, twin.kind} == {"adder", "cnn"}
            assert (entry.architecture, entry.scale) == (twin.architecture, twin.scale)
    for scale in {entry.scale for entry in entries}:
        assert zoo.default_for(scale).scale == scale
