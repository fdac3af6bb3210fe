"""What is read from ONNX files."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="reads ONNX files")

from addersr import zoo
from addersr.custom_ops import DOMAIN
from addersr.custom_ops.fused_adder_conv import INPUTS
from addersr.errors import AdderSRError
from addersr.export.counts.memory import peak_activations
from addersr.export.counts.of_file import report_file
from addersr.export.counts.onnx_graph import load, read_graph
from addersr.export.counts.operations import total
from addersr.export.counts.receptive_field import receptive_field

from ...custom_ops.integer_network import CHANNELS, HALO, Network
from ...model_factory import super_resolution_model
from .graphs import Model, read

PADS = {"pads": [1, 1, 1, 1]}


def fused(model: Model, x: str, channels: int, *, z: bool) -> str:
    """A FusedAdderConv, channels last, maybe with its self-shortcut."""
    w = model.random.normal(0, 1, (channels, channels, 3, 3)).astype(np.float32)
    ones, zeros = np.ones(channels, np.float32), np.zeros(channels, np.float32)
    nothing = np.zeros((1, 1, 1, 1), np.float32)
    values = {
        "X": x,
        "W": w,
        "scale": ones,
        "bias": zeros,
        "Z": x if z else nothing,
        "alpha": np.ones(1, np.float32),
        "slope": ones,
        "R": nothing,
        "clip_min": np.array(-np.inf, np.float32),
        "clip_max": np.array(np.inf, np.float32),
    }
    inputs = [values[name] for name in INPUTS]
    return model.add("FusedAdderConv", *inputs, domain=DOMAIN, channels_last=1, **PADS)


def test_shipped_adder_model() -> None:
    """mobile, 24 channels and 4 blocks: taps by hand."""
    graph = read(zoo.find("tiny-x2-adder").onnx, (360, 640))
    ends, block = 9 * 24 * (1 + 4) * 230_400, 9 * 24 * 24 * 230_400
    counts = total(layer for _, layer in graph.layers)
    assert counts.multiplications == ends
    assert counts.additions == ends + 4 * 2 * block
    assert counts.pure_taps is None
    assert receptive_field(graph) == (13, 13)
    # The input and the output of a layer of 24 channels, and the image that is the anchor.
    assert peak_activations(graph) == 4 * 230_400 * (24 + 24 + 1)


def test_names_are_those_of_the_modules() -> None:
    names = [operation.name for operation, _ in read(zoo.find("tiny-x2-adder").onnx).layers]
    assert names == ["head", *(f"blocks.{i}.adder" for i in range(4)), "tail"]


def test_fused_graph_equals_the_unfused(tmp_path: Path) -> None:
    """One Transpose at each end, channels last between, as export writes it."""
    model = Model()
    x = model.conv("input", 8, 1, **PADS)
    x = model.add("Transpose", x, perm=[0, 2, 3, 1])
    for _ in range(2):
        x = fused(model, x, 8, z=True)
    x = model.conv(model.add("Transpose", x, perm=[0, 3, 1, 2]), 4, 8, **PADS)
    model.add("DepthToSpace", model.add("Add", x, "input"), blocksize=2, mode="CRD")
    graph = read(model.save(tmp_path), (10, 12))
    layers = [layer for _, layer in graph.layers]
    assert [one.adder for one in layers] == [False, True, True, False]
    assert [one.output_size for one in layers] == [(10, 12)] * 4
    assert [one.taps for one in layers] == [9 * 8 * 120, 9 * 64 * 120, 9 * 64 * 120, 9 * 32 * 120]
    # Filters, scale, bias and slope; what is one value for all is neutral.
    assert layers[1].parameters == 9 * 64 + 3 * 8
    assert receptive_field(graph) == (9, 9)
    assert peak_activations(graph) == 4 * 120 * (8 + 8 + 1)


@pytest.mark.parametrize("concatenated", [False, True])
def test_integer_network(concatenated: bool, tmp_path: Path) -> None:
    network = Network(concatenated)
    path = tmp_path / "integers.onnx"
    path.write_bytes(network.model(functions=True).SerializeToString())
    graph = read(path, (20, 30))
    assert [one.op for one, _ in graph.layers] == [
        "QLinearFusedConv",
        "QLinearAdderConv",
        "QLinearAdderConv",
        "QLinearFusedConv",
    ]
    assert [layer.output_size for _, layer in graph.layers] == [(20, 30)] * 4
    assert receptive_field(graph) == (2 * HALO + 1, 2 * HALO + 1)
    pure = [layer.pure_taps for _, layer in graph.layers]
    expected = [int(np.isin(one.w, (0, 255)).sum()) for one in network.layers]
    assert min(expected) > 0
    assert pure == [0, *expected, 0]
    # Bytes between the layers: a tensor and the next, the image in fp32, and the kept head.
    kept = CHANNELS if concatenated else 0
    joined = 2 * CHANNELS if concatenated else CHANNELS
    layer_by_layer = 600 * (4 + kept + CHANNELS + max(CHANNELS, joined))
    assert peak_activations(graph) == max(layer_by_layer, 600 * (4 + 2 * 4 + 4 * 4))


def test_pure_taps_of_int16(tmp_path: Path) -> None:
    """Weights at the ends of the bits that the node says, not of the type."""
    model = onnx.ModelProto()
    model.CopyFrom(Network(False).model(functions=False))
    node = next(one for one in model.graph.node if one.op_type == "QLinearAdderConv")
    by_name = {one.name: one for one in model.graph.initializer}
    for attribute in node.attribute:
        if attribute.name == "bits":
            attribute.i = 7
    weights = onnx.numpy_helper.to_array(by_name[node.input[1]]).copy()
    weights = np.minimum(weights, 127)
    by_name[node.input[1]].CopyFrom(onnx.numpy_helper.from_array(weights, node.input[1]))
    path = tmp_path / "seven_bits.onnx"
    path.write_bytes(model.SerializeToString())
    first = read(path).layers[1][1]
    assert first.pure_taps == int(np.isin(weights, (0, 127)).sum())


def test_picture_in_and_out(tmp_path: Path) -> None:
    """uint8 RGB, luma through the network, chroma beside it."""
    from addersr.custom_ops.image import cubic_filter

    model = Model(pixels=True)
    x = model.conv(model.add("RgbToLuma", "input", domain=DOMAIN), 8, 1, **PADS)
    x = model.conv(model.adder(x, 8, 8, **PADS), 4, 8, **PADS)
    x = model.add("DepthToSpace", x, blocksize=2, mode="CRD")
    model.add("LumaToRgb", x, "input", cubic_filter(2), domain=DOMAIN)
    path = model.save(tmp_path, pixels=True)
    report = report_file(path, (40, 60))
    assert report.input == (20, 30)
    assert report.subject.scale == 2
    assert [one.adder for _, _, one in report.layers] == [False, True, False]
    assert report.this.receptive_field == (7, 7)
    assert set(report.uncounted) == {"RgbToLuma", "DepthToSpace", "LumaToRgb"}
    # The head reads the luma: it is the image, also for the twin.
    assert report.twin.counts.multiplications == 9 * 600 * (8 + 64 + 32)


def test_scale_of_a_foreign_file(tmp_path: Path) -> None:
    model = Model(channels=3)
    model.add("DepthToSpace", model.conv("input", 27, 3, **PADS), blocksize=3, mode="CRD")
    report = report_file(model.save(tmp_path), (30, 60))
    assert (report.subject.scale, report.input) == (3, (10, 20))
    assert report.subject.architecture is None
    assert report.this.kind == "cnn"


def test_file_for_one_size_is_counted_at_any(tmp_path: Path) -> None:
    path = tmp_path / "fixed.onnx"
    path.write_bytes(super_resolution_model(size=(24, 32)).SerializeToString())
    free = tmp_path / "free.onnx"
    free.write_bytes(super_resolution_model().SerializeToString())
    assert read(path, (50, 60)) == read(free, (50, 60))


def test_quantised_by_other_tools(tmp_path: Path) -> None:
    """Weights behind a DequantizeLinear are weights; a QLinearConv is a convolution."""
    model = Model(channels=3)
    scale, zero = np.array(0.02, np.float32), np.array(0, np.uint8)
    x = model.add("QuantizeLinear", "input", scale, zero)
    w = np.ones((8, 3, 3, 3), np.uint8)
    x = model.add("QLinearConv", x, scale, zero, w, scale, zero, scale, zero, **PADS)
    x = model.add("DequantizeLinear", x, scale, zero)
    weights = model.add("DequantizeLinear", np.ones((4, 8, 3, 3), np.uint8), scale, zero)
    model.add("Conv", x, weights, **PADS)
    graph = read(model.save(tmp_path), (5, 7))
    assert [layer.taps for _, layer in graph.layers] == [35 * 27 * 8, 35 * 72 * 4]
    assert [layer.parameters for _, layer in graph.layers] == [27 * 8, 72 * 4]
    assert receptive_field(graph) == (5, 5)


def test_grouped_strided_dilated(tmp_path: Path) -> None:
    model = Model(channels=4)
    model.conv("input", 8, 4, group=2, strides=[2, 1], dilations=[1, 2], pads=[1, 2, 1, 2])
    layer = read(model.save(tmp_path), (10, 12)).layers[0][1]
    assert layer.taps == 9 * 2 * 8 * 5 * 12
    assert dataclasses.astuple(layer)[1:8] == (4, 8, (3, 3), (2, 1), (1, 2), 2, (5, 12))


def test_shared_weights_are_counted_once_but_run_twice(tmp_path: Path) -> None:
    model = Model(channels=4)
    w = model.random.normal(0, 1, (4, 4, 3, 3)).astype(np.float32)
    x = model.add("Conv", "input", w, **PADS)
    model.add("Conv", x, model.constants[0].name, **PADS)
    for node in model.nodes:
        node.name = "again/Conv"
    graph = read(model.save(tmp_path), (5, 5))
    assert graph.parameters == 144
    assert [operation.name for operation, _ in graph.layers] == ["again", "again #2"]
    assert total(layer for _, layer in graph.layers).multiplications == 2 * 144 * 25


def test_sizes_computed_from_the_image(tmp_path: Path) -> None:
    """The size of a Resize may come from the image's shape: it is no operation on its pixels."""
    model = Model(channels=1)
    shape = model.add("Shape", "input")
    size = model.add("Mul", shape, np.array([1, 1, 2, 2], np.int64))
    empty = np.zeros(0, np.float32)
    model.add("Resize", "input", empty, empty, size, mode="cubic")
    graph = read(model.save(tmp_path), (10, 12))
    assert [one.op for one in graph.operations] == ["Resize"]
    assert receptive_field(graph) == (4, 4)


