"""A whole network in integers: the same bits with our kernels, without them, in tiles, in numpy."""

import numpy as np
import onnx
import pytest

from addersr.custom_ops import library_info

from .adder_conv_model import session
from .integer_network import HALO, Array, Network

NETWORKS = [Network(False), Network(True)]


@pytest.fixture(params=NETWORKS, ids=["plain", "concatenated"])
def network(request: pytest.FixtureRequest) -> Network:
    one: Network = request.param
    return one


def luma(height: int, width: int, batch: int = 1) -> Array:
    """Smooth, with edges and noise, 0 to 1."""
    rng = np.random.default_rng(height)
    rows, columns = np.mgrid[0:height, 0:width]
    image = (
        0.5
        + 0.3 * np.sin(columns / 5) * np.cos(rows / 7)
        + rng.normal(0, 0.05, (batch, 1, height, width))
    )
    image[:, :, height // 3 : height // 2, width // 4 : width // 2] += 0.3
    clipped: Array = np.clip(image, 0, 1).astype(np.float32)
    return clipped


def run(network: Network, x: Array, *, library: bool = True, threads: int = 1) -> Array:
    runner = session(network.model(functions=not library), library=library, threads=threads)
    return np.asarray(runner.run(None, {"X": x})[0])


def test_every_tensor_uses_its_range(network: Network) -> None:
    y, tensors = network.expected(luma(37, 53))
    for tensor in tensors:
        ends = (tensor == tensor.min()) | (tensor == tensor.max())
        assert len(np.unique(tensor)) > 150
        assert ends.mean() < 0.2
    assert y.shape == (1, 1, 74, 106)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_library_equals_numpy(network: Network, threads: int) -> None:
    for x in (luma(37, 53), luma(70, 121, batch=2), luma(1, 1)):
        np.testing.assert_array_equal(run(network, x, threads=threads), network.expected(x)[0])


def test_plain_onnxruntime_equals_numpy(network: Network) -> None:
    x = luma(37, 53)
    np.testing.assert_array_equal(run(network, x, library=False), network.expected(x)[0])


def test_tiles_equal_the_whole_image(network: Network) -> None:
    x = luma(61, 67)
    runner = session(network.model(functions=False), library=True)
    (whole,) = runner.run(None, {"X": x})
    for top, left, height, width in ((0, 0, 30, 40), (17, 23, 25, 31), (40, 40, 21, 27)):
        part = x[:, :, top : top + height, left : left + width]
        (tile,) = runner.run(None, {"X": part})
        inside = slice(2 * HALO, -2 * HALO)
        np.testing.assert_array_equal(
            tile[:, :, inside, inside],
            whole[:, :, 2 * top : 2 * (top + height), 2 * left : 2 * (left + width)][
                :, :, inside, inside
            ],
        )


def test_only_our_kernels_run(network: Network) -> None:
    before = library_info()
    run(network, luma(20, 20))
    after = library_info()
    called = {name for name, calls in after.calls.items() if calls > before.calls[name]}
    ops = ("QLinearAdderConv uint8", "QLinearFusedConv uint8", "QLinearFusedConv int16")
    assert called == {after.kernels[op] for op in (*ops, "quantization")}


def test_the_model_is_valid_with_its_bodies(network: Network) -> None:
    onnx.checker.check_model(network.model(functions=True), full_check=True)


@pytest.mark.parametrize("dtype", ["uint8", "int16"])
def test_plain_onnxruntime_concatenates_integers(dtype: str) -> None:
    element = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    inputs = {
        name: np.random.default_rng(index).integers(0, 256, (1, 3, 4, channels)).astype(dtype)
        for index, (name, channels) in enumerate((("A", 16), ("B", 5)))
    }
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Concat", list(inputs), ["Y"], axis=3)],
        "concat",
        [
            onnx.helper.make_tensor_value_info(name, element, value.shape)
            for name, value in inputs.items()
        ],
        [onnx.helper.make_tensor_value_info("Y", element, [1, 3, 4, 21])],
    )
    opsets = [onnx.helper.make_opsetid("", 18)]
    model = onnx.helper.make_model(graph, ir_version=9, opset_imports=opsets)
    (joined,) = session(model, library=False).run(None, inputs)
    np.testing.assert_array_equal(joined, np.concatenate(list(inputs.values()), axis=3))
