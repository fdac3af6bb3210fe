"""One layer of a network: what is added where."""

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from torch import Tensor
from torch.nn import functional

from addersr.models import AdderBlock, ConvBlock, adder_conv2d
from addersr.models.block import Layers


def adder_response(block: AdderBlock, x: Tensor, stride: int, groups: int) -> Tensor:
    """γ·(Σ|W| - Σ|X-W|) + β"""
    weight = block.adder.weight
    padding = weight.shape[-1] // 2
    bias = weight.abs().sum((1, 2, 3))
    sums = adder_conv2d(x, weight, bias, (stride,) * 2, (padding,) * 2, groups=groups)
    return block.norm.weight * sums + block.norm.bias


@pytest.mark.parametrize(
    ("outputs", "kernel", "stride", "groups"),
    [(4, 3, 1, 1), (6, 3, 1, 2), (4, 1, 1, 1), (4, 1, 2, 1), (8, 5, 2, 4), (4, 3, 1, 4)],
)
def test_order_of_the_epilogue(outputs: int, kernel: int, stride: int, groups: int) -> None:
    torch.manual_seed(2)
    block = AdderBlock(
        4, kernel, out_channels=outputs, stride=stride, groups=groups, activation="relu"
    ).eval()
    with torch.no_grad():
        block.power.log_alpha.uniform_(-0.5, 0.5)
        block.norm.bias.normal_()
    x = torch.randn(2, 4, 7, 6)
    size = (2, outputs, -(-7 // stride), -(-6 // stride))
    z, r = torch.randn(size), torch.randn(size)
    with torch.no_grad():
        t = adder_response(block, x, stride, groups) + z
        if outputs == 4 and stride == 1:
            t = t + x
        powered = t.sign() * t.abs() ** block.power.alpha.view(-1, 1, 1)
        torch.testing.assert_close(block(x, z, r), functional.relu(powered) + r)
        assert block(x).shape == size


@pytest.mark.parametrize("activation", ["prelu", "relu", "none"])
def test_activations(activation: str) -> None:
    torch.manual_seed(3)
    slope = {"prelu": 0.25, "relu": 0.0, "none": 1.0}[activation]
    x = torch.randn(1, 3, 5, 5)
    for layer in (
        AdderBlock(3, power=False, activation=activation),  # type: ignore[arg-type]
        ConvBlock(3, activation=activation),  # type: ignore[arg-type]
    ):
        if isinstance(layer, AdderBlock):
            linear = adder_response(layer, x, 1, 1) + x
        else:
            linear = layer.conv(x) + x
        torch.testing.assert_close(layer(x), functional.leaky_relu(linear, slope))
    with pytest.raises(ValueError, match="'prelu', 'relu' or 'none', got 'tanh'"):
        ConvBlock(3, activation="tanh")  # type: ignore[arg-type]


def test_twin_adds_at_the_same_places() -> None:
    torch.manual_seed(4)
    block = ConvBlock(4, 3, out_channels=6, stride=2, groups=2, activation="relu")
    x, z, r = torch.randn(1, 4, 5, 6), torch.randn(1, 6, 3, 3), torch.randn(1, 6, 3, 3)
    expected = functional.relu(block.conv(x) + z) + r
    assert block.conv.groups == 2
    assert torch.equal(block(x, z, r), expected)


def test_layers_of_a_network() -> None:
    adder = Layers("adder", norm="batch", power=False, spread=2.0)(4, 4, stride=2)
    assert isinstance(adder, AdderBlock)
    assert not adder.shortcut
    assert float(adder.adder.weight.detach().std()) == pytest.approx(2.0, rel=0.2)
    twin = Layers("cnn", twin_norm="batch")(4, 4)
    assert isinstance(twin, ConvBlock)
    assert not twin.shortcut
    assert twin.conv.bias is None
    assert isinstance(twin.norm, torch.nn.BatchNorm2d)


def test_filters_without_shortcut_start_large() -> None:
    """So that responses to positive inputs have both signs, which a ReLU passes on."""
    torch.manual_seed(5)
    with_shortcut, without = AdderBlock(64), AdderBlock(64, out_channels=65, activation="none")
    assert float(with_shortcut.adder.weight.detach().std()) == pytest.approx(0.3, rel=0.05)
    assert float(without.adder.weight.detach().std()) == pytest.approx(0.3 * 24, rel=0.05)
    with torch.no_grad():
        y = without(torch.rand(1, 64, 8, 8))
    assert 0.2 < float((y > 0).float().mean()) < 0.8
