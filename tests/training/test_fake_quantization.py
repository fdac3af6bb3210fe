"""Fake quantisation: it rounds as the integer ops do, and lets gradients through."""

import copy
import dataclasses
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from addersr.custom_ops.qlinear_adder_conv import Parameters, qlinear_adder_conv
from addersr.custom_ops.quantization import quantize_channels_last
from addersr.custom_ops.requantization import ramp_table
from addersr.errors import AdderSRError
from addersr.models import create
from addersr.models.adder_conv import AdderConv2d
from addersr.models.checkpoint import load_model, read_metadata, save_model
from addersr.runtime.plan import Plan, TensorPlan
from addersr.training import Trainer, TrainingConfig
from addersr.training.data import load_pairs
from addersr.training.fake_quantization import FakeQuantization, Place, Rounding
from addersr.training.validation import validation_psnr

#: 6 bits; powers of two, so that float32 holds every product exactly.
COARSE = TensorPlan("uint8", 6, (2.0**-5,), (20, 31, 40, 12))
FINE = TensorPlan("int16", 16, (2.0**-14,), (0,))
PLAIN = TensorPlan("uint8", 6, (2.0**-5,), (31,))


def rounded(plan: TensorPlan, x: torch.Tensor) -> torch.Tensor:
    return Rounding(plan, learned=False)(x)


def set_grid(adder: AdderConv2d, plan: TensorPlan) -> None:
    """As a quantisation does for a layer whose input has this plan."""
    model = torch.nn.Sequential(adder)
    filters = (Place("0", "x"),)
    FakeQuantization(Plan({"x": plan}, {}, "u8"), (), (), filters).attach(model)


def test_values_are_rounded_as_by_the_integer_op() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 4, 5, 6)
    expected = np.zeros((2, 5, 6, 4), np.float32)
    for channel, zero_point in enumerate(COARSE.zero_point):
        integers = quantize_channels_last(
            x[:, channel : channel + 1].numpy(),
            np.full(1, 1 / COARSE.scale[0], np.float32),
            np.full(1, zero_point, np.uint8),
            bits=6,
        )
        expected[..., channel] = (integers[..., 0].astype(int) - zero_point) * COARSE.scale[0]
    assert np.array_equal(rounded(COARSE, x).permute(0, 2, 3, 1).numpy(), expected)


def test_gradient_stops_where_a_value_is_clamped() -> None:
    x = torch.tensor([-1.0, -0.9, 0.011, 1.0, 1.02]).view(1, 1, 1, 5).requires_grad_()
    rounded(PLAIN, x).backward(torch.full_like(x, 3.0))
    assert x.grad.flatten().tolist() == [0, 3, 3, 3, 0]


