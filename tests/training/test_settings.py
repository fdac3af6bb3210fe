"""Settings in a TOML file."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the extra 'train'")

from addersr.errors import AdderSRError
from addersr.training import TrainingConfig
from addersr.training.settings import make_config, read_settings, to_toml


def read(tmp_path: Path, text: str) -> dict[str, Any]:
    path = tmp_path / "run.toml"
    path.write_text(text)
    return read_settings(path)


def test_every_setting_by_its_name(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        """
        architecture = "mobile"
        data = "photos"
        validation = "/elsewhere"
        rate = 1
        steps = 7
        quantize = "u8"
        start = "../start.safetensors"
        [arguments]
        channels = 16
        norm = "batch"
        """,
    )
    assert settings == {
        "architecture": "mobile",
        "data": tmp_path / "photos",
        "validation": Path("/elsewhere"),
        "rate": 1.0,
        "steps": 7,
        "quantize": "u8",
        "start": tmp_path / "../start.safetensors",
        "arguments": {"channels": 16, "norm": "batch"},
    }
    assert type(settings["rate"]) is float
    config = make_config(settings)
    assert (config.kind, config.steps, config.adder_rate) == ("adder", 7, 5e-3)  # as for u8


def test_what_is_written_is_read(tmp_path: Path) -> None:
    config = TrainingConfig(
        "edsr",
        "cnn",
        tmp_path / 'a "quoted" folder \\ \x7f ü 🦋\n',
        arguments={"channels": 8, "upsampler": "conv", "power": False, "spread": 1e-05},
        rate=1e-07,
        adder_rate=123456.0,
        teacher=tmp_path / "t.safetensors",
        loss="charbonnier",
        filter_range=1.25,
    )
    path = tmp_path / "written.toml"
    path.write_text(to_toml(config), "utf-8")
    again = make_config(read_settings(path))
    # The arguments' defaults were written, too, as far as TOML has them.
    assert again.arguments == {
        "size": "baseline", "norm": "centred", "shortcut": True, **config.arguments,
    }  # fmt: skip
    assert dataclasses.replace(again, arguments=config.arguments) == config
    assert to_toml(again) == to_toml(config)


def test_all_settings_are_written(config: TrainingConfig) -> None:
    text = to_toml(config)
    names = {field.name for field in dataclasses.fields(config)} - {"arguments"}  # a table
    for name in names:
        value = getattr(config, name)
        assert (f"\n{name} = " in f"\n{text}") == (value is not None), name
    assert "\nchannels = 8\n" in text


def test_an_argument_that_toml_cannot_hold(config: TrainingConfig) -> None:
    config = dataclasses.replace(config, arguments={"norm": None})
    with pytest.raises(AdderSRError, match="TOML has no null, which is the argument norm"):
        to_toml(config)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("rates = 1", r"run.toml has the unknown setting rates: perhaps rate is meant\."),
        ("gpu = true", r"has the unknown setting gpu: expected some of architecture, kind, data,"),
        ("rate = 'fast'", r"Expected rate in .*run.toml to be a number, got fast \(text\)\."),
        ("steps = 1.5", r"Expected steps in .* to be a whole number, got 1.5 \(a number\)"),
        ("steps = true", r"Expected steps in .* to be a whole number, got True \(a truth value\)"),
        ("rate = true", r"Expected rate in .* to be a number, got True \(a truth value\)"),
        ("data = 3", r"Expected data in .* to be a path as text, got 3 \(a number\)"),
        ("arguments = [1]", r"Expected arguments in .* to be a table, got \[1\] \(a list\)"),
        ("loss = 1979-05-27", r"Expected loss in .* to be text, got 1979-05-27 \(a date\)"),
        (
            "[arguments]\nchannels = 1979-05-27",
            "Expected the argument channels in .* to be text, a number or a truth value, got 1979",
        ),
        ("rate = ", r"run.toml is not a TOML file: .*"),
    ],
)
def test_bad_files(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(AdderSRError, match=sentence):
        read(tmp_path, text)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(AdderSRError, match=r"Cannot read the settings .* No such file"):
        read_settings(tmp_path / "none.toml")
    with pytest.raises(AdderSRError, match="Cannot read the settings"):
        read_settings(tmp_path)
    path = tmp_path / "latin.toml"
    path.write_bytes("data = 'ü'".encode("latin-1"))
    with pytest.raises(AdderSRError, match="is not a TOML file"):
        read_settings(path)


@pytest.mark.parametrize("missing", ["architecture", "data"])
def test_what_a_run_cannot_be_without(missing: str) -> None:
    settings = {"architecture": "mobile", "data": Path("photos")}
    del settings[missing]
    with pytest.raises(AdderSRError, match=f"or as '{missing}' in --config"):
        make_config(settings)
