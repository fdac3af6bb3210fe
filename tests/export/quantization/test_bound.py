"""The derived bounds hold for random networks, and notice what is wrong."""

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addersr.export.quantization.bound import check_layers, propagated_bound
from addersr.export.quantization.layers import Network
from addersr.export.quantization.lower import integer_name
from addersr.runtime.plan import Plan

from .factory import NETWORKS, Factory, mobile, picture
from .quantizing import lowered, planned, run_kernels, with_integers


def check(network: Network, plan: Plan, model: onnx.ModelProto, seed: int = 9) -> list[float]:
    """Shares of their bounds: of the output, and of every layer."""
    x = picture(10, 13, network.channels["input"], seed=seed)
    outputs = run_kernels(with_integers(network, model), x)
    expected, bound = propagated_bound(network, plan, x)
    assert outputs["output"].shape == expected.shape == bound.shape
    shares = [float((np.abs(outputs["output"] - expected) / bound).max())]
    integers = {name: outputs[integer_name(name)] for name in network.tensors}
    return shares + [one.error / one.bound for one in check_layers(network, plan, integers)]


@pytest.mark.parametrize("precision", ["u8", "i16", "mixed"])
@pytest.mark.parametrize("name", NETWORKS)
def test_networks_stay_within_their_bounds(name: str, precision: str) -> None:
    network, plan = planned(NETWORKS[name](6), precision)
    shares = check(network, plan, lowered(network, plan))
    assert max(shares) <= 1
    # They are no more than needed: some value uses much of it in every layer.
    assert min(shares[1:]) > 0.15


@settings(max_examples=30, deadline=None, derandomize=True)
@given(data=st.data())
def test_random_networks_stay_within_their_bounds(data: st.DataObject) -> None:
    f = Factory(data.draw(st.integers(0, 1 << 20), label="seed"))
    width = data.draw(st.sampled_from([4, 6, 8]), label="width")
    x = f.last(f.conv("input", width, data.draw(st.sampled_from([1, 3]))))
    for _ in range(data.draw(st.integers(1, 3), label="layers")):
        grown = data.draw(st.booleans())
        outputs = data.draw(st.sampled_from([4, 6, 8])) if grown else f.channels[x]
        group = data.draw(st.sampled_from([1, 2]))
        keeps = outputs == f.channels[x]
        values = f.random.uniform(0.6, 1.6, outputs)
        slopes = f.random.uniform(-0.5, 1.0, outputs)
        x = f.adder(
            x,
            outputs,
            data.draw(st.sampled_from([1, 3, 5])),
            group,
            z=x if keeps and data.draw(st.booleans()) else "none",
            r=x if keeps and data.draw(st.booleans()) else "none",
            alpha=data.draw(st.sampled_from([1.0, 0.7, values])),
            slope=data.draw(st.sampled_from([1.0, 0.0, 0.25, slopes])),
            clip=data.draw(st.sampled_from([(-np.inf, np.inf), (-1.0, 1.0), (-np.inf, 0.5)])),
            strides=data.draw(st.sampled_from([[1, 1], [1, 2]])) if not keeps else [1, 1],
        )
    model = f.model(f.conv(f.first(x), 4), anchored=False)
    precision = data.draw(st.sampled_from(["u8", "i16", "mixed"]), label="precision")
    bits = data.draw(st.integers(2, 8), label="bits") if precision == "u8" else None
    network, plan = planned(model, precision, bits)
    assert max(check(network, plan, lowered(network, plan))) <= 1


def changed(
    model: onnx.ModelProto, name: str, index: int, by: int, count: int = 1
) -> onnx.ModelProto:
    """The file with one other integer, or ``count`` of them, in a constant."""
    wrong = onnx.ModelProto()
    wrong.CopyFrom(model)
    (tensor,) = [one for one in wrong.graph.initializer if one.name == name]
    values = onnx.numpy_helper.to_array(tensor).copy()
    values.flat[index : index + count] += by
    tensor.CopyFrom(onnx.numpy_helper.from_array(values, name))
    return wrong


@pytest.mark.parametrize(
    "name", ["adder2.weight", "adder2.x_zero_point", "conv5.weight", "conv5.offset", "adder2.table"]
)
def test_a_wrong_integer_leaves_the_bound_of_its_layer(name: str) -> None:
    network, plan = planned(mobile())
    model = lowered(network, plan)
    size = {one.name: int(np.prod(one.dims)) for one in model.graph.initializer}[name]
    by = {"weight": 60, "offset": 1 << 20, "table": 2, "x_zero_point": 40}[name.split(".")[1]]
    wrong = changed(model, name, size // 2, by, 4096 if name.endswith("table") else 1)
    assert max(check(network, plan, wrong)[1:]) > 1
    assert max(check(network, plan, model)[1:]) <= 1