def layer(*, centred: bool, groups: int = 1) -> AdderConv2d:
    torch.manual_seed(1)
    return AdderConv2d(4, 4, 3, padding=1, groups=groups, centred=centred, spread=1.5)


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_an_adder_layer_is_that_of_the_integers(groups: int) -> None:
    adder = layer(centred=False, groups=groups)
    (scale,), divisor = COARSE.scale, 128 / groups
    zero_points = torch.tensor(COARSE.zero_point)
    # The filters of every group see the zero points of their own channels.
    of_filters = zero_points.view(groups, 1, -1).repeat(1, 4 // groups, 1).view(4, -1, 1, 1)
    weight = adder.weight.detach()
    x = rounded(COARSE, torch.randn(2, 4, 6, 7))
    steps = qlinear_adder_conv(
        (x / scale + zero_points.view(-1, 1, 1)).permute(0, 2, 3, 1).numpy().astype(np.uint8),
        Parameters(
            bits=6,
            w=((weight / scale).round() + of_filters).clamp(0, 63).numpy().astype(np.uint8),
            x_zero_point=np.array(COARSE.zero_point, np.uint8),
            offset=np.zeros(1, np.int32),
            multiplier=np.full(1, 1 / divisor, np.float32),
            bias=np.full(1, 63, np.float32),
            table=ramp_table(64),
        ),
        pads=(1, 1, 1, 1),
        group=groups,
    )
    clipped = weight.maximum(-of_filters * scale).minimum((63 - of_filters) * scale)
    cut = (weight - clipped).abs().sum((1, 2, 3))
    set_grid(adder, COARSE)
    sums = adder(x) + cut.view(-1, 1, 1)  # what the quantiser takes from the bias
    expected = (sums / scale / divisor + 63).round().clamp(0, 63)
    assert cut.min() > 0
    assert 0 < steps.min() < steps.max() < 63
    assert np.array_equal(expected.detach().permute(0, 2, 3, 1).numpy(), steps)


@pytest.mark.parametrize("centred", [False, True])
def test_the_clamp_of_filters_is_no_loss(centred: bool) -> None:
    adder = layer(centred=centred)
    x = torch.empty(2, 4, 6, 7).uniform_(-1.9, 1.9)
    exact = adder(x)
    set_grid(adder, FINE)  # -2 … 2 in steps of 1/16384
    assert (adder.weight.abs() > 2).sum() > 10
    # Each of 36 taps is off by half a step at most.
    assert (adder(x) - exact).abs().max() <= 36 / 2 * FINE.scale[0] + 1e-4


@pytest.mark.parametrize("centred", [False, True])
def test_filters_keep_their_gradient(centred: bool) -> None:
    adder = layer(centred=centred)
    x, dy = torch.empty(2, 4, 6, 7).uniform_(-0.9, 0.9), torch.randn(2, 4, 6, 7)
    gradients = []
    for plan in (None, COARSE):
        if plan is not None:
            set_grid(adder, plan)
        adder.zero_grad()
        adder(x).backward(dy)
        gradients.append(adder.weight.grad.clone())
    # W - round(W) and clip(W) - round(W) are at most half a step of either.
    bound = COARSE.scale[0] / 2 * dy.sum((0, 2, 3)).abs().view(-1, 1, 1, 1) + 1e-4
    assert ((gradients[0] - gradients[1]).abs() <= bound).all()
    outside = adder.weight.abs() > 2
    assert gradients[1][outside].abs().min() > 0


def quantization(learned: tuple[str, ...] = ("h", "b"), **changes: TensorPlan) -> FakeQuantization:
    tensors = {
        "input": TensorPlan("uint8", 8, (1 / 255,), (0,)),
        "h": TensorPlan("uint8", 6, (2.0**-5,), (31,) * 7 + (20,)),
        "b": PLAIN,
    }
    return FakeQuantization(
        plan=Plan({**tensors, **changes}, {}, "u8"),
        inputs=(Place("head", "input"),),
        outputs=(Place("head", "h"), Place("blocks.0.activation", "b")),
        filters=(Place("blocks.0.adder", "h", 8),),
        learned=learned,
    )


def test_a_model_computes_with_rounded_tensors() -> None:
    torch.manual_seed(0)
    model = create("mobile", "adder", channels=8, blocks=1)
    exact = copy.deepcopy(model)
    quantization().attach(model)
    seen = {}
    for name in ("head", "blocks", "tail"):
        model.get_submodule(name).register_forward_hook(
            lambda _module, arguments, output, name=name: seen.update(
                {name: (arguments[0], output)}
            )
        )
    x = torch.rand(1, 1, 9, 9)
    model(x)
    torch.testing.assert_close(seen["head"][0] * 255, (x * 255).round())
    steps = seen["head"][1] * 32
    assert torch.equal(steps, steps.round())
    assert torch.equal(seen["blocks"][1], seen["tail"][0])
    assert torch.equal(seen["tail"][0] * 32, (seen["tail"][0] * 32).round())
    assert list(model.state_dict()) == list(exact.state_dict())
    assert model.blocks[0].adder.grid is not None
    assert exact.blocks[0].adder.grid is None


def test_json_keeps_everything() -> None:
    assert FakeQuantization.from_json(quantization().to_json()) == quantization()


@pytest.mark.parametrize("wrong", ["filters", "inputs", "outputs"])
def test_modules_that_are_not_there(wrong: str) -> None:
    model = create("mobile", "adder", channels=8, blocks=1)
    changed = dataclasses.replace(quantization(), **{wrong: (Place("tail.no", "b"),)})
    with pytest.raises(AdderSRError, match=r"no layer tail.no"):
        changed.attach(model)
    with pytest.raises(AdderSRError, match="no layer head"):
        dataclasses.replace(quantization(), filters=(Place("head", "b"),)).attach(model)


def test_learned_scales_follow_their_gradient() -> None:
    x = torch.tensor([-3.0, 0.02, 0.5, 3.0]).view(1, 1, 1, 4)
    rounding = Rounding(PLAIN, learned=True)
    rounding(x).sum().backward()
    # The ends are clamped to -31 and 32 steps; between, it is the error of rounding, in steps.
    expected = (-31 + 32 + (1 - 0.02 * 32) + 0) * PLAIN.scale[0]
    assert rounding.log_scale.grad.item() == pytest.approx(expected, rel=1e-4)


@pytest.fixture
def quantized(config: TrainingConfig, tmp_path: Path) -> TrainingConfig:
    torch.manual_seed(3)
    model = create("mobile", "adder", **config.arguments)
    start = tmp_path / "start.safetensors"
    with torch.no_grad():
        model.tail.weight.normal_(0, 0.05)
    save_model(
        start, model, architecture="mobile", arguments=config.arguments, training={}, psnr={}
    )
    return dataclasses.replace(config, start=start, quantize="u8", bits=6)


def trainer(config: TrainingConfig, folder: Path, q: FakeQuantization | None) -> Trainer:
    pairs = load_pairs(config.data, config.scale, smallest=config.patch)
    return Trainer(config, folder, pairs, pairs, q)


def test_training_resumes_exactly_and_keeps_the_plan(
    quantized: TrainingConfig, tmp_path: Path
) -> None:
    whole = trainer(quantized, tmp_path / "whole", quantization())
    (*_, last) = whole.run()
    steps = trainer(quantized, tmp_path / "parts", quantization()).run()
    for _ in range(3):
        next(steps)
    resumed = trainer(quantized, tmp_path / "parts", None)  # the run knows its own
    assert resumed.step == 2
    list(resumed.run())
    one, other = (load_model(run.checkpoint).state_dict() for run in (whole, resumed))
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    assert (tmp_path / "whole/log.csv").read_text() == (tmp_path / "parts/log.csv").read_text()
    plans = [Plan.from_json(read_metadata(run.checkpoint)["plan"]) for run in (whole, resumed)]
    assert plans[0] == plans[1]
    assert plans[0].tensors["input"] == quantization().plan.tensors["input"]
    assert plans[0].tensors["h"].scale != quantization().plan.tensors["h"].scale  # learned
    assert last.psnr is not None


def test_validation_is_that_of_the_rounded_model(quantized: TrainingConfig, tmp_path: Path) -> None:
    run = trainer(quantized, tmp_path, quantization())
    (*_, last) = run.run()
    model = load_model(run.checkpoint)
    pairs = load_pairs(quantized.data, quantized.scale, smallest=quantized.patch)
    exact = validation_psnr(model, pairs)
    plan = Plan.from_json(read_metadata(run.checkpoint)["plan"])
    dataclasses.replace(quantization(learned=()), plan=plan).attach(model)
    assert last.psnr == validation_psnr(model, pairs)
    assert last.psnr != exact


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"quantize": "u9"}, "quantize to be u8, got u9"),
        ({"bits": 9}, "bits to be from 2 to 8, got 9"),
        ({"start": None}, "expected a start beside quantize"),
    ],
)
def test_settings(quantized: TrainingConfig, change: dict[str, object], sentence: str) -> None:
    with pytest.raises(AdderSRError, match=sentence):
        dataclasses.replace(quantized, **change)


def test_settings_and_quantization_belong_together(
    quantized: TrainingConfig, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="if, and only if"):
        trainer(quantized, tmp_path / "run", None)
