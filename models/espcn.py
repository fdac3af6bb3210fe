"""ESPCN (Shi et al., CVPR 2016, arXiv 1609.05158): the first sub-pixel convolution.

    head: conv 5×5, 1 → 64, ReLU;  layer 3×3, 64 → 32, ReLU;  tail: conv 3×3, 32 → scale²;
    pixel shuffle.

In the adder version the layer in the middle is an adder layer; it has no self-shortcut, since its
sizes differ. The paper prefers tanh, which is no activation of the fused adder layer.
"""

from torch import Tensor, nn
from torch.nn import functional

from addersr.models.block import Layers, Norm
from addersr.models.registry import register
from addersr.models.super_resolution import Kind, SuperResolution, check_counts, check_scale


@register("espcn")
class ESPCN(SuperResolution):
    """See the module. [N, 1, H, W] luma in 0…1 → [N, 1, scale·H, scale·W].

    Args:
        kind: "adder" or "cnn".
        scale: 2, 3 or 4.
        features, mapped: channels after the first and the second layer.
        norm, power, spread: of the adder block, see :class:`AdderBlock`.
    """

    def __init__(
        self,
        kind: Kind,
        scale: int = 2,
        *,
        features: int = 64,
        mapped: int = 32,
        norm: Norm = "centred",
        power: bool = True,
        spread: float = 0.3,
    ) -> None:
        super().__init__()
        check_scale(scale)
        check_counts(features=features, mapped=mapped)
        self.kind = kind
        self.scale = scale
        self.colour = "y"
        self.halo = 4
        layers = Layers(kind, norm, shortcut=False, power=power, spread=spread)
        self.head = nn.Sequential(nn.Conv2d(1, features, 5, padding=2), nn.ReLU())
        self.mapping = layers(features, mapped)
        self.tail = nn.Conv2d(mapped, scale * scale, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return functional.pixel_shuffle(self.tail(self.mapping(self.head(x))), self.scale)
