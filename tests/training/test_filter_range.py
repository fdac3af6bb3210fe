"""Filters that stay within what their layer sees."""

import copy

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from addersr.models import create
from addersr.models.adder_conv import AdderConv2d
from addersr.training.filter_range import FilterRange


def layer(spread: float = 2.0) -> AdderConv2d:
    torch.manual_seed(0)
    return AdderConv2d(4, 6, 3, padding=1, centred=True, spread=spread)


def test_filters_are_clamped_to_the_largest_magnitude_seen() -> None:
    adder = layer()
    before = adder.weight.detach().clone()
    limits = FilterRange(torch.nn.Sequential(adder), 1.5)
    limits.clamp()
    assert torch.equal(adder.weight, before)  # nothing was seen yet
    x = torch.empty(2, 4, 5, 5).uniform_(-0.3, 0.3)
    x[1, 2, 3, 3] = -0.8
    adder(x)
    limits.clamp()
    assert torch.equal(adder.weight, before.clamp(-1.5 * 0.8, 1.5 * 0.8))
    assert (adder.weight != before).sum() > 20


def test_nothing_is_lost_by_it() -> None:
    adder = layer()
    limits = FilterRange(torch.nn.Sequential(adder), 1.0)
    x = torch.empty(2, 4, 7, 7, dtype=torch.float64).uniform_(-0.7, 0.7)
    before = copy.deepcopy(adder).double().eval()(x)
    adder(x.float())
    limits.clamp()
    after = copy.deepcopy(adder).double().eval()(x)
    # 36 taps, each exact but for the rounding of the limit to float32.
    assert torch.allclose(before, after, rtol=0, atol=36 * 2e-7)


def test_the_maximum_is_a_running_one() -> None:
    adder = layer()
    limits = FilterRange(torch.nn.Sequential(adder), 1.0)
    adder(torch.full((1, 4, 5, 5), 0.5))
    for _ in range(10):
        adder(torch.full((1, 4, 5, 5), 0.1))
    assert float(limits.state_dict()["0"]) == pytest.approx(0.5 * 0.999**10)
    adder(torch.full((1, 4, 5, 5), -3.0))
    assert float(limits.state_dict()["0"]) == pytest.approx(3.0)
    adder.eval()
    adder(torch.full((1, 4, 5, 5), 9.0))
    assert float(limits.state_dict()["0"]) == pytest.approx(3.0)  # training mode counts


def test_each_layer_has_its_own_and_the_state_restores_it() -> None:
    model = create("mobile", "adder", channels=8, blocks=2)
    limits = FilterRange(model, 1.0)
    model(torch.rand(1, 1, 6, 6))
    state = limits.state_dict()
    assert list(state) == ["blocks.0.adder", "blocks.1.adder"]
    assert len({float(value) for value in state.values()}) == 2
    other = FilterRange(create("mobile", "adder", channels=8, blocks=2), 1.0)
    other.load_state_dict(state)
    assert other.state_dict() == state


def test_a_layer_that_sees_zeros_keeps_its_filters() -> None:
    adder = layer()
    before = adder.weight.detach().clone()
    limits = FilterRange(torch.nn.Sequential(adder), 1.0)
    adder(torch.zeros(1, 4, 5, 5))
    limits.clamp()
    assert torch.equal(adder.weight, before)