def refused(path: Path, *words: str) -> None:
    with pytest.raises(AdderSRError) as caught:
        report_file(path, (720, 1280))
    sentence = str(caught.value)
    assert sentence.endswith(".")
    for word in words:
        assert word in sentence


def test_unknown_node_is_named(tmp_path: Path) -> None:
    model = Model()
    model.add("MatMul", model.conv("input", 4, 1, **PADS), "input")
    refused(model.save(tmp_path), "layer1/MatMul", "MatMul", "not known")


def test_unknown_domain_is_named(tmp_path: Path) -> None:
    model = Model()
    model.add("Conv", "input", domain="com.example")
    refused(model.save(tmp_path), "com.example::Conv", "not known")


def test_two_inputs(tmp_path: Path) -> None:
    model = Model()
    model.conv("input", 4, 1)
    proto = model.build()
    proto.graph.input.append(
        onnx.helper.make_tensor_value_info("other", onnx.TensorProto.FLOAT, [1])
    )
    path = tmp_path / "two.onnx"
    path.write_bytes(proto.SerializeToString())
    refused(path, "2 inputs", "one of each")


def test_shapes_that_do_not_fit_together(tmp_path: Path) -> None:
    model = Model()
    model.add("Add", model.conv("input", 4, 1, **PADS), np.zeros((1, 3, 1, 1), np.float32))
    refused(model.save(tmp_path), "does not fit together", "layer1/Add")


