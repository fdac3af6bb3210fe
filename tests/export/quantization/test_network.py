"""What the reader makes of fp32 graphs, and what it refuses."""

from typing import Any

import numpy as np
import onnx
import pytest

from addersr.custom_ops import DOMAIN
from addersr.custom_ops.image import cubic_filter
from addersr.errors import AdderSRError
from addersr.export.quantization.layers import Concat, Layer, Shuffle
from addersr.export.quantization.network import read_network

from .factory import Factory, branches, mobile, residuals, strided, twin


def layers(model: onnx.ModelProto) -> list[Layer]:
    return list(read_network(model).layers)


def test_an_adder_network_is_its_layers() -> None:
    network = read_network(mobile())
    head, first, second, tail = network.steps
    assert [step.kind for step in layers(mobile())] == ["conv", "adder", "adder", "conv"]
    assert (network.start, network.end, network.last) == ("input", "output", tail.y)
    assert (network.blocksize, network.anchored) == (2, True)
    assert isinstance(first, Layer)
    assert isinstance(second, Layer)
    assert (first.x, first.z, first.r) == (head.y, head.y, None)
    assert (second.x, second.z) == (first.y, first.y)
    assert first.alpha.shape == first.slope.shape == (8,)
    assert network.channels_last[first.y]
    assert not network.channels_last[tail.y]


def test_shortcut_and_activation_of_a_convolution_become_its_own() -> None:
    network = read_network(twin())
    head, first, *_ = layers(twin())
    assert len(network.steps) == 4
    assert first.z == head.y
    assert first.t is not None
    assert first.t.endswith("/Add")
    assert first.y.endswith("/PRelu")
    assert first.has_curve


def test_residuals_after_the_activation() -> None:
    head, a, b, c, tail = layers(residuals())
    assert a.limits == (0.0, np.inf)
    assert not a.has_curve
    assert (b.z, b.r) == (a.y, head.y)
    # The sum behind the network's clip takes its place.
    assert (c.x, c.r, c.limits) == (b.y, b.y, (-0.5, 0.75))
    assert tail.x == c.y


def test_branches() -> None:
    network = read_network(branches())
    kinds = [type(step).__name__ for step in network.steps]
    assert kinds.count("Concat") == 2
    # What cannot be folded is a convolution by 1: PReLU of the head, which others read as it is.
    (alone,) = [layer for layer in network.layers if layer.name.endswith("/PRelu")]
    assert alone.attributes == {"group": 8}
    assert (alone.w == 1).all()
    assert alone.slope.shape == (8,)
    for step in network.steps:
        made = {network.start, *(one.y for one in network.steps[: network.steps.index(step)])}
        assert set(step.inputs) <= made


def test_depth_to_space_inside_and_no_anchor() -> None:
    network = read_network(strided())
    (shuffle,) = [step for step in network.steps if isinstance(step, Shuffle)]
    assert network.channels[shuffle.y] == 4
    assert (network.blocksize, network.anchored) == (2, False)
    assert not [step for step in network.steps if isinstance(step, Concat)]


def test_a_sum_behind_a_bare_adder_layer_comes_before_the_activation() -> None:
    f = Factory()
    head = f.conv("input", 4)
    x = f.add(f.first(f.adder(f.last(head), 4)), head)
    x = f.node("Relu", [f.node("Mul", [x, f.constant("half", 0.5)], 4)], 4)
    head_layer, adder, scaled, _ = layers(f.model(f.conv(x, 4)))
    assert (adder.z, adder.r) == (head_layer.y, None)
    # The residual is scaled too, which the sum cannot do.
    assert (scaled.scale == 0.5).all()
    assert scaled.limits == (0.0, np.inf)


