"""Whatever the network: what the passes make of it computes what torch computes."""

import copy

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'export'")
pytest.importorskip("onnxscript", reason="needs the extra 'export'")

from addersr.custom_ops import DOMAIN
from addersr.export import export_module
from addersr.export.expectation import reference
from addersr.export.tolerance import network_tolerance
from addersr.runtime.session import create_session, run_session

from .random_networks import CHANNELS, Network, random_network

SIZES = ((1, 11, 14), (2, 8, 9))


def assert_computes(network: Network, proto: onnx.ModelProto) -> None:
    """In onnxruntime with our kernels and without, and on the numpy references."""
    precise = copy.deepcopy(network).double()
    fast = create_session(proto.SerializeToString(), threads=1)
    slow = create_session(proto.SerializeToString(), threads=1, use_library=False)
    numpy_reference = reference(proto)
    for number, (batch, height, width) in enumerate(SIZES):
        x = np.random.default_rng(number).random((batch, CHANNELS, height, width), np.float32)
        exact, tolerance = network_tolerance(precise, torch.from_numpy(x).double())
        ways = {
            "library": run_session(fast, {"input": x})["output"],
            "function bodies": run_session(slow, {"input": x})["output"],
            "references": numpy_reference.run(None, {"input": x})[0],
        }
        for name, y in ways.items():
            error = np.abs(y - exact.numpy()).max()
            assert error <= tolerance, f"{name}: off by {error:.1e}, allowed {tolerance:.1e}"
        # A tolerance as large as the output would hide everything.
        assert float(exact.std()) > 10 * tolerance


@pytest.mark.parametrize("seed", range(6))
def test_layers_in_the_order_of_the_epilogue_become_one_node_each(seed: int) -> None:
    network = random_network(seed, in_order=True)
    proto = export_module(network, CHANNELS)
    assert_computes(network, proto)

    ops = [node.op_type for node in proto.graph.node]
    assert ops.count("FusedAdderConv") == len(network.layers)
    # Once into the region, and once out of it.
    assert set(ops) <= {"Conv", "Transpose", "FusedAdderConv", "Concat", "Add"}
    assert ops.count("Transpose") == 2
    assert all(
        onnx.helper.get_node_attr_value(node, "channels_last") == 1
        for node in proto.graph.node
        if node.domain == DOMAIN
    )


@pytest.mark.parametrize("seed", range(100, 107))
def test_other_orders_stay_right(seed: int) -> None:
    network = random_network(seed, in_order=False)
    proto = export_module(network, CHANNELS)
    assert_computes(network, proto)
    ops = [node.op_type for node in proto.graph.node]
    assert ops.count("FusedAdderConv") == len(network.layers)