def test_channels_that_do_not_fit_together(tmp_path: Path) -> None:
    model = Model()
    model.adder(model.conv("input", 4, 1, **PADS), 8, 5, **PADS)
    refused(model.save(tmp_path), "AdderConv", "4")


def test_network_that_shrinks(tmp_path: Path) -> None:
    model = Model()
    model.conv("input", 1, 1, strides=[2, 2], **PADS)
    refused(model.save(tmp_path), "60x48", "whole number")


def test_operators_of_the_future(tmp_path: Path) -> None:
    path = tmp_path / "future.onnx"
    path.write_bytes(super_resolution_model(op_version=2).SerializeToString())
    refused(path, "version 2")


@pytest.mark.parametrize("content", [b"", b"no model, only text", b"\xff" * 64])
def test_no_model(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    refused(path, "bad.onnx")


def test_missing_file(tmp_path: Path) -> None:
    refused(tmp_path / "missing.onnx", "There is no model file")


def test_output_must_be_a_multiple_of_the_scale() -> None:
    with pytest.raises(AdderSRError, match=r"multiple of the scale 2, got 1281x720: 1280x720"):
        report_file(zoo.find("tiny-x2-adder").onnx, (720, 1281))


def test_another_scale() -> None:
    with pytest.raises(AdderSRError, match="enlarges by 2, not by 3"):
        report_file(zoo.find("tiny-x2-adder").onnx, (720, 1280), scale=3)


def test_reading_changes_nothing() -> None:
    file = load(zoo.find("tiny-x2-adder").onnx)
    before = file.model.SerializeToString(deterministic=True)
    read_graph(file, (10, 20))
    assert file.model.SerializeToString(deterministic=True) == before
