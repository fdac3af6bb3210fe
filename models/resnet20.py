"""ResNet-20 of AdderNet (CVPR 2020, arXiv 1912.13200): a classifier of 32×32 images (CIFAR-10).

Not super-resolution, so it is not in the registry: it is here because the first adder networks were
classifiers, whose weights people have, and because strides and 1×1 layers go the same way through
training, export and kernels as the layers of any other network.

    head: conv 3×3, 3 → 16, batch norm, ReLU;
    three stages of three residual blocks with 16, 32 and 64 channels; from the second stage on, the
    first block has stride 2, and its skip is a layer 1×1 with the same stride;
    mean over the image;  tail: conv 1×1, 64 → classes, batch norm.

    residual block: ReLU(second(ReLU(first(x))) + skip(x)); batch norm in every layer.
"""

from torch import Tensor, nn

from addersr.models.block import AdderBlock, ConvBlock, Layers, Norm
from addersr.models.super_resolution import Kind

_BLOCKS = 3


class ResidualBlock(nn.Module):
    """A block of the module's description, [N, C, H, W] → [N, O, ⌈H / stride⌉, ⌈W / stride⌉]."""

    def __init__(self, layers: Layers, channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.first = layers(channels, out_channels, stride=stride)
        self.second = layers(out_channels, out_channels)
        self.skip: AdderBlock | ConvBlock | nn.Identity = nn.Identity()
        if stride > 1 or channels != out_channels:
            self.skip = layers(channels, out_channels, 1, stride=stride, activation="none")

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        y: Tensor = self.second(self.first(x), z=self.skip(x))
        return y


class ResNet20(nn.Module):
    """See the module. Images [N, 3, H, W] → logits [N, classes].

    Args:
        kind: "adder" or "cnn".
        classes: number of logits.
        channels: of the first stage; the others have 2 and 4 times as many.
        norm, shortcut, power, spread: of the adder blocks, see :class:`AdderBlock`; by default as
            AdderNet has them.
    """

    def __init__(
        self,
        kind: Kind,
        *,
        classes: int = 10,
        channels: int = 16,
        norm: Norm = "batch",
        shortcut: bool = False,
        power: bool = False,
        spread: float = 1.0,
    ) -> None:
        super().__init__()
        self.kind = kind
        layers = Layers(kind, norm, shortcut, power, spread, twin_norm="batch")
        self.head = nn.Sequential(
            nn.Conv2d(3, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()
        )
        self.stages = nn.Sequential(
            _stage(layers, channels, channels, 1),
            _stage(layers, channels, 2 * channels, 2),
            _stage(layers, 2 * channels, 4 * channels, 2),
        )
        self.tail = nn.Sequential(
            nn.Conv2d(4 * channels, classes, 1, bias=False), nn.BatchNorm2d(classes)
        )

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        pooled = self.stages(self.head(x)).mean((2, 3), keepdim=True)
        logits: Tensor = self.tail(pooled).squeeze((2, 3))
        return logits


def _stage(layers: Layers, channels: int, out_channels: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        ResidualBlock(layers, channels, out_channels, stride),
        *(ResidualBlock(layers, out_channels, out_channels, 1) for _ in range(_BLOCKS - 1)),
    )
