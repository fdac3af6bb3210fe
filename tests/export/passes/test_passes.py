"""Each pass alone: what it takes up, what it leaves, and that the graph computes the same."""

import json

import numpy as np
import onnx_ir as ir
import pytest

pytest.importorskip("onnxscript", reason="needs the extra 'export'")

from addersr.custom_ops.fused_adder_conv.reference import TINY
from addersr.errors import AdderSRError
from addersr.export.passes import FOLDED_FILTERS, FixedSize, ImageIo, run_passes
from addersr.export.passes.adder_to_fused import AdderToFused
from addersr.export.passes.channels_last import ChannelsLast
from addersr.export.passes.collapse_convolutions import CollapseConvolutions
from addersr.export.passes.fold_affine import FoldAffine
from addersr.export.passes.fuse_activation import FuseActivation
from addersr.export.passes.fuse_power import FusePower
from addersr.export.passes.fuse_residuals import FuseResidual, FuseShortcut
from addersr.export.passes.fused_layer import layers

from .graphs import check, floats, parse, run

W, B = floats(4, 4, 3, 3), floats(4) + 9
GAMMA, BETA = floats(4, 1, 1, seed=2) + 1, floats(4, 1, 1, seed=3)
SLOPE = np.abs(floats(4, 1, 1, seed=4))
ALPHA = np.array([0.5, 0.9, 1.2, 1.7], np.float32).reshape(4, 1, 1)
ADDER = "a = ai.addersr.AdderConv <pads = [1, 1, 1, 1]> (x, w, b)"
AFFINE = "m = Mul (a, gamma)  n = Add (m, beta)"
POWER = (
    "p1 = Abs (t)  p2 = Clip (p1, tiny)  p3 = Log (p2)  p4 = Mul (p3, alpha)  p5 = Exp (p4) "
    "p = Mul (t, p5)"
)
CONSTANTS = {
    "w": W,
    "b": B,
    "gamma": GAMMA,
    "beta": BETA,
    "slope": SLOPE,
    "alpha": ALPHA - 1,
    "tiny": np.float32(TINY),
    "low": np.float32(-0.4),
    "high": np.float32(0.7),
}


def graph(nodes: str, *, inputs: str = "x", **more: np.ndarray) -> ir.Model:
    constants = {**CONSTANTS, **more}
    used = {name: value for name, value in constants.items() if f"{name}" in _words(nodes)}
    return parse(nodes, used, inputs=inputs)


def _words(nodes: str) -> set[str]:
    for sign in "(),":
        nodes = nodes.replace(sign, " ")
    return set(nodes.split())


def test_adder_conv_becomes_a_fused_one() -> None:
    check(graph(ADDER.replace("a =", "y =")), AdderToFused(), expected=["FusedAdderConv"])


@pytest.mark.parametrize(
    "nodes",
    [
        "m = Mul (a, gamma)  y = Add (m, beta)",
        "m = Mul (gamma, a)  y = Sub (m, beta)",
        "m = Add (beta, a)  y = Div (m, gamma)",
        "y = BatchNormalization (a, c1, c2, c3, c4)",
    ],
)
def test_affine_steps_go_into_scale_and_bias(nodes: str) -> None:
    statistics = {f"c{i}": np.abs(floats(4, seed=i)) + 0.5 for i in range(1, 5)}
    model = graph(f"{ADDER} {nodes}", **statistics)
    check(model, AdderToFused(), FoldAffine(), expected=["FusedAdderConv"])


@pytest.mark.parametrize(
    ("nodes", "left"),
    [
        ("y = Sub (beta, a)", ["Sub"]),  # a minus of the sum
        ("m = Relu (a)  y = Add (m, beta)", ["Relu", "Add"]),  # not directly behind the sum
        ("m = Mul (a, gamma)  y = Mul (m, a)", ["Mul", "Mul"]),  # others read the sum
        ("m = Mul (a, wide)  y = Add (m, x)", ["Mul", "Add"]),  # not one factor per channel
    ],
)
def test_other_steps_stay_behind(nodes: str, left: list[str]) -> None:
    model = graph(f"{ADDER} {nodes}", wide=floats(1, 1, 1, 7))
    check(model, AdderToFused(), FoldAffine(), expected=["FusedAdderConv", *left])


