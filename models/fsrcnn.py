"""FSRCNN (Dong et al., ECCV 2016, arXiv 1608.00367): FSRCNN(d, s, m).

    head: conv 5×5, 1 → d;  shrinking: layer 1×1, d → s;  m layers 3×3, s → s;
    expanding: layer 1×1, s → d;  tail: transposed conv 9×9 with stride scale, d → 1.

A PReLU follows every layer but the last. In the adder version all layers between head and tail are
adder layers; those of the middle have self-shortcuts.
"""

from torch import Tensor, nn

from addersr.models.block import Layers, Norm
from addersr.models.registry import register
from addersr.models.super_resolution import (
    Kind,
    SuperResolution,
    check_counts,
    check_scale,
    coarser,
)


@register("fsrcnn")
class FSRCNN(SuperResolution):
    """See the module. [N, 1, H, W] luma in 0…1 → [N, 1, scale·H, scale·W].

    Args:
        kind: "adder" or "cnn".
        scale: 2, 3 or 4.
        channels, shrunk, blocks: d, s and m.
        norm, shortcut, power, spread: of the adder blocks, see :class:`AdderBlock`.
    """

    def __init__(
        self,
        kind: Kind,
        scale: int = 2,
        *,
        channels: int = 56,
        shrunk: int = 12,
        blocks: int = 4,
        norm: Norm = "centred",
        shortcut: bool = True,
        power: bool = True,
        spread: float = 0.3,
    ) -> None:
        super().__init__()
        check_scale(scale)
        check_counts(channels=channels, shrunk=shrunk, blocks=blocks)
        self.kind = kind
        self.scale = scale
        self.colour = "y"
        self.halo = 2 + blocks + coarser(4, scale)
        layers = Layers(kind, norm, shortcut, power, spread)
        self.head = nn.Sequential(nn.Conv2d(1, channels, 5, padding=2), nn.PReLU(channels))
        self.blocks = nn.Sequential(
            layers(channels, shrunk, 1, activation="prelu"),
            *(layers(shrunk, shrunk, activation="prelu") for _ in range(blocks)),
            layers(shrunk, channels, 1, activation="prelu"),
        )
        self.tail = nn.ConvTranspose2d(
            channels, 1, 9, stride=scale, padding=4, output_padding=scale - 1
        )

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        y: Tensor = self.tail(self.blocks(self.head(x)))
        return y
