"""The sub-pixel upsampler and the mean shift that EDSR, RDN and CARN share."""

from typing import Literal

import torch
from torch import Tensor, nn

from addersr.models.block import Activation, Layers
from addersr.models.super_resolution import coarser

UpsamplerKind = Literal["adder", "conv"]

#: Mean red, green and blue of DIV2K's training images, 0…1, as EDSR's authors give it.
DIV2K_MEAN = (0.4488, 0.4371, 0.4040)


class Upsampler(nn.Sequential):
    """Layers C → s²·C with 3×3 taps, each with a pixel shuffle; scale 4 is twice 2.

    Args:
        layers: of the network.
        kind: "adder" for layers like the others of an adder network (AdderSR counts them so), or
            "conv" for convolutions.
        channels: C.
        scale: 2, 3 or 4.
        activation: between layer and pixel shuffle.

    Shapes: [N, C, H, W] → [N, C, scale·H, scale·W].
    """

    def __init__(
        self,
        layers: Layers,
        kind: UpsamplerKind,
        channels: int,
        scale: int,
        activation: Activation = "none",
    ) -> None:
        if kind not in ("adder", "conv"):
            raise ValueError(f"Expected upsampler to be 'adder' or 'conv', got {kind!r}.")
        if kind == "conv":
            layers = Layers("cnn")
        stages: list[nn.Module] = []
        for factor in stage_factors(scale):
            stages.append(layers(channels, factor * factor * channels, activation=activation))
            stages.append(nn.PixelShuffle(factor))
        super().__init__(*stages)


def stage_factors(scale: int) -> tuple[int, ...]:
    """The factors of an upsampler's stages."""
    return (2, 2) if scale == 4 else (scale,)


def upsampler_reach(scale: int) -> int:
    """How many LR pixels the upsampler and a 3×3 tail after it reach."""
    reach = 1  # of the tail
    for factor in reversed(stage_factors(scale)):
        reach = coarser(reach, factor) + 1
    return reach


class MeanShift(nn.Module):
    """Adds ``sign`` times DIV2K's mean colour, [N, 3, H, W] → [N, 3, H, W]."""

    mean: Tensor

    def __init__(self, sign: int) -> None:
        super().__init__()
        mean = sign * torch.tensor(DIV2K_MEAN).view(3, 1, 1)
        self.register_buffer("mean", mean, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return x + self.mean