def test_shortcut_becomes_z() -> None:
    model = graph(f"{ADDER} {AFFINE} y = Add (x, n)")
    check(model, AdderToFused(), FoldAffine(), FuseShortcut(), expected=["FusedAdderConv"])
    assert model.graph[0].inputs[4] is model.graph.inputs[0]


def test_shortcut_that_is_computed_later_moves_the_layer() -> None:
    model = graph(f"{ADDER} s = Neg (x)  y = Add (a, s)")
    check(model, AdderToFused(), FuseShortcut(), expected=["Neg", "FusedAdderConv"])


def test_what_is_broadcast_is_no_shortcut() -> None:
    model = graph(f"{ADDER} mean = ReduceMean (x)  y = Add (a, mean)")
    expected = ["FusedAdderConv", "ReduceMean", "Add"]
    check(model, AdderToFused(), FuseShortcut(), expected=expected)


def test_power_becomes_alpha() -> None:
    nodes = f"{ADDER} {AFFINE} t = Add (n, x) {POWER.replace('p = Mul', 'y = Mul')}"
    model = graph(nodes)
    passes = (AdderToFused(), FoldAffine(), FuseShortcut(), FusePower())
    check(model, *passes, expected=["FusedAdderConv"])
    (layer,) = layers(model)
    np.testing.assert_allclose(layer.per_channel("alpha"), ALPHA.reshape(-1), rtol=1e-6)


def test_power_of_something_else_stays() -> None:
    nodes = f"{ADDER} t = Relu (a) {POWER} y = Add (p, x)"
    left = ["Relu", "Abs", "Clip", "Log", "Mul", "Exp", "Mul", "Add"]
    check(graph(nodes), AdderToFused(), FusePower(), expected=["FusedAdderConv", *left])


def test_alpha_of_zero_is_named() -> None:
    nodes = f"{ADDER.replace('a =', 't =')} {POWER.replace('p = Mul', 'y = Mul')}"
    model = graph(nodes, alpha=np.full((4, 1, 1), -1, np.float32))
    AdderToFused()(model)
    with pytest.raises(AdderSRError, match=r"layer t.FusedAdderConv has an alpha of 0") as raised:
        FusePower().call(model)
    assert "above 0" in str(raised.value)


@pytest.mark.parametrize(
    "nodes",
    [
        "y = Relu (a)",
        "y = LeakyRelu <alpha = 0.2> (a)",
        "y = PRelu (a, slope)",
        "y = Clip (a, low, high)",
        "y = Clip (a, low)",
        "m = PRelu (a, slope)  y = Clip (m, low, high)",
    ],
)
def test_activations_are_fused(nodes: str) -> None:
    model = graph(f"{ADDER} {nodes}")
    check(model, AdderToFused(), FuseActivation(), expected=["FusedAdderConv"])


@pytest.mark.parametrize(
    ("nodes", "left"),
    [
        ("m = Clip (a, low)  y = Relu (m)", ["Relu"]),
        ("m = PRelu (a, slope)  y = PRelu (m, slope)", ["PRelu"]),
        ("m = Tanh (a)  y = Relu (m)", ["Tanh", "Relu"]),
        ("m = Relu (a)  y = Add (m, a)", ["Relu", "Add"]),
    ],
)
def test_second_activations_stay(nodes: str, left: list[str]) -> None:
    model = graph(f"{ADDER} {nodes}")
    check(model, AdderToFused(), FuseActivation(), expected=["FusedAdderConv", *left])


def test_residual_after_the_activation_becomes_r() -> None:
    nodes = f"{ADDER} {AFFINE} t = Add (n, x)  c = PRelu (t, slope)  y = Add (c, r)"
    passes = (AdderToFused(), FoldAffine(), FuseShortcut(), FuseActivation(), FuseResidual())
    check(graph(nodes, inputs="x r"), *passes, expected=["FusedAdderConv"])


