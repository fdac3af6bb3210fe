from contextlib import suppress
from pathlib import Path

import pytest

from addersr.errors import AdderSRError
from addersr.runtime.model_file import read_model_file
from addersr.runtime.model_info import read_model_info

from ..model_factory import HALO, metadata, super_resolution_model


def test_the_outside_of_a_model_is_what_onnx_reads() -> None:
    model = super_resolution_model("adder")
    file = read_model_file(model.SerializeToString())
    assert file.opsets == {opset.domain: opset.version for opset in model.opset_import}
    assert file.metadata == {prop.key: prop.value for prop in model.metadata_props}
    assert file.functions == 1
    assert file.domains == {"", "ai.addersr"}


def test_info_of_an_adder_and_of_a_cnn(adder_model: Path, cnn_model: Path) -> None:
    info = read_model_info(adder_model)
    assert (info.kind, info.scale, info.colour, info.halo) == ("adder", 2, "y", HALO)
    assert info.arguments == {"channels": 8}
    assert info.uses_adder_ops
    twin = read_model_info(cnn_model)
    assert twin.kind == "cnn"
    assert not twin.uses_adder_ops


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("kind", "shift", "kind 'shift'.*expected one of adder, cnn"),
        ("colour", "lab", "colour 'lab'.*expected one of y, rgb"),
        ("precision", "u4", "precision 'u4'.*expected one of fp32, u8, i16, mixed"),
        ("io", "yuv", "io 'yuv'.*expected one of float, uint8"),
        ("calibration", "", "has no metadata 'addersr.calibration'"),
        ("scale", "0", "scale '0'.*whole number from 1 to 16"),
        ("scale", "two", "scale 'two'"),
        ("scale", "²", "scale '²'"),
        ("halo", "-1", "halo '-1'"),
        ("arguments", "[]", "arguments.*a JSON object"),
        ("arguments", "{", "arguments.*a JSON object"),
        ("architecture", "", "has no metadata 'addersr.architecture'"),
    ],
)
def test_what_is_unknown_is_refused(key: str, value: str, message: str) -> None:
    model = super_resolution_model(metadata_props=metadata(**{key: value}))
    with pytest.raises(AdderSRError, match=message):
        read_model_info(model.SerializeToString())


def test_a_foreign_model_is_refused() -> None:
    model = super_resolution_model("cnn", metadata_props={})
    with pytest.raises(AdderSRError, match="made by 'addersr export'"):
        read_model_info(model.SerializeToString())


def test_another_op_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "newer.onnx"
    path.write_bytes(super_resolution_model(op_version=2).SerializeToString())
    expected = r"newer\.onnx uses version 2 of the operators ai\.addersr.*has version 1"
    with pytest.raises(AdderSRError, match=expected):
        read_model_info(path)


def _without_graph() -> bytes:
    model = super_resolution_model()
    model.ClearField("graph")
    return bytes(model.SerializeToString())


def _prefix(length: int) -> bytes:
    return bytes(super_resolution_model().SerializeToString())[:length]


NO_ONNX = {
    "zip": b"PK\x03\x04" + bytes(100),
    "text": b"This is a text and no model.",
    "ones": b"\xff" * 64,
    "zeros": bytes(64),
    "without its end": _prefix(-7),
    "beginning": _prefix(100),
    "without a graph": _without_graph(),
}


@pytest.mark.parametrize("name", NO_ONNX)
def test_what_is_no_onnx_is_refused(name: str) -> None:
    with pytest.raises(AdderSRError, match="not an ONNX model or is cut short"):
        read_model_file(NO_ONNX[name])


def test_no_prefix_of_a_model_breaks_the_reader() -> None:
    data = _prefix(-1)
    complete = 0
    for length in range(1, len(data), 37):
        with suppress(AdderSRError):
            read_model_file(data[:length])
            complete += 1  # cut between two fields, with all that is needed before
    assert complete < 30


def test_missing_empty_and_folder(tmp_path: Path) -> None:
    with pytest.raises(AdderSRError, match="There is no model file"):
        read_model_info(tmp_path / "none.onnx")
    with pytest.raises(AdderSRError, match="is a folder"):
        read_model_info(tmp_path)
    empty = tmp_path / "empty.onnx"
    empty.touch()
    with pytest.raises(AdderSRError, match=r"empty\.onnx is empty"):
        read_model_info(empty)
