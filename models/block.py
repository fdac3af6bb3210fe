"""The adder block of AdderSR and its convolutional twin.

One layer in the order of the fused epilogue (so that it folds into one op at export):

    A = AdderConv(x);  T = γ·A + β (batch norm, or centred);  T += x (self-shortcut);
    power activation;  PReLU.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from addersr.models.adder_conv import AdderConv2d
from addersr.models.power import PowerActivation

Norm = Literal["centred", "batch"]


class ChannelAffine(nn.Module):
    """``γ·x + β`` per channel, shape [N, C, H, W]; γ starts at ``scale``, β at 0."""

    def __init__(self, channels: int, scale: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels, 1, 1), scale))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return self.weight * x + self.bias


class AdderBlock(nn.Module):
    """``PReLU(P(norm(AdderConv(x)) + x))``, [N, C, H, W] → [N, C, H, W].

    Args:
        channels: C, the same for input and output, as the self-shortcut needs (AdderSR, theorem 1).
        kernel_size: odd; padding keeps the size.
        norm: "centred" (``γ·(Σ|W| - Σ|X-W|) + β``, no statistics) or "batch" (the papers').
        shortcut: add the input (AdderSR, section 3.2).
        power: use the power activation (AdderSR, section 3.3).
        spread: standard deviation of the initial filters.
    """

    def __init__(
        self,
        channels: int,
        kernel_size: int = 3,
        *,
        norm: Norm = "centred",
        shortcut: bool = True,
        power: bool = True,
        spread: float = 0.3,
    ) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise ValueError(f"Expected an odd kernel size, got {kernel_size}.")
        self.adder = AdderConv2d(
            channels,
            channels,
            kernel_size,
            padding=kernel_size // 2,
            centred=norm == "centred",
            spread=spread,
        )
        self.norm: nn.Module
        if norm == "centred":
            # So small that the block starts close to its shortcut: inputs are mostly positive, and
            # then all taps of a filter respond with the same sign.
            self.norm = ChannelAffine(channels, 1 / self.adder.taps)
        elif norm == "batch":
            self.norm = nn.BatchNorm2d(channels)
        else:
            raise ValueError(f"Expected norm to be 'centred' or 'batch', got {norm!r}.")
        self.shortcut = shortcut
        self.power = PowerActivation(channels) if power else nn.Identity()
        self.activation = nn.PReLU(channels)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        y = self.norm(self.adder(x))
        if self.shortcut:
            y = y + x
        activated: Tensor = self.activation(self.power(y))
        return activated


class ConvBlock(nn.Module):
    """The CNN twin of a block: ``PReLU(Conv(x) + x)``, [N, C, H, W] → [N, C, H, W]."""

    def __init__(self, channels: int, kernel_size: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, kernel_size, padding=kernel_size // 2)
        self.activation = nn.PReLU(channels)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        activated: Tensor = self.activation(self.conv(x) + x)
        return activated
