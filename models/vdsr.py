"""VDSR (Kim et al., CVPR 2016, arXiv 1511.04587), the network of AdderSR's first tables.

    bicubic enlargement;  conv 3×3, 1 → C, ReLU;  N - 2 layers 3×3, C → C, ReLU;
    conv 3×3, C → 1;  plus the enlarged image.

In the adder version the N - 2 layers in the middle are adder layers with self-shortcuts.
"""

from torch import Tensor, nn

from addersr.models.bicubic import BicubicEnlargement, reach_before_enlargement
from addersr.models.block import Layers, Norm
from addersr.models.registry import register
from addersr.models.super_resolution import Kind, SuperResolution, check_counts, check_scale


@register("vdsr")
class VDSR(SuperResolution):
    """See the module. [N, 1, H, W] luma in 0…1 → [N, 1, scale·H, scale·W].

    Args:
        kind: "adder" or "cnn".
        scale: 2, 3 or 4.
        channels: C.
        depth: N, 3 or more.
        norm, shortcut, power, spread: of the adder blocks, see :class:`AdderBlock`.
    """

    def __init__(
        self,
        kind: Kind,
        scale: int = 2,
        *,
        channels: int = 64,
        depth: int = 20,
        norm: Norm = "centred",
        shortcut: bool = True,
        power: bool = True,
        spread: float = 0.3,
    ) -> None:
        super().__init__()
        check_scale(scale)
        check_counts(channels=channels)
        if depth < 3:
            raise ValueError(f"Expected a depth of 3 or more, got {depth}.")
        self.kind = kind
        self.scale = scale
        self.colour = "y"
        self.halo = reach_before_enlargement(depth, scale)
        layers = Layers(kind, norm, shortcut, power, spread)
        self.enlargement = BicubicEnlargement(scale)
        self.head = nn.Sequential(nn.Conv2d(1, channels, 3, padding=1), nn.ReLU())
        self.blocks = nn.Sequential(*(layers(channels, channels) for _ in range(depth - 2)))
        self.tail = nn.Conv2d(channels, 1, 3, padding=1)
        # Training starts at the enlarged image, as that of ``mobile`` does at its anchor.
        for parameter in self.tail.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        enlarged: Tensor = self.enlargement(x)
        residual: Tensor = self.tail(self.blocks(self.head(enlarged)))
        return residual + enlarged
