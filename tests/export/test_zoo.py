"""The shipped ONNX files are what the shipped checkpoints export to."""

import json
from typing import Any

import numpy as np
import onnx
import pytest

pytest.importorskip("torch", reason="needs the extra 'export'")
pytest.importorskip("onnxscript", reason="needs the extra 'export'")

from addersr import zoo
from addersr.export import export_onnx
from addersr.export.origin import compare_with_float
from addersr.models.checkpoint import load_model, read_metadata


def entries(*, integers: bool = False) -> list[Any]:
    found = [entry for entry in zoo.entries() if (entry.precision != "fp32") == integers]
    return [pytest.param(entry, id=entry.name) for entry in found] or [
        pytest.param(None, marks=pytest.mark.skip(reason="the zoo is empty"))
    ]


@pytest.mark.parametrize("entry", entries())
def test_shipped_file_is_the_export_of_its_checkpoint(entry: zoo.ZooEntry) -> None:
    metadata = read_metadata(entry.checkpoint)
    model = load_model(entry.checkpoint)
    arguments = json.loads(metadata["arguments"])
    fresh = export_onnx(model, architecture=metadata["architecture"], arguments=arguments)
    shipped = onnx.load(str(entry.onnx))

    assert entry.onnx.stat().st_size <= 200_000
    for tensor, other in zip(fresh.graph.initializer, shipped.graph.initializer, strict=True):
        assert tensor.name == other.name
        ours, theirs = (onnx.numpy_helper.to_array(t) for t in (tensor, other))
        if tensor.name in model.state_dict():
            assert ours.tobytes() == theirs.tobytes(), tensor.name
        else:
            # Folded: numpy's exponential and sums may round differently on another CPU.
            np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    # Without the numbers, the version that exported it, and the kernel shapes, which onnxscript
    # writes or leaves out by its own version, all the rest must be equal.
    for proto in (fresh, shipped):
        del proto.graph.initializer[:]
        for node in proto.graph.node:
            for attribute in [a for a in node.attribute if a.name == "kernel_shape"]:
                node.attribute.remove(attribute)
        proto.producer_version = ""
        for prop in proto.metadata_props:
            if prop.key == "addersr.version":
                prop.value = ""
    assert fresh == shipped


@pytest.mark.parametrize("entry", entries(integers=True))
def test_shipped_file_in_integers_is_what_its_plan_makes_of_the_other(entry: zoo.ZooEntry) -> None:
    (original,) = (
        other
        for other in zoo.entries()
        if (other.checkpoint, other.precision) == (entry.checkpoint, "fp32")
    )
    # Most of it are the tables of the power activation, one for each channel.
    assert entry.onnx.stat().st_size <= 1_000_000
    origin = compare_with_float(entry.onnx.read_bytes(), onnx.load(str(original.onnx)))
    assert origin.parameters.passed, origin.parameters.wrong
    assert origin.comparison.passed
    assert origin.psnr > 50
