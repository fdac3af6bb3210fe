from dataclasses import replace
from pathlib import Path

import pytest

import addersr
from addersr import custom_ops, zoo
from addersr.errors import AdderSRError
from addersr.runtime import doctor, upscaler
from addersr.runtime.doctor import diagnose
from addersr.runtime.installed import library_path

from .engine import needs_engine


def test_a_sound_installation(adder_model: Path) -> None:
    result = diagnose(str(adder_model)).to_json()
    info = custom_ops.library_info()
    assert result["problems"] == ()
    assert result["version"] == addersr.__version__
    assert result["library"] == str(custom_ops.library_path())
    assert result["isa"] == info.isa
    assert result["available_isas"] == info.available_isas
    # Each library measures and chooses for itself.
    assert result["kernel"] in info.calls
    assert result["kernel"].startswith(f"{info.isa}_")
    assert result["embedding_library"] == str(library_path())
    assert result["fast_path"] is True
    assert result["onnxruntime"].count(".") == 2


def test_the_zoo_s_model_is_tried_by_default() -> None:
    result = diagnose()
    if not zoo.entries():
        assert result.problems == (
            "The zoo has no model for scale 2. Scales with one: none; the zoo is empty.",
        )
        return
    assert result.model == zoo.default_for(2).name
    assert result.fast_path
    assert result.problems == ()


@needs_engine
def test_a_missing_library(adder_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise AdderSRError("The op library lib.so is missing.")

    monkeypatch.setattr(custom_ops, "library_info", missing)
    monkeypatch.setattr(custom_ops, "library_path", missing)
    result = diagnose(str(adder_model))
    assert result.library is None
    assert result.isa is None
    # The library that enlarges images has the operators inside.
    assert result.fast_path
    assert result.problems == ("The op library lib.so is missing.",)


def test_a_missing_embedding_library(adder_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Path:
        raise AdderSRError("The library lib.so is missing.")

    monkeypatch.setattr(doctor, "library_path", missing)
    monkeypatch.setattr(upscaler, "library_path", missing)
    result = diagnose(str(adder_model))
    assert result.embedding_library is None
    assert result.kernel is None
    assert not result.fast_path
    assert result.problems == ("The library lib.so is missing.",)


def test_a_forced_instruction_set_that_cannot_be(
    adder_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The library reads the variable once; a fresh process is tested with the command line.
    info = replace(custom_ops.library_info(), isa="", kernel="", error="No such set: mmx.")
    monkeypatch.setattr(custom_ops, "library_info", lambda: info)
    monkeypatch.setenv("ADDERSR_FORCE_ISA", "mmx")
    result = diagnose(str(adder_model))
    assert result.forced_isa == "mmx"
    assert result.isa is None
    assert not result.fast_path
    assert result.problems == ("No such set: mmx.",)


def test_a_model_without_adders_and_no_model(cnn_model: Path, tmp_path: Path) -> None:
    assert "no adder operators" in diagnose(str(cnn_model)).problems[0]
    result = diagnose(str(tmp_path / "none.onnx"))
    assert "There is no model file" in result.problems[0]
    assert not result.fast_path
