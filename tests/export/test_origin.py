"""A file in integers with one wrong constant does not pass, however small the mistake."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import pytest

pytest.importorskip("torch", reason="needs the extra 'export'")
pytest.importorskip("onnxscript", reason="needs the extra 'export'")

from addersr.errors import AdderSRError
from addersr.export import ExportOptions, export_onnx
from addersr.export.file_verification import verify_file
from addersr.export.origin import compare_with_float
from addersr.export.quantization import quantize
from addersr.models.super_resolution import SuperResolution

from .conftest import ARGUMENTS


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory, photo: npt.NDArray[np.uint8]) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for number in range(4):
        cv2.imwrite(str(folder / f"{number}.png"), np.rot90(photo, number))
    return folder


@pytest.fixture(scope="module")
def pair(model: SuperResolution, photos: Path) -> tuple[bytes, onnx.ModelProto]:
    """Integers and float32, with pictures."""
    original = export_onnx(
        model, architecture="mobile", arguments=ARGUMENTS, options=ExportOptions(io="uint8")
    )
    return quantize(original, photos).model.SerializeToString(), original


def changed(exported: bytes, name: str, change: Callable[[Any], None]) -> bytes:
    file = onnx.load_from_string(exported)
    (tensor,) = (t for t in file.graph.initializer if t.name.endswith(name))
    values = onnx.numpy_helper.to_array(tensor).copy()
    change(values.reshape(-1))
    tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    return file.SerializeToString()


def flip_lowest_bit(values: Any) -> None:
    values[0] ^= 1


def test_right_file_passes(pair: tuple[bytes, onnx.ModelProto]) -> None:
    origin = compare_with_float(*pair)
    assert origin.parameters.passed, origin.parameters.wrong
    assert len(origin.parameters.identical) > 20
    assert origin.comparison.passed
    assert 0 < origin.comparison.tolerance < 0.5
    assert origin.psnr > 40
    assert origin.layer.passed
    # Tight: half steps are really used up.
    assert origin.layer.error > 0.5 * origin.layer.tolerance
    comparisons = verify_file(pair[0])
    assert [row.name for row in comparisons][-1] == "onnxruntime alone"
    assert all(row.passed and row.error == 0 for row in comparisons)


@pytest.mark.parametrize(
    "name", ["blocks.0.adder.weight", "blocks.1.adder.x_zero_point", "tail.weight", "adder.table"]
)
def test_one_wrong_integer_is_found(pair: tuple[bytes, onnx.ModelProto], name: str) -> None:
    names = [t.name for t in onnx.load_from_string(pair[0]).graph.initializer]
    (found, *_) = (known for known in names if name in known)
    origin = compare_with_float(changed(pair[0], found, flip_lowest_bit), pair[1])
    assert origin.parameters.wrong == (found,)


def test_changed_attribute_and_metadata_are_found(pair: tuple[bytes, onnx.ModelProto]) -> None:
    file = onnx.load_from_string(pair[0])
    (node, *_) = (n for n in file.graph.node if n.op_type == "QLinearAdderConv")
    (fraction,) = (a for a in node.attribute if a.name == "table_fraction")
    fraction.i += 1
    (scale,) = (p for p in file.metadata_props if p.key == "addersr.scale")
    scale.value = "3"
    wrong = compare_with_float(file.SerializeToString(), pair[1]).parameters.wrong
    assert wrong == (f"{node.name} (node)", "addersr.scale (metadata)")


def test_missing_node_is_found(pair: tuple[bytes, onnx.ModelProto]) -> None:
    file = onnx.load_from_string(pair[0])
    extra = onnx.helper.make_node("Identity", ["input"], ["unused"], name="extra")
    file.graph.node.append(extra)
    wrong = compare_with_float(file.SerializeToString(), pair[1]).parameters.wrong
    assert wrong == ("extra (node)",)


def test_float_file_has_no_plan(pair: tuple[bytes, onnx.ModelProto]) -> None:
    with pytest.raises(AdderSRError, match="no quantisation plan"):
        compare_with_float(pair[1].SerializeToString(), pair[1])


def test_file_of_one_size_is_not_tried(model: SuperResolution) -> None:
    fixed = export_onnx(
        model, architecture="mobile", arguments=ARGUMENTS, options=ExportOptions(size=(9, 8))
    )
    with pytest.raises(AdderSRError, match="without --size"):
        verify_file(fixed.SerializeToString())
