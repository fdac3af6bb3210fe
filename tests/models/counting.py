"""Counts of parameters and multiply-adds as papers state them."""

import torch
from torch import Tensor, nn

from addersr.models import AdderConv2d, create

#: Papers count for an output of this size.
OUTPUT = (720, 1280)


def on_meta(name: str, kind: str, scale: int, **values: object) -> nn.Module:
    """A model without memory for its weights."""
    with torch.device("meta"):
        return create(name, kind, scale, **values)


def parameters(model: nn.Module, *, biases: bool = True) -> int:
    """Number of trained values; papers often leave out what is no filter."""
    return sum(p.numel() for p in model.parameters() if biases or p.dim() == 4)


def tap_counts(model: nn.Module, channels: int, scale: float = 1) -> dict[str, float]:
    """Taps per layer for an output of 1280×720, in 10⁹, by the layer's name.

    A tap is one multiplication and one addition of a convolution, or two additions of an adder
    layer. A transposed convolution has one tap per input value and filter value. The sizes need
    not be whole: 1280 / 3 is no number of pixels, yet papers count for it.
    """
    probe = (48, 64)
    factor = OUTPUT[0] * OUTPUT[1] / (probe[0] * probe[1] * scale * scale)
    counts: dict[str, float] = {}

    def count(name: str, layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        pixels = inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output
        taps = layer.get_parameter("weight").numel() * pixels.shape[2] * pixels.shape[3]
        counts[name] = taps * factor / 1e9

    for name, layer in model.named_modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, AdderConv2d)):
            layer.register_forward_hook(
                lambda layer, inputs, output, name=name: count(name, layer, inputs, output)
            )
    with torch.no_grad():
        model(torch.zeros(1, channels, *probe, device="meta"))
    return counts


def adder_layers(model: nn.Module) -> set[str]:
    """Names of the layers that are adder convolutions."""
    return {name for name, layer in model.named_modules() if isinstance(layer, AdderConv2d)}
