"""RDN (Zhang et al., CVPR 2018, arXiv 1802.08797): residual dense blocks.

    minus DIV2K's mean colour;  head: conv 3×3, 3 → G0;  layer 3×3, G0 → G0;
    D residual dense blocks: C layers 3×3 with ReLU, each of which gets the block's input and all
    outputs before it and gives G channels more; a layer 1×1 to G0; plus the block's input;
    the blocks' outputs together: a layer 1×1 to G0, a layer 3×3;  plus the head's output;
    upsampler;  tail: conv 3×3, G0 → 3;  plus the mean colour.

In the adder version all layers between head and tail are adder layers, the upsampler's too unless
it is asked to stay a convolution.
"""

import torch
from torch import Tensor, nn

from addersr.models.block import Layers, Norm
from addersr.models.registry import register
from addersr.models.super_resolution import Kind, SuperResolution, check_counts, check_scale
from addersr.models.upsampler import MeanShift, Upsampler, UpsamplerKind, upsampler_reach


class ResidualDenseBlock(nn.Module):
    """A block of the module's description, [N, channels, H, W] → [N, channels, H, W]."""

    def __init__(self, layers: Layers, channels: int, growth: int, depth: int) -> None:
        super().__init__()
        self.dense = nn.ModuleList(layers(channels + i * growth, growth) for i in range(depth))
        self.fusion = layers(channels + depth * growth, channels, 1, activation="none")

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        features = x
        for layer in self.dense:
            features = torch.cat((features, layer(features)), 1)
        y: Tensor = self.fusion(features, r=x)
        return y


@register("rdn")
class RDN(SuperResolution):
    """See the module. [N, 3, H, W] RGB in 0…1 → [N, 3, scale·H, scale·W].

    Args:
        kind: "adder" or "cnn".
        scale: 2, 3 or 4.
        channels: G0.
        blocks: D.
        depth: C.
        growth: G.
        upsampler: "adder" or "conv", what an adder network's upsampler is made of.
        norm, shortcut, power, spread: of the adder blocks, see :class:`AdderBlock`.
    """

    def __init__(
        self,
        kind: Kind,
        scale: int = 2,
        *,
        channels: int = 64,
        blocks: int = 16,
        depth: int = 8,
        growth: int = 64,
        upsampler: UpsamplerKind = "adder",
        norm: Norm = "centred",
        shortcut: bool = True,
        power: bool = True,
        spread: float = 0.3,
    ) -> None:
        super().__init__()
        check_scale(scale)
        check_counts(channels=channels, blocks=blocks, depth=depth, growth=growth)
        self.kind = kind
        self.scale = scale
        self.colour = "rgb"
        self.halo = 3 + blocks * depth + upsampler_reach(scale)
        layers = Layers(kind, norm, shortcut, power, spread)
        self.minus_mean = MeanShift(-1)
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.first = layers(channels, channels, activation="none")
        self.blocks = nn.ModuleList(
            ResidualDenseBlock(layers, channels, growth, depth) for _ in range(blocks)
        )
        self.fusion = layers(blocks * channels, channels, 1, activation="none")
        self.last = layers(channels, channels, activation="none")
        self.upsampler = Upsampler(layers, upsampler, channels, scale)
        self.tail = nn.Conv2d(channels, 3, 3, padding=1)
        self.plus_mean = MeanShift(1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        head = self.head(self.minus_mean(x))
        y = self.first(head)
        outputs = []
        for block in self.blocks:
            y = block(y)
            outputs.append(y)
        features = self.last(self.fusion(torch.cat(outputs, 1)), r=head)
        result: Tensor = self.plus_mean(self.tail(self.upsampler(features)))
        return result
