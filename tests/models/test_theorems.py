"""Theorems 1 and 2 of AdderSR (CVPR 2021), shown numerically.

1: no filter makes an adder layer the identity. 2: no filter makes its response to flat areas
constant, so it cannot be a high-pass filter. The self-shortcut and the power activation mend both.
"""

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from torch import Tensor, nn

from addersr.models import AdderBlock, AdderConv2d


def fit(layer: nn.Module, x: Tensor, target: Tensor, steps: int = 300) -> float:
    """Train ``layer`` to map x to target; the share of the target's variance left unexplained."""
    optimiser = torch.optim.Adam(layer.parameters())
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = 0.05 * (1 - step / steps)
        optimiser.zero_grad()
        loss = (layer(x) - target).square().mean()
        loss.backward()
        optimiser.step()
    return float(loss.detach() / target.var())


def test_theorem_1_an_adder_layer_cannot_be_the_identity() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 4, 10, 10)
    assert fit(AdderConv2d(4, 4, 3, padding=1), x, x) > 1
    normalised = nn.Sequential(AdderConv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4))
    assert fit(normalised, x, x) > 0.5
    for norm in ("centred", "batch"):
        assert fit(AdderBlock(4, norm=norm), x, x) < 1e-3


def test_theorem_2_an_adder_layer_is_not_flat_on_flat_input() -> None:
    torch.manual_seed(0)
    for _ in range(20):
        layer = AdderConv2d(2, 3, 3, spread=float(torch.rand(()) * 3))
        far = 10 * float(layer.weight.detach().abs().max())
        flat = torch.tensor([-far, 0.0, far]).view(3, 1, 1, 1).expand(3, 2, 3, 3)
        response = layer(flat)[:, :, 0, 0]
        # Beyond the weights the response falls by the number of taps per unit of the input.
        drop = response[1] - torch.maximum(response[0], response[2])
        assert (drop > 0.5 * far * layer.taps).all()


class _PlainAdder(nn.Module):
    """``γ·(-Σ|X-W|) + β``: one adder layer with a free scale and offset."""

    def __init__(self) -> None:
        super().__init__()
        self.adder = AdderConv2d(1, 1, 3, padding=1)
        self.scale = nn.Parameter(torch.tensor(0.3))
        self.offset = nn.Parameter(torch.tensor(0.0))

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * self.adder(x) + self.offset


def test_theorem_2_shortcut_and_power_let_a_high_pass_filter_emerge() -> None:
    torch.manual_seed(0)
    levels = torch.linspace(-4, 4, 9).view(-1, 1, 1, 1)
    flat = levels.expand(9, 1, 14, 14)
    texture = nn.functional.avg_pool2d(torch.randn(9, 1, 14, 14), 3, 1, 1) * 2
    x = torch.cat([texture + levels, flat])
    laplacian = torch.tensor([[0.0, -1, 0], [-1, 4, -1], [0, -1, 0]]).view(1, 1, 3, 3)
    target = nn.functional.conv2d(x, laplacian, padding=1)
    # Zero padding makes an edge of its own: only the inner area counts.
    target[:, :, [0, -1]] = 0
    target[:, :, :, [0, -1]] = 0
    inner = torch.zeros_like(target)
    inner[:, :, 1:-1, 1:-1] = 1

    def unexplained(layer: nn.Module) -> float:
        class Inner(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.layer = layer

            def forward(self, values: Tensor) -> Tensor:
                result: Tensor = self.layer(values) * inner
                return result

        return fit(Inner(), x, target, 800)

    def block(power: bool) -> AdderBlock:
        made = AdderBlock(1, power=power)
        nn.init.constant_(made.norm.weight, 0.3)  # as in the plain adder
        return made

    plain = unexplained(_PlainAdder())
    shortcut = unexplained(block(power=False))
    both = unexplained(block(power=True))
    assert plain > 0.95
    assert shortcut < 0.85
    assert both < shortcut - 0.03
