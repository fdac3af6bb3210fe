"""SRCNN (Dong et al., ECCV 2014 and TPAMI 2015, arXiv 1501.00092).

    bicubic enlargement;  conv 9×9, 1 → 64, ReLU;  layer K×K, 64 → 32, ReLU;  conv 5×5, 32 → 1.

K is 5 (the larger network, 57K) or 1 (the first, 8K). In the adder version the layer in the middle
is an adder layer; it has no self-shortcut, since its sizes differ.
"""

from torch import Tensor, nn

from addersr.models.bicubic import BicubicEnlargement, reach_before_enlargement
from addersr.models.block import Layers, Norm
from addersr.models.registry import register
from addersr.models.super_resolution import Kind, SuperResolution, check_counts, check_scale


@register("srcnn")
class SRCNN(SuperResolution):
    """See the module. [N, 1, H, W] luma in 0…1 → [N, 1, scale·H, scale·W].

    Args:
        kind: "adder" or "cnn".
        scale: 2, 3 or 4.
        middle: K, odd.
        features, mapped: channels after the first and the second layer.
        norm, power, spread: of the adder block, see :class:`AdderBlock`.
    """

    def __init__(
        self,
        kind: Kind,
        scale: int = 2,
        *,
        middle: int = 5,
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
        self.halo = reach_before_enlargement(4 + middle // 2 + 2, scale)
        layers = Layers(kind, norm, shortcut=False, power=power, spread=spread)
        self.enlargement = BicubicEnlargement(scale)
        self.head = nn.Sequential(nn.Conv2d(1, features, 9, padding=4), nn.ReLU())
        self.mapping = layers(features, mapped, middle)
        self.tail = nn.Conv2d(mapped, 1, 5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        y: Tensor = self.tail(self.mapping(self.head(self.enlargement(x))))
        return y
