"""AdderNet's adaptive step, against its formula in numpy."""

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from addersr.models import create
from addersr.models.adder_conv import AdderConv2d
from addersr.training import TrainingConfig
from addersr.training.optimiser import AdaptiveStep, make_optimiser, set_rates

GAMMA, ETA, MOMENTUM = 0.07, 0.1, 0.9


def test_the_step_is_the_papers() -> None:
    random = np.random.default_rng(0)
    layers = [random.normal(0, 1, shape) for shape in ((6, 4, 3, 3), (2, 5, 1, 1))]
    parameters = [torch.nn.Parameter(torch.from_numpy(layer.copy())) for layer in layers]
    optimiser = AdaptiveStep(parameters, lr=GAMMA)
    velocity = [np.zeros_like(layer) for layer in layers]
    for _ in range(4):
        for index, size in enumerate((1e-6, 1e3)):  # the size of a layer's gradient is no matter
            gradient = random.normal(0, size, layers[index].shape)
            parameters[index].grad = torch.from_numpy(gradient.copy())
            step = ETA * np.sqrt(gradient.size) / np.sqrt((gradient**2).sum()) * gradient
            velocity[index] = MOMENTUM * velocity[index] + step
            layers[index] -= GAMMA * velocity[index]
        optimiser.step()
    for parameter, layer in zip(parameters, layers, strict=True):
        np.testing.assert_allclose(parameter.detach().numpy(), layer, rtol=1e-12)


@pytest.mark.parametrize("size", [1, 64])
def test_a_gradient_of_zeros_moves_nothing(size: int) -> None:
    """That of the first step, since the tail of a new model is 0."""
    parameter = torch.nn.Parameter(torch.ones(size, size, 3, 3))
    parameter.grad = torch.zeros_like(parameter)
    AdaptiveStep([parameter], lr=1.0).step()
    assert torch.equal(parameter, torch.ones_like(parameter))


def test_a_tiny_gradient_counts_as_any_other() -> None:
    parameter = torch.nn.Parameter(torch.zeros(64, 64, 3, 3))
    parameter.grad = torch.full_like(parameter, 1e-15)
    AdaptiveStep([parameter], lr=1.0).step()
    # Rounding of a sum of so many squares, which the norm is.
    rounding = parameter.numel() * torch.finfo(torch.float32).eps
    assert torch.allclose(parameter, torch.tensor(-ETA), rtol=rounding)


def test_filters_step_adaptively_and_the_rest_by_adam(config: TrainingConfig) -> None:
    adaptive = dataclasses.replace(config, adder_step="adaptive")
    models = [create("mobile", "adder", channels=8, blocks=2) for _ in range(2)]
    models[1].load_state_dict(models[0].state_dict())
    before = models[0].blocks[0].adder.weight.detach().numpy().copy()
    optimisers = [make_optimiser(m, c) for m, c in zip(models, (config, adaptive), strict=True)]
    for model, optimiser in zip(models, optimisers, strict=True):
        set_rates(optimiser, 1, config)
        optimiser.zero_grad()
        generator = torch.Generator().manual_seed(5)
        for parameter in model.parameters():
            parameter.grad = torch.randn(parameter.shape, generator=generator)
    gradient = models[1].blocks[0].adder.weight.grad.numpy().copy()
    for optimiser in optimisers:
        optimiser.step()
    filters = {name + ".weight" for name, m in models[0].named_modules() if type(m) is AdderConv2d}
    for (name, one), other in zip(
        models[0].named_parameters(), models[1].parameters(), strict=True
    ):
        assert torch.equal(one, other) == (name not in filters)
    rate = optimisers[1].param_groups[0]["lr"]
    step = rate * ETA * np.sqrt(gradient.size) / np.sqrt((gradient**2).sum()) * gradient
    after = models[1].blocks[0].adder.weight.detach().numpy()
    np.testing.assert_allclose(after, before - step, rtol=1e-5, atol=1e-7)


def test_a_twin_has_no_filters_to_step_so(config: TrainingConfig) -> None:
    twin = create("mobile", "cnn", channels=8, blocks=1)
    optimiser = make_optimiser(twin, dataclasses.replace(config, adder_step="adaptive"))
    assert type(optimiser) is torch.optim.Adam
