"""The parameters of single layers."""

import numpy as np
import pytest

from addersr.export.quantization.integers import adder_weights, conv_weights
from addersr.export.quantization.layers import Layer
from addersr.runtime.plan import TensorPlan


def layer(kind: str, w: np.ndarray, group: int = 1) -> Layer:
    attributes = {"group": group}
    return Layer(name="it", kind=kind, x="x", y="y", w=w.astype(np.float32), attributes=attributes)


@pytest.mark.parametrize("group", [1, 3])
@pytest.mark.parametrize("dtype", ["uint8", "int16"])
def test_the_clamp_is_lossless_on_the_grid(dtype: str, group: int) -> None:
    # For weights on the grid and x of the range: Σ|x - w| = Σ|x - clip(w)| + remainder, exactly.
    random = np.random.default_rng(group)
    plan = TensorPlan(dtype, 8 if dtype == "uint8" else 11, (0.25,), (10, 70, 0, 3, 100, 55))
    zeros = plan.zero_points(6)
    w = random.integers(-3000, 3000, (6, 6 // group, 3, 3)) * 0.25
    integers, remainder = adder_weights(layer("adder", w, group), plan, 6)
    low, high = plan.range
    assert integers.min() == low
    assert integers.max() == high
    rows = np.repeat(zeros.reshape(group, -1), 6 // group, axis=0)[:, :, None, None]
    for _ in range(20):
        x = random.integers(low, high + 1, (6 // group, 3, 3))
        whole = np.abs((x - rows) * 0.25 - w).sum((1, 2, 3))
        clamped = np.abs(x - integers.astype(int)).sum((1, 2, 3)) * 0.25
        np.testing.assert_array_equal(whole, clamped + remainder)
    assert (remainder > 0).all()


def test_what_the_clamp_takes_is_not_rounded() -> None:
    plan = TensorPlan("uint8", 8, (0.5,), (0,))
    w = np.full((1, 1, 1, 1), 200.2)
    integers, remainder = adder_weights(layer("adder", w), plan, 1)
    assert integers.item() == 255
    assert remainder.item() == pytest.approx(200.2 - 127.5, rel=1e-6)


@pytest.mark.parametrize(("bits", "digits"), [(8, 14), (12, 11), (16, 7)])
def test_filters_of_convolutions_use_what_int32_leaves(bits: int, digits: int) -> None:
    random = np.random.default_rng(0)
    dtype = "uint8" if bits == 8 else "int16"
    scales = tuple(random.uniform(0.01, 0.1, 24))
    plan = TensorPlan(dtype, bits, scales, (0,))
    w = random.normal(0, 1, (5, 24, 3, 3))
    w[4] = 0
    integers, unit = conv_weights(layer("conv", w), plan, 24)
    total = np.abs(integers.astype(int)).sum((1, 2, 3)).max()
    assert total * ((1 << bits) - 1) < 1 << 30
    assert np.abs(integers[:4].astype(int)).max() >= 1 << (digits - 1)
    back = integers * unit[:, None, None, None] / np.array(scales)[None, :, None, None]
    half = unit[:, None, None, None] / np.array(scales)[None, :, None, None] / 2
    assert (np.abs(back - w) <= half * 1.0001).all()


def test_the_layer_is_named_where_its_numbers_do_not_fit() -> None:
    from addersr.export.quantization.integers import Surroundings, layer_parameters

    plan = TensorPlan("uint8", 8, (0.5, 0.25), (0,))
    around = Surroundings(plan, 2, plan, None, None, None)
    with pytest.raises(Exception, match="Cannot quantise it: expected one scale"):
        layer_parameters(layer("adder", np.zeros((2, 2, 1, 1))), around)
