"""What is in an exported file."""

import copy
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'export'")
pytest.importorskip("onnxscript", reason="needs the extra 'export'")

from torch import Tensor, nn

import addersr
from addersr.custom_ops import DOMAIN
from addersr.export import export_module, export_onnx, verify
from addersr.models import AdderConv2d
from addersr.models.super_resolution import SuperResolution
from addersr.runtime.model_info import read_model_info
from addersr.runtime.session import create_session, run_session


def adder_nodes(proto: onnx.ModelProto) -> list[onnx.NodeProto]:
    return [node for node in proto.graph.node if node.domain == DOMAIN]


@pytest.mark.parametrize(
    ("kind", "scale", "arguments"),
    [
        # 32x32x3x3 filters: too large for what the folding passes fold if left alone.
        ("adder", 4, {"channels": 32, "blocks": 1, "shortcut": False, "power": False}),
        ("adder", 3, {"channels": 8, "blocks": 3, "norm": "batch"}),
        ("cnn", 2, {"channels": 8, "blocks": 2}),
    ],
)
def test_variants_are_verified_and_small(
    make_model: Callable[..., SuperResolution], kind: str, scale: int, arguments: dict[str, Any]
) -> None:
    model = make_model(kind, scale, **arguments)
    proto = export_onnx(model, architecture="mobile", arguments=arguments)
    exported = proto.SerializeToString()

    report = verify(model, exported)
    assert report.passed, report.problems

    adders = arguments["blocks"] if kind == "adder" else 0
    assert len(adder_nodes(proto)) == adders
    assert len(proto.functions) == (1 if adders else 0)
    constants = {tensor.name for tensor in proto.graph.initializer}
    for node in proto.graph.node:
        assert not set(node.input) <= constants, f"{node.name} was not folded"

    weights = sum(4 * parameter.numel() for parameter in model.parameters())
    assert len(exported) < weights + 25_000
    info = read_model_info(exported)
    assert (info.architecture, info.kind, info.scale) == ("mobile", kind, scale)
    assert info.arguments == arguments
    assert info.halo == arguments["blocks"] + 2


def test_names_tell_the_layer(exported: bytes) -> None:
    graph = onnx.load_from_string(exported).graph
    assert (graph.input[0].name, graph.output[0].name) == ("input", "output")
    assert [node.name for node in adder_nodes(onnx.load_from_string(exported))] == [
        "blocks.0.adder/FusedAdderConv",
        "blocks.1.adder/FusedAdderConv",
    ]
    assert graph.node[0].name == "head/Conv"
    assert len({node.name for node in graph.node}) == len(graph.node)
    assert {"head.weight", "blocks.1.adder.weight", "blocks.1.adder.bias"} <= {
        tensor.name for tensor in graph.initializer
    }


def test_adder_layer_has_the_attributes_of_conv(exported: bytes) -> None:
    (node, _) = adder_nodes(onnx.load_from_string(exported))
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    assert attributes.pop("auto_pad", b"NOTSET") == b"NOTSET"
    assert attributes == {
        "channels_last": 1,
        "dilations": [1, 1],
        "group": 1,
        "kernel_shape": [3, 3],
        "pads": [1, 1, 1, 1],
        "strides": [1, 1],
    }


def test_file_says_what_it_is_and_loads_in_old_runtimes(exported: bytes) -> None:
    proto = onnx.load_from_string(exported)
    assert proto.ir_version <= 10
    opsets = {opset.domain: opset.version for opset in proto.opset_import}
    assert opsets.pop("") <= 20
    assert opsets == {DOMAIN: 1}
    assert (proto.producer_name, proto.producer_version) == ("addersr", addersr.__version__)
    metadata = {prop.key: prop.value for prop in proto.metadata_props}
    assert json.loads(metadata.pop("addersr.arguments")) == {"blocks": 2, "channels": 8}
    assert metadata == {
        "addersr.version": addersr.__version__,
        "addersr.architecture": "mobile",
        "addersr.kind": "adder",
        "addersr.scale": "2",
        "addersr.colour": "y",
        "addersr.precision": "fp32",
        "addersr.calibration": "none",
        "addersr.halo": "4",
        "addersr.io": "float",
        # Two tensors of 8 channels and the luma, in float32.
        "addersr.bytes_per_pixel": "68",
    }


def test_nothing_of_torch_is_left(exported: bytes) -> None:
    proto = onnx.load_from_string(exported)
    assert not any(node.metadata_props or node.doc_string for node in proto.graph.node)
    assert not any(tensor.metadata_props for tensor in proto.graph.initializer)
    assert not proto.graph.metadata_props
    for trace in (b"torch", b".py", b"/models", b"p_head"):
        assert trace not in exported


def test_same_weights_give_the_same_bytes(
    model: SuperResolution, exported: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    """In training mode too, without a word, and without a trace in the model."""
    training = copy.deepcopy(model).train().requires_grad_(True)
    arguments = {"blocks": 2, "channels": 8}  # another order
    again = export_onnx(training, architecture="mobile", arguments=arguments)
    assert again.SerializeToString() == exported
    assert capfd.readouterr() == ("", "")
    assert training.training
    for name, parameter in training.named_parameters():
        assert parameter.requires_grad
        assert torch.equal(parameter, model.get_parameter(name))


@pytest.mark.parametrize("size", [(1, 1, 1), (3, 5, 2), (1, 33, 64)])
def test_any_size_and_batch(exported: bytes, size: tuple[int, int, int]) -> None:
    batch, height, width = size
    session = create_session(exported)
    assert session.get_inputs()[0].shape == ["batch", 1, "height", "width"]
    x = np.zeros((batch, 1, height, width), np.float32)
    y = run_session(session, {"input": x})["output"]
    assert y.shape == (batch, 1, 2 * height, 2 * width)


class Layers(nn.Module):
    """Adder convolutions with every attribute, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.strided = AdderConv2d(4, 6, 3, stride=(2, 1), padding=(2, 0))
        self.grouped = AdderConv2d(6, 4, (1, 3), padding=(0, 1), groups=2, centred=True)
        self.dilated = AdderConv2d(4, 3, (3, 2), dilation=(1, 3), padding=(0, 2))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.dilated(self.grouped(self.strided(x) / 16) / 16)
        return y


def test_every_attribute_of_a_layer_arrives() -> None:
    torch.manual_seed(7)
    layers = Layers()
    exported = export_module(layers, 4)
    x = torch.randn(2, 4, 11, 14)
    with torch.no_grad():
        expected = layers(x).numpy()
    for use_library in (True, False):
        session = create_session(exported.SerializeToString(), use_library=use_library)
        y = run_session(session, {"input": x.numpy()})["output"]
        np.testing.assert_allclose(y, expected, rtol=1e-6)
    pads = [list(onnx.helper.get_node_attr_value(node, "pads")) for node in adder_nodes(exported)]
    assert pads == [[2, 0, 2, 0], [0, 1, 0, 1], [0, 2, 0, 2]]
