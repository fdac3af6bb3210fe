"""SESR (Bhardwaj et al., MLSys 2022, arXiv 2103.09404): collapsible linear blocks.

    head: linear block 5×5, 1 → C, PReLU;  N layers 3×3, C → C, each plus its input, PReLU;
    plus the head's output;  tail: linear block 5×5, C → scale²;  plus the input; pixel shuffle.

A linear block is trained as a convolution to 256 channels and a 1×1 convolution; ``collapse``
makes one convolution of it, and the parameters that papers state are those of the collapsed form.
In the adder version the N layers are adder layers with self-shortcuts. They are not linear, so they
have no expanded form; head and tail have.
"""

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from addersr.models.block import AdderBlock, Norm
from addersr.models.collapsible import CollapsibleConv
from addersr.models.registry import register
from addersr.models.super_resolution import Kind, SuperResolution, check_counts, check_scale

# Channels and layers.
_SIZES = {"m5": (16, 5), "m11": (16, 11), "xl": (32, 11)}


@register("sesr")
class SESR(SuperResolution):
    """See the module. [N, 1, H, W] luma in 0…1 → [N, 1, scale·H, scale·W].

    Args:
        kind: "adder" or "cnn".
        scale: 2, 3 or 4. The paper has 2 and 4.
        size: "m5" (C = 16, N = 5), "m11" (16, 11) or "xl" (32, 11).
        channels, blocks: C and N; None for those of the size.
        expansion: channels within a linear block.
        collapsed: build linear blocks as single convolutions.
        norm, shortcut, power, spread: of the adder blocks, see :class:`AdderBlock`.
    """

    def __init__(
        self,
        kind: Kind,
        scale: int = 2,
        *,
        size: Literal["m5", "m11", "xl"] = "m5",
        channels: int | None = None,
        blocks: int | None = None,
        expansion: int = 256,
        collapsed: bool = False,
        norm: Norm = "centred",
        shortcut: bool = True,
        power: bool = True,
        spread: float = 0.3,
    ) -> None:
        super().__init__()
        check_scale(scale)
        if size not in _SIZES:
            raise ValueError(f"Expected size to be 'm5', 'm11' or 'xl', got {size!r}.")
        its_channels, its_blocks = _SIZES[size]
        channels = its_channels if channels is None else channels
        blocks = its_blocks if blocks is None else blocks
        check_counts(channels=channels, blocks=blocks, expansion=expansion)
        self.kind = kind
        self.scale = scale
        self.colour = "y"
        self.halo = 4 + blocks

        def linear(inputs: int, outputs: int) -> nn.Module:
            if collapsed:
                return nn.Conv2d(inputs, outputs, 5, padding=2)
            return CollapsibleConv(inputs, outputs, 5, expansion=expansion)

        def block() -> nn.Module:
            if kind == "adder":
                return AdderBlock(
                    channels, norm=norm, shortcut=shortcut, power=power, spread=spread
                )
            return _LinearBlock(channels, None if collapsed else expansion)

        self.head = nn.Sequential(linear(1, channels), nn.PReLU(channels))
        self.blocks = nn.Sequential(*(block() for _ in range(blocks)))
        self.tail = linear(channels, scale * scale)
        # Training starts at the anchor, as that of ``mobile``.
        last = self.tail.project if isinstance(self.tail, CollapsibleConv) else self.tail
        for parameter in last.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        head = self.head(x)
        y = self.tail(self.blocks(head) + head) + x
        return functional.pixel_shuffle(y, self.scale)


class _LinearBlock(nn.Module):
    """``PReLU(conv(x))``, where the convolution is collapsible and contains the shortcut."""

    def __init__(self, channels: int, expansion: int | None) -> None:
        super().__init__()
        self.conv: nn.Module
        if expansion is None:
            self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        else:
            self.conv = CollapsibleConv(channels, channels, 3, expansion=expansion, shortcut=True)
        self.activation = nn.PReLU(channels)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.activation(self.conv(x))
        return y