def test_activation_before_the_shortcut_makes_it_r() -> None:
    nodes = f"{ADDER} c = Relu (a)  y = Add (x, c)"
    passes = (AdderToFused(), FuseShortcut(), FuseActivation(), FuseResidual())
    model = graph(nodes)
    check(model, *passes, expected=["FusedAdderConv"])
    assert model.graph[0].inputs[7] is model.graph.inputs[0]


def test_region_has_one_change_of_layout_at_each_end() -> None:
    second = ADDER.replace("a =", "e =").replace("(x,", "(d,")
    nodes = (
        f"h = Conv <pads = [1, 1, 1, 1]> (x, v)  {ADDER.replace('(x,', '(h,')} c = Relu (a) "
        f"d = PRelu (c, slope)  {second} f = Concat <axis = 1> (d, e)  y = Conv (f, u)"
    )
    model = graph(nodes, v=floats(4, 4, 3, 3), u=floats(2, 8, 1, 1))
    expected = ["Conv", "Transpose", "FusedAdderConv", "PRelu", "FusedAdderConv", "Concat"]
    passes = (AdderToFused(), FuseActivation(), ChannelsLast())
    check(model, *passes, expected=[*expected, "Transpose", "Conv"])


def test_layers_alone_get_both_transposes_and_keep_the_output_name() -> None:
    model = graph(f"{ADDER} y = Add (a, x)")
    expected = ["Transpose", "FusedAdderConv", "Transpose"]
    check(model, AdderToFused(), FuseShortcut(), ChannelsLast(), expected=expected)


def test_residual_from_outside_the_region_is_turned_too() -> None:
    model = graph(f"{ADDER} y = Add (a, r)", inputs="x r")
    expected = ["Transpose", "Transpose", "FusedAdderConv", "Transpose"]
    check(model, AdderToFused(), FuseShortcut(), ChannelsLast(), expected=expected)


CONV = "<pads = [1, 1, 1, 1]>"


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        (f"m = Conv {CONV} (x, w, b)  y = Conv (m, point, b2)", ["Conv"]),
        (f"m = Conv (x, point)  y = Conv {CONV} (m, w, b)", ["Conv"]),
        # Padding would put zeros where the 1×1 puts its bias.
        (f"m = Conv (x, point, b2)  y = Conv {CONV} (m, w, b)", ["Conv", "Conv"]),
        (f"m = Conv {CONV} (x, w)  y = Conv {CONV} (m, w)", ["Conv", "Conv"]),
        (f"m = Conv {CONV} (x, w, b)  y = Add (m, x)", ["Conv"]),
        (f"m = Conv {CONV} (x, w)  n = Add (x, m)  p = Mul (n, gamma)  y = Add (p, beta)",
         ["Conv"]),
        (f"m = Conv {CONV} (x, w)  n = Conv (m, point, b2)  p = Add (n, x)  y = PRelu (p, slope)",
         ["Conv", "PRelu"]),
        # The input is not that of the convolution, or the size differs.
        (f"m = Conv {CONV} (x, w)  n = Neg (x)  y = Add (m, n)", ["Conv", "Neg", "Add"]),
        ("m = Conv <strides = [2, 1]> (x, w, b)  y = Conv (m, point)", ["Conv"]),
        ("m = Conv <group = 2> (x, grouped)  y = Conv (m, point)", ["Conv", "Conv"]),
        (f"m = Conv {CONV} (x, w)  n = Relu (m)  p = Add (n, m)  y = Conv (p, point)",
         ["Conv", "Relu", "Add", "Conv"]),
    ],
)  # fmt: skip
def test_linear_convolutions_collapse(nodes: str, expected: list[str]) -> None:
    constants = {"point": floats(4, 4, 1, 1, seed=8), "b2": floats(4, seed=9)}
    model = graph(nodes, grouped=floats(4, 2, 3, 3), **constants)
    check(model, CollapseConvolutions(), expected=expected)