def test_constant_factors_and_sums_are_folded() -> None:
    f = Factory()
    x = f.conv("input", 4)
    x = f.node("Mul", [x, f.constant("factor", 0.1)], 4)
    x = f.node("Add", [f.constant("shift", np.arange(4.0).reshape(4, 1, 1)), x], 4)
    x = f.node("LeakyRelu", [x], 4, alpha=0.2)
    x = f.node("Clip", [x, "", f.constant("six", 6)], 4)
    head, tail = layers(f.model(f.conv(x, 4)))
    np.testing.assert_allclose(head.scale, [0.1], rtol=1e-6)
    given = f.constants["conv0.bias"] * np.float32(0.1) + np.arange(4)
    np.testing.assert_allclose(head.bias, given, rtol=1e-6)
    np.testing.assert_allclose(head.slope, [0.2], rtol=1e-6)
    assert head.clip == (-np.inf, 6)
    assert tail.x == head.y


def picture_model() -> onnx.ModelProto:
    """The network of ``mobile`` from picture to picture."""
    model = mobile()
    for node in model.graph.node:
        for names in (node.input, node.output):
            renamed = {"input": "planes", "output": "enlarged"}
            names[:] = [renamed.get(name, name) for name in names]
    first = onnx.helper.make_node("RgbToLuma", ["input"], ["planes"], "first", domain=DOMAIN)
    last = onnx.helper.make_node(
        "LumaToRgb", ["enlarged", "input", "rows"], ["output"], "last", domain=DOMAIN
    )
    model.graph.node.insert(0, first)
    model.graph.node.append(last)
    model.graph.initializer.append(onnx.numpy_helper.from_array(cubic_filter(2), "rows"))
    for value in (model.graph.input[0], model.graph.output[0]):
        dims: list[Any] = ["batch", None, None, 3]
        made = onnx.helper.make_tensor_value_info(value.name, onnx.TensorProto.UINT8, dims)
        value.CopyFrom(made)
    return model


def test_pictures() -> None:
    network = read_network(picture_model())
    assert (network.start, network.end, network.anchored) == ("planes", "enlarged", True)
    assert [node.op_type for node in (*network.before, *network.after)] == [
        "RgbToLuma",
        "LumaToRgb",
    ]
    assert network.channels["planes"] == 1


def broken(change: str) -> onnx.ModelProto:
    f = Factory()
    x = f.conv("input", 4)
    if change == "op":
        x = f.node("Sigmoid", [x], 4)
    x = f.last(x)
    if change == "unfused":
        w = f.constant("w", np.zeros((4, 4, 1, 1)))
        x = f.node("AdderConv", [x, w, f.constant("b", np.zeros(4))], 4, domain=DOMAIN)
    x = f.adder(x, 4, alpha=0.0 if change == "alpha" else [1.0, 0.5, 2.0, 1.0])
    if change == "nan":
        f.constants[f"{x.split('/')[0]}.weight"][2, 1] = np.nan
    x = f.first(x)
    if change == "product":
        x = f.node("Mul", [x, x], 4)
    if change == "computed":
        w = f.node("Identity", [f.constant("w", np.zeros((4, 4, 1, 1)))], 4)
        x = f.node("Conv", [x, w], 4)
    model = f.model(f.conv(x, 4))
    if change == "version":
        model.opset_import[1].version = 2
    if change == "quantised":
        (entry,) = [one for one in model.metadata_props if one.key == "addersr.precision"]
        entry.value = "u8"
    return model


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("op", r"Cannot quantise sigmoid1/Sigmoid: Sigmoid has no counterpart in integers"),
        ("unfused", r"Cannot quantise adderconv2/AdderConv: .*export the model again"),
        ("alpha", r"Cannot quantise adder2/FusedAdderConv: its alpha must be above 0, got 0"),
        ("nan", r"Cannot quantise adder2/FusedAdderConv: its weight holds .* not finite"),
        ("product", r"Cannot quantise mul4/Mul: it multiplies two tensors"),
        ("computed", r"Cannot quantise identity4/Identity: it reads w, which no layer"),
        ("version", r"uses version 2 of the operators ai.addersr, and this addersr has version 1"),
        ("quantised", r"quantised already \(precision u8\)"),
    ],
)
def test_what_cannot_be_quantised_is_named(change: str, message: str) -> None:
    with pytest.raises(AdderSRError, match=message):
        read_network(broken(change))
