"""Random networks of adder layers in torch: any epilogue in any order, between convolutions."""

import random
from collections.abc import Callable

import torch
from torch import Tensor, nn

from addersr.models import AdderConv2d, PowerActivation
from addersr.models.block import ChannelAffine

CHANNELS = 2
"""Of a network's input."""

_WIDTHS = (4, 6, 8, 12)
_KERNELS = ((1, 1), (3, 3), (5, 5), (1, 3), (3, 1))


class Layer(nn.Module):
    """An adder convolution, and steps behind it that see the layer's input and an older tensor."""

    def __init__(self, adder: AdderConv2d, steps: list[tuple[str, nn.Module | None]]) -> None:
        super().__init__()
        self.adder = adder
        self.names = [name for name, _ in steps]
        self.steps = nn.ModuleList(module or nn.Identity() for _, module in steps)

    def forward(self, x: Tensor, older: Tensor) -> Tensor:
        y: Tensor = self.adder(x)
        for name, step in zip(self.names, self.steps, strict=True):
            if name == "shortcut":
                y = y + x
            elif name == "residual":
                y = older + y
            else:
                y = step(y)
        return y


class Network(nn.Module):
    """Head, layers, tail; ``joined`` puts the outputs of two layers side by side, which is a
    Concat between layers, and ``skip`` adds the head's output to that of the last layer.
    """

    def __init__(self, head: nn.Module, layers: list[Layer], tail: nn.Module) -> None:
        super().__init__()
        self.head, self.layers, self.tail = head, nn.ModuleList(layers), tail
        self.joined = False
        self.skip = False

    def forward(self, x: Tensor) -> Tensor:
        x = first = older = self.head(x)
        for layer in self.layers:
            x, older = layer(x, older), x
        if self.joined:
            x = torch.cat([x, older], dim=1)
        if self.skip:
            x = x + first
        y: Tensor = self.tail(x)
        return y


def random_network(seed: int, *, in_order: bool) -> Network:
    """A network in evaluation mode whose every parameter matters.

    Args:
        seed: of everything.
        in_order: the steps behind each sum are in the order of FusedAdderConv's epilogue, so that
            each layer becomes one node; else they are shuffled.
    """
    choose = random.Random(seed)
    torch.manual_seed(seed)
    width = choose.choice(_WIDTHS)
    head = nn.Conv2d(CHANNELS, width, 3, padding=1)
    layers: list[Layer] = []
    strided = False
    first, previous = width, -1  # no older tensor of its own before the second layer
    for _ in range(choose.randint(2, 4)):
        stride = (1, 1) if strided or choose.random() < 0.8 else choose.choice([(2, 2), (1, 2)])
        same = stride == (1, 1)
        out = width if same and choose.random() < 0.7 else choose.choice(_WIDTHS)
        kinds = _steps(choose, shortcut=same and out == width, residual=same and out == previous)
        layers.append(_layer(choose, width, out, stride, kinds, in_order=in_order))
        strided |= not same
        # After a stride, what is older has another size.
        previous, width = (width if same else -1), out
    joined = previous > 0 and choose.random() < 0.4
    network = Network(head, layers, nn.Conv2d(width + previous * joined, 3, 3, padding=1))
    network.joined = joined
    network.skip = not strided and not joined and width == first
    with torch.no_grad():
        network.train()(torch.rand(4, CHANNELS, 24, 24))  # batch statistics
    return network.eval().requires_grad_(False)


def _steps(choose: random.Random, *, shortcut: bool, residual: bool) -> list[str]:
    """Names in the order of the epilogue."""
    names = [choose.choice(["batch", "affine", "both"])]
    if shortcut and choose.random() < 0.6:
        names.append("shortcut")
    if choose.random() < 0.5:
        names.append("power")
    names += choose.choice([[], ["prelu"], ["relu"], ["leaky"], ["clip"], ["prelu", "clip"]])
    if residual and choose.random() < 0.6:
        names.append("residual")
    return names


def _layer(
    choose: random.Random,
    width: int,
    out: int,
    stride: tuple[int, int],
    names: list[str],
    *,
    in_order: bool,
) -> Layer:
    kernel = choose.choice(_KERNELS)
    dilation = choose.choice([1, 1, 2])
    padding = tuple(dilation * (side // 2) for side in kernel)
    adder = AdderConv2d(
        width,
        out,
        kernel,
        stride,
        (padding[0], padding[1]),
        dilation,
        choose.choice([groups for groups in (1, 2, 4) if width % groups == out % groups == 0]),
        centred=choose.random() < 0.5,
        spread=0.5,
    )
    if not in_order:
        norm, rest = names[:1], names[1:]
        choose.shuffle(rest)
        rest.insert(choose.randint(0, len(rest)), norm[0])
        names = rest
    return Layer(adder, [(name, _MODULES.get(name, _nothing)(out, adder)) for name in names])


def _batch(channels: int, _: AdderConv2d) -> nn.Module:
    norm = nn.BatchNorm2d(channels, momentum=None)  # one batch gives its exact statistics
    nn.init.uniform_(norm.weight, 0.3, 1.0)
    nn.init.normal_(norm.bias, 0.0, 0.3)
    return norm


def _affine(channels: int, adder: AdderConv2d) -> nn.Module:
    affine = ChannelAffine(channels, 1 / adder.taps)
    with torch.no_grad():
        affine.weight.mul_(torch.rand_like(affine.weight) + 0.5)
        affine.bias.normal_(0.0, 0.3)
    return affine


def _both(channels: int, adder: AdderConv2d) -> nn.Module:
    return nn.Sequential(_affine(channels, adder), _batch(channels, adder))


def _power(channels: int, _: AdderConv2d) -> nn.Module:
    power = PowerActivation(channels)
    nn.init.uniform_(power.log_alpha, -0.4, 0.3)
    return power


def _prelu(channels: int, _: AdderConv2d) -> nn.Module:
    prelu = nn.PReLU(channels)
    nn.init.uniform_(prelu.weight, -0.2, 0.6)
    return prelu


def _nothing(_: int, __: AdderConv2d) -> nn.Module | None:
    return None


_MODULES: dict[str, Callable[[int, AdderConv2d], nn.Module | None]] = {
    "batch": _batch,
    "affine": _affine,
    "both": _both,
    "power": _power,
    "prelu": _prelu,
    "relu": lambda *_: nn.ReLU(),
    "leaky": lambda *_: nn.LeakyReLU(0.15),
    "clip": lambda *_: nn.Hardtanh(-0.6, 1.1),
}