def test_collapsed_filters_are_named() -> None:
    model = graph(f"m = Conv {CONV} (x, w)  y = Conv (m, point)", point=floats(4, 4, 1, 1))
    CollapseConvolutions()(model)
    assert json.loads(model.metadata_props[FOLDED_FILTERS]) == ["point", "w"]
    assert set(model.graph.initializers) >= {"m.collapsed_weight", "m.collapsed_bias"}


def test_damaged_weights_are_named() -> None:
    broken = W.copy()
    broken[1, 2, 0, 0] = np.nan
    with pytest.raises(AdderSRError, match="layer y/Conv has a filter that is not finite"):
        CollapseConvolutions().call(graph(f"y = Conv {CONV} (x, broken)", broken=broken))
    with pytest.raises(AdderSRError, match="layer y/AdderConv has a filter that is not finite"):
        AdderToFused().call(
            graph(ADDER.replace("w,", "broken,").replace("a =", "y ="), broken=broken)
        )


def test_fixed_size_is_in_the_file() -> None:
    model = graph(ADDER.replace("a =", "y ="))
    run_passes(model)
    FixedSize(9, 8, 1)(model)
    (x,), (y,) = model.graph.inputs, model.graph.outputs
    assert list(x.shape) == [1, 4, 9, 8]
    assert (y.shape[0], *y.shape[2:]) == (1, 9, 8)


@pytest.mark.parametrize("size", [(0, 5), (5, 1 << 20)])
def test_sizes_out_of_range_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(AdderSRError, match=f"got {size[1]}x{size[0]}"):
        FixedSize(*size, 2)


def test_pictures_are_not_taken_twice() -> None:
    model = graph("y = Relu (x)")
    ImageIo(1, "rgb")(model)
    with pytest.raises(AdderSRError, match="pictures already"):
        ImageIo(1, "rgb").call(model)


def test_run_is_what_the_passes_are_compared_with() -> None:
    """The comparison above can fail."""
    one, other = graph("y = PRelu (x, slope)"), graph("y = PRelu (x, slope)", slope=SLOPE + 0.1)
    assert np.abs(run(one) - run(other)).max() > 0.01


@pytest.mark.parametrize(
    "nodes", ["r = Relu (a)  y = Add (r, x)", "r = Relu (a)  y = Mul (r, gamma)"]
)
def test_steps_before_an_activation_are_taken_only_while_there_is_none(nodes: str) -> None:
    # The activation is in the layer already when the passes look at what stands behind it.
    model = graph(f"{ADDER} {nodes}")
    left = nodes.split("y = ")[1].split()[0]
    passes = (AdderToFused(), FuseActivation(), FoldAffine(), FuseShortcut(), FusePower())
    check(model, *passes, expected=["FusedAdderConv", left])


def test_unknown_sizes_are_not_taken_for_equal() -> None:
    model = graph(f"{ADDER} y = Add (a, x)")
    AdderToFused()(model)
    for value in (model.graph.inputs[0], model.graph[0].outputs[0]):
        value.shape = ir.Shape([2, 4, None, None])
    assert not FuseShortcut()(model).modified


@pytest.mark.parametrize(
    ("nodes", "name", "damaged"),
    [
        ("y = Relu (a)", "w", W * np.nan),
        ("y = Mul (a, gamma)", "gamma", GAMMA * np.inf),
        ("y = BatchNormalization (a, c, c, c, v)", "v", -np.ones(4, np.float32)),
    ],
)
def test_errors_of_all_passes_together_are_our_own(
    nodes: str, name: str, damaged: np.ndarray
) -> None:
    statistics = {"c": np.ones(4, np.float32), "v": np.ones(4, np.float32), name: damaged}
    with pytest.raises(AdderSRError, match=r"The layer \S+ has a"):
        run_passes(graph(f"{ADDER} {nodes}", **statistics))


def test_shortcut_around_collapsed_convolutions_has_their_padding() -> None:
    # The first has none, and the second's is not symmetric: x + … is not at a filter's middle.
    nodes = "m = Conv (x, p)  n = Conv <pads = [2, 2, 0, 0]> (m, w)  y = Add (n, x)"
    check(graph(nodes, p=floats(4, 4, 1, 1)), CollapseConvolutions(), expected=["Conv", "Add"])
