"""AdderNet's ResNet-20 and its twin."""

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from torch import nn

from addersr.models import AdderConv2d
from addersr.models.resnet20 import ResNet20

from .counting import parameters


@pytest.mark.parametrize("kind", ["adder", "cnn"])
def test_published_size(kind: str) -> None:
    """0.27M parameters; all but 1 % of the taps are in layers that may be adder layers."""
    model = ResNet20(kind)  # type: ignore[arg-type]
    assert parameters(model) == 272_484
    taps: dict[str, int] = {}

    def count(name: str, layer: nn.Module, output: torch.Tensor) -> None:
        filters = layer.get_parameter("weight").numel()
        taps[name] = filters * output.shape[2] * output.shape[3]

    for name, layer in model.named_modules():
        if isinstance(layer, (nn.Conv2d, AdderConv2d)):
            layer.register_forward_hook(
                lambda layer, _, output, name=name: count(name, layer, output)
            )
    assert model.eval()(torch.rand(2, 3, 32, 32)).shape == (2, 10)
    # First layer, 18 layers of 2.36M (two of them with half as many), two skips of 0.13M, last.
    block = 9 * 16 * 16 * 32 * 32
    assert sum(taps.values()) == 442_368 + 16 * block + 2 * block // 2 + 2 * 131_072 + 640
    convolutions = {name for name, m in model.named_modules() if isinstance(m, nn.Conv2d)}
    assert convolutions == ({"head.0", "tail.0"} if kind == "adder" else set(taps))


def test_layers() -> None:
    model = ResNet20("adder", channels=4)
    adders = {name: m for name, m in model.named_modules() if isinstance(m, AdderConv2d)}
    assert len(adders) == 18 + 2
    strided = {name for name, m in adders.items() if m.stride == (2, 2)}
    assert strided == {f"stages.{i}.0.{part}.adder" for i in (1, 2) for part in ("first", "skip")}
    assert {m.kernel_size for name, m in adders.items() if "skip" in name} == {(1, 1)}
    twin = ResNet20("cnn", channels=4)
    filters = [[p.shape for p in network.parameters() if p.dim() == 4] for network in (model, twin)]
    assert filters[0] == filters[1]


@pytest.mark.parametrize("kind", ["adder", "cnn"])
def test_it_learns(kind: str) -> None:
    """Light images from dark ones."""
    torch.manual_seed(0)
    model = ResNet20(kind, classes=2, channels=4)  # type: ignore[arg-type]
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    labels = torch.arange(16) % 2
    images = 0.3 * torch.rand(16, 3, 8, 8) + 0.5 * labels.view(-1, 1, 1, 1)
    losses = []
    for _ in range(30):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
