"""Layers, borders, a whole network in integers, and pictures on 64-bit Arm (``aarch64.py``)."""

from pathlib import Path

import numpy as np
import pytest

from .aarch64 import Aarch64, machine
from .adder_conv_cases import Case, case
from .fused_conv_cases import CONV_KINDS, ConvKind, conv_layer
from .image_cases import Call as ImageCall
from .image_cases import node_model as image_model
from .image_cases import to_luma, to_rgb
from .integer_network import Network
from .qlinear_cases import node_model as layer_model
from .quantization_cases import Call, call_name, dequantize, quantize, requantize
from .quantization_cases import node_model as call_model

# The kernels of a network: those of the convolutions, of the adder layers, of the borders.
FORCED = {
    "neon": {"neon_conv_uint8", "neon_conv_int16", "neon_uint8", "neon_quantization"},
    "neon_dotprod": {
        "neon_conv_uint8",
        "neon_conv_int16",
        "neon_dotprod_uint8",
        "neon_quantization",
    },
    "portable": {
        "portable_conv_uint8",
        "portable_conv_int16",
        "portable_uint8",
        "portable_quantization",
    },
}

# What is forced, and a call. Each run starts onnxruntime in the emulator, so there are few; the C++
# tests run every kernel. Dot products are of no use to these ops: then they take what NEON has.
LARGE = Case("large_on_arm", (1, 17, 19, 55), (35, 17, 3, 3), pads=(1, 1, 1, 1))
GROUPS = case("groups_3_of_17_filters")
CONVS = [
    ("neon", LARGE, CONV_KINDS[0]),
    ("neon_dotprod", GROUPS, CONV_KINDS[1]),
    ("portable", LARGE, CONV_KINDS[3]),
    ("neon", GROUPS, CONV_KINDS[4]),
]
CALLS = [
    ("neon", quantize((2, 3, 5, 137), "uint8", 8, per_channel=True)),
    ("neon_dotprod", dequantize((1, 3, 137, 2), "int16", 3, per_channel=True, anchor=True)),
    ("neon", requantize((1, 4, 30, 17), "uint8", "int16", 12, per_channel=True)),
    ("portable", requantize((1, 4, 30, 17), "int16", "uint8", 8, per_channel=True)),
]
PICTURES = [
    ("neon", to_luma((2, 5, 37))),
    ("neon_dotprod", to_rgb((2, 5, 37), 2)),
    ("portable", to_rgb((1, 3, 20), 3, cubic=False)),
]


@pytest.fixture(scope="module")
def aarch64() -> Aarch64:
    return machine()


def kernel(forced: str, name: str) -> str:
    return f"{'neon' if forced == 'neon_dotprod' else forced}_{name}"


@pytest.mark.parametrize("forced", FORCED)
def test_a_network_equals_the_references(aarch64: Aarch64, tmp_path: Path, forced: str) -> None:
    network = Network(concatenated=True)
    x = np.random.default_rng(1).random((2, 1, 19, 37), np.float32)
    model = network.model(functions=False).SerializeToString()
    on_arm = aarch64.run(model, {"X": x}, ["Y"], tmp_path, forced=forced, threads=2)
    np.testing.assert_array_equal(on_arm.outputs[0], network.expected(x)[0])
    assert on_arm.kernels == FORCED[forced]


@pytest.mark.parametrize(
    ("forced", "one", "kind"), CONVS, ids=[f"{f}-{one.name}-{k.name}" for f, one, k in CONVS]
)
def test_a_convolution_equals_the_reference(
    aarch64: Aarch64, tmp_path: Path, forced: str, one: Case, kind: ConvKind
) -> None:
    made = conv_layer(one, kind)
    fed = {"X": made.x, "Z": made.z, "R": made.r}
    model = layer_model(made, fed=tuple(fed)).SerializeToString()
    on_arm = aarch64.run(model, fed, ["Y"], tmp_path, forced=forced, threads=2)
    np.testing.assert_array_equal(on_arm.outputs[0], made.expected())
    assert on_arm.kernels == {kernel(forced, f"conv_{kind.dtype}")}


@pytest.mark.parametrize(
    ("forced", "call"), CALLS, ids=[f"{forced}-{call_name(call)}" for forced, call in CALLS]
)
def test_a_border_equals_the_reference(
    aarch64: Aarch64, tmp_path: Path, forced: str, call: Call
) -> None:
    fed = {"X": call.inputs["X"]}
    model = call_model(call).SerializeToString()
    on_arm = aarch64.run(model, fed, ["Y"], tmp_path, forced=forced)
    y, expected = on_arm.outputs[0], call.expected()
    assert y.dtype == expected.dtype
    assert y.shape == expected.shape
    assert y.tobytes() == expected.tobytes()
    assert on_arm.kernels == {kernel(forced, "quantization")}


@pytest.mark.parametrize(("forced", "call"), PICTURES, ids=[call.op for _, call in PICTURES])
def test_a_picture_equals_the_reference(
    aarch64: Aarch64, tmp_path: Path, forced: str, call: ImageCall
) -> None:
    model = image_model(call).SerializeToString()
    on_arm = aarch64.run(model, call.fed, ["Z"], tmp_path, forced=forced, threads=2)
    y, expected = on_arm.outputs[0], call.expected()
    assert y.dtype == expected.dtype
    assert y.shape == expected.shape
    assert y.tobytes() == expected.tobytes()
    assert on_arm.kernels == {kernel(forced, "image")}
