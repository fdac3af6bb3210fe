"""Averaged weights and the statistics of batch normalisation."""

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from addersr.models import create
from addersr.training.averaging import WeightAverage, reestimate_batch_norm


def test_average_forgets_the_start_and_follows() -> None:
    model = create("mobile", "adder", channels=8, blocks=1)
    average = WeightAverage(model, 0.9)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(3.0)
    for step in range(1, 101):
        average.update(model, step)
    for parameter in average.model.parameters():
        assert torch.allclose(parameter, torch.tensor(3.0), atol=1e-3)
        assert not parameter.requires_grad


def test_average_is_the_exponential_one() -> None:
    model = create("mobile", "adder", channels=8, blocks=1)
    average = WeightAverage(model, 0.5)
    with torch.no_grad():
        model.tail.bias.fill_(0.0)
        average.model.tail.bias.fill_(1.0)
    average.update(model, 1000)
    assert torch.allclose(average.model.tail.bias, torch.tensor(0.5))


def test_reestimated_statistics_are_those_of_the_data() -> None:
    torch.manual_seed(0)
    model = create("mobile", "adder", channels=8, blocks=2, norm="batch")
    batches = [torch.rand(4, 1, 6, 6) for _ in range(5)]
    norm = model.blocks[1].norm
    norm.running_mean.fill_(77.0)
    reestimate_batch_norm(model, batches)
    inputs = []
    norm.register_forward_pre_hook(lambda _module, arguments: inputs.append(arguments[0]))
    model.train()
    with torch.no_grad():
        for batch in batches:
            model(batch)
    seen = torch.cat(inputs)
    assert norm.momentum == 0.1
    assert model.training
    means = torch.stack([i.mean((0, 2, 3)) for i in inputs]).mean(0)
    assert torch.allclose(means, seen.mean((0, 2, 3)), atol=1e-4)
    reestimate_batch_norm(model, batches)
    assert torch.allclose(norm.running_mean, means, atol=1e-4)


def test_models_without_batch_norm_are_not_run() -> None:
    model = create("mobile", "adder", channels=8, blocks=1)

    def batches():
        pytest.fail("no data is needed")
        yield

    reestimate_batch_norm(model, batches())
