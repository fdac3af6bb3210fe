"""``mobile``: a small luma network made for phones, as adder network or as CNN.

    head: Conv 3x3, 1 → C;  N blocks of C channels;  tail: Conv 3x3, C → scale²;
    plus the input repeated scale² times (the anchor);  pixel shuffle.

Head and tail stay convolutions, as in AdderSR. Both kinds have the same layers, sizes and number of
multiply or adder taps; C is a multiple of 8 for the sake of SIMD kernels.
"""

from torch import Tensor, nn
from torch.nn import functional

from addersr.models.block import AdderBlock, ConvBlock, Norm, Order, Sharing
from addersr.models.registry import register
from addersr.models.super_resolution import Kind, SuperResolution, check_scale


@register("mobile")
class Mobile(SuperResolution):
    """See the module. [N, 1, H, W] luma in 0…1 → [N, 1, scale·H, scale·W].

    Args:
        kind: "adder" or "cnn".
        scale: 2, 3 or 4.
        channels: C.
        blocks: N.
        norm, shortcut, power, slope, spread, order, alpha, projection, input_scales,
            sharpness: of the adder blocks, see :class:`AdderBlock`.
    """

    def __init__(
        self,
        kind: Kind,
        scale: int = 2,
        *,
        channels: int = 24,
        blocks: int = 4,
        norm: Norm = "centred",
        shortcut: bool = True,
        power: bool = True,
        slope: Sharing = "channel",
        spread: float = 0.3,
        order: Order = "norm-shortcut-power-activation",
        alpha: Sharing = "channel",
        projection: bool = False,
        input_scales: bool = False,
        sharpness: float = 1.0,
    ) -> None:
        super().__init__()
        check_scale(scale)
        if channels < 1 or blocks < 1:
            raise ValueError(f"Expected 1 or more channels and blocks, got {channels}, {blocks}.")
        self.kind = kind
        self.scale = scale
        self.colour = "y"
        self.halo = blocks + 2
        self.head = nn.Conv2d(1, channels, 3, padding=1)
        self.blocks = nn.Sequential(
            *(
                AdderBlock(
                    channels,
                    norm=norm,
                    shortcut=shortcut,
                    power=power,
                    slope=slope,
                    spread=spread,
                    order=order,
                    alpha=alpha,
                    projection=projection,
                    input_scales=input_scales,
                    sharpness=sharpness,
                )
                if kind == "adder"
                else ConvBlock(channels)
                for _ in range(blocks)
            )
        )
        self.tail = nn.Conv2d(channels, scale * scale, 3, padding=1)
        # Training starts at the anchor: huge first gradients would stay in Adam's second moments
        # for a thousand steps and hold every parameter still.
        for parameter in self.tail.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        # Broadcasting repeats the one channel of x for each of the scale² sub-pixels.
        return functional.pixel_shuffle(self.tail(self.blocks(self.head(x))) + x, self.scale)
