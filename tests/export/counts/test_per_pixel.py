"""The memory of activations that a file states."""

import pytest

onnx = pytest.importorskip("onnx", reason="the graphs of these tests need onnx")
pytest.importorskip("onnx_ir", reason="needs the extra 'export'")

from addersr import zoo
from addersr.export.benchmark.subjects import with_pictures
from addersr.export.counts.per_pixel import memory_metadata

KEY = "addersr.bytes_per_pixel"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Two tensors of 24 channels in float32, and the luma that the end adds.
        ("tiny-x2-adder", 2 * 24 * 4 + 4),
        # The same in bytes.
        ("tiny-x2-adder-u8", 2 * 24 + 4),
    ],
)
def test_files_of_the_zoo_state_their_memory(name: str, expected: int) -> None:
    model = onnx.load(str(zoo.find(name).onnx))
    stated = {entry.key: entry.value for entry in model.metadata_props}
    assert stated[KEY] == str(expected)
    assert memory_metadata(model) == {KEY: str(expected)}


def test_pictures_need_their_bytes_too() -> None:
    model = onnx.load(str(zoo.find("tiny-x2-adder").onnx))
    (stated,) = memory_metadata(onnx.load_from_string(with_pictures(model))).values()
    # The picture lies there until the end: three bytes a pixel.
    assert int(stated) == 2 * 24 * 4 + 4 + 3


def test_an_unknown_operator_leaves_it_out() -> None:
    model = onnx.load(str(zoo.find("tiny-x2-cnn").onnx))
    model.graph.node[0].op_type = "Unheard"
    assert memory_metadata(model) == {}
