"""CARN (Ahn et al., ECCV 2018, arXiv 1803.08664): cascading residual network.

    minus DIV2K's mean colour;  head: conv 3×3, 3 → C;
    a cascade of three blocks, each a cascade of three residual blocks;
    upsampler with ReLU;  tail: conv 3×3, C → 3;  plus the mean colour.

    cascade: unit, layer 1×1 on the input and the unit's output, unit, layer 1×1 on these and the
    second unit's output, unit, layer 1×1 on all four;  residual block: ReLU(second(first(x)) + x).

In the adder version all layers between head and tail are adder layers, the upsampler's too unless
it is asked to stay a convolution. A width of 1/4 is AdderSR's A-CARN-1/4. The original has the
upsamplers for all scales in one model (1.59M parameters); a model here has one.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from addersr.models.block import Layers, Norm
from addersr.models.registry import register
from addersr.models.super_resolution import Kind, SuperResolution, check_scale
from addersr.models.upsampler import MeanShift, Upsampler, UpsamplerKind, upsampler_reach

_CHANNELS = 64
_UNITS = 3


class ResidualBlock(nn.Module):
    """``ReLU(second(ReLU(first(x))) + x)``, [N, C, H, W] → [N, C, H, W]."""

    def __init__(self, layers: Layers, channels: int) -> None:
        super().__init__()
        self.first = layers(channels, channels)
        self.second = layers(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        y: Tensor = self.second(self.first(x), z=x)
        return y


class Cascade(nn.Module):
    """A cascade of ``units`` as the module describes it, [N, C, H, W] → [N, C, H, W]."""

    def __init__(self, layers: Layers, channels: int, units: Iterable[nn.Module]) -> None:
        super().__init__()
        self.units = nn.ModuleList(units)
        self.fusions = nn.ModuleList(
            layers((i + 2) * channels, channels, 1) for i in range(len(self.units))
        )

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        features, y = x, x
        for unit, fusion in zip(self.units, self.fusions, strict=True):
            features = torch.cat((features, unit(y)), 1)
            y = fusion(features)
        return y


@register("carn")
class CARN(SuperResolution):
    """See the module. [N, 3, H, W] RGB in 0…1 → [N, 3, scale·H, scale·W].

    Args:
        kind: "adder" or "cnn".
        scale: 2, 3 or 4.
        width: C / 64.
        upsampler: "adder" or "conv", what an adder network's upsampler is made of.
        norm, shortcut, power, spread: of the adder blocks, see :class:`AdderBlock`.
    """

    def __init__(
        self,
        kind: Kind,
        scale: int = 2,
        *,
        width: float = 1.0,
        upsampler: UpsamplerKind = "adder",
        norm: Norm = "centred",
        shortcut: bool = True,
        power: bool = True,
        spread: float = 0.3,
    ) -> None:
        super().__init__()
        check_scale(scale)
        channels = round(_CHANNELS * width)
        if channels < 1 or channels != _CHANNELS * width:
            raise ValueError(
                f"Expected a width that makes a whole number of {_CHANNELS} channels, for example "
                f"0.25, got {width}."
            )
        self.kind = kind
        self.scale = scale
        self.colour = "rgb"
        self.halo = 1 + 2 * _UNITS * _UNITS + upsampler_reach(scale)
        layers = Layers(kind, norm, shortcut, power, spread)
        self.minus_mean = MeanShift(-1)
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        blocks = (
            Cascade(layers, channels, (ResidualBlock(layers, channels) for _ in range(_UNITS)))
            for _ in range(_UNITS)
        )
        self.body = Cascade(layers, channels, blocks)
        self.upsampler = Upsampler(layers, upsampler, channels, scale, activation="relu")
        self.tail = nn.Conv2d(channels, 3, 3, padding=1)
        self.plus_mean = MeanShift(1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        features = self.body(self.head(self.minus_mean(x)))
        y: Tensor = self.plus_mean(self.tail(self.upsampler(features)))
        return y
