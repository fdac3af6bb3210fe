"""EDSR (Lim et al., CVPRW 2017, arXiv 1707.02921), baseline and full.

    minus DIV2K's mean colour;  head: conv 3×3, 3 → C;
    B residual blocks: layer 3×3, ReLU, layer 3×3, times the residual scale, plus the block's input;
    layer 3×3;  plus the head's output;  upsampler;  tail: conv 3×3, C → 3;  plus the mean colour.

In the adder version all layers between head and tail are adder layers, the upsampler's too unless
it is asked to stay a convolution: AdderSR's operation counts have it so.
"""

from typing import Literal

from torch import Tensor, nn

from addersr.models.block import Layers, Norm
from addersr.models.registry import register
from addersr.models.super_resolution import Kind, SuperResolution, check_counts, check_scale
from addersr.models.upsampler import MeanShift, Upsampler, UpsamplerKind, upsampler_reach

# Channels, blocks and the residual scale of the CNN.
_SIZES = {"baseline": (64, 16, 1.0), "full": (256, 32, 0.1)}

# A block's own shortcuts carry its input a second time: with a residual scale of 1 the signal of an
# adder network would double in every block.
_ADDER_RESIDUAL_SCALE = 0.1


class ResidualBlock(nn.Module):
    """``scale · second(ReLU(first(x))) + x``, [N, C, H, W] → [N, C, H, W]."""

    def __init__(self, layers: Layers, channels: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.first = layers(channels, channels)
        self.second = layers(channels, channels, activation="none")

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        y = self.first(x)
        # The layer itself adds the residual where it can, since that is one op after export.
        z: Tensor = self.second(y, r=x) if self.scale == 1 else self.second(y) * self.scale + x
        return z


@register("edsr")
class EDSR(SuperResolution):
    """See the module. [N, 3, H, W] RGB in 0…1 → [N, 3, scale·H, scale·W].

    Args:
        kind: "adder" or "cnn".
        scale: 2, 3 or 4.
        size: "baseline" (C = 64, B = 16) or "full" (C = 256, B = 32).
        channels, blocks: C and B; None for those of the size.
        residual_scale: None for 1 in the baseline, 0.1 in the full CNN and in adder networks.
        upsampler: "adder" or "conv", what an adder network's upsampler is made of.
        norm, shortcut, power, spread: of the adder blocks, see :class:`AdderBlock`.
    """

    def __init__(
        self,
        kind: Kind,
        scale: int = 2,
        *,
        size: Literal["baseline", "full"] = "baseline",
        channels: int | None = None,
        blocks: int | None = None,
        residual_scale: float | None = None,
        upsampler: UpsamplerKind = "adder",
        norm: Norm = "centred",
        shortcut: bool = True,
        power: bool = True,
        spread: float = 0.3,
    ) -> None:
        super().__init__()
        check_scale(scale)
        if size not in _SIZES:
            raise ValueError(f"Expected size to be 'baseline' or 'full', got {size!r}.")
        its_channels, its_blocks, its_scale = _SIZES[size]
        channels = its_channels if channels is None else channels
        blocks = its_blocks if blocks is None else blocks
        check_counts(channels=channels, blocks=blocks)
        if residual_scale is None:
            residual_scale = its_scale if kind == "cnn" else _ADDER_RESIDUAL_SCALE
        self.kind = kind
        self.scale = scale
        self.colour = "rgb"
        self.halo = 2 + 2 * blocks + upsampler_reach(scale)
        layers = Layers(kind, norm, shortcut, power, spread)
        self.minus_mean = MeanShift(-1)
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.blocks = nn.Sequential(
            *(ResidualBlock(layers, channels, residual_scale) for _ in range(blocks))
        )
        self.last = layers(channels, channels, activation="none")
        self.upsampler = Upsampler(layers, upsampler, channels, scale)
        self.tail = nn.Conv2d(channels, 3, 3, padding=1)
        self.plus_mean = MeanShift(1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        head = self.head(self.minus_mean(x))
        features = self.last(self.blocks(head), r=head)
        y: Tensor = self.plus_mean(self.tail(self.upsampler(features)))
        return y
