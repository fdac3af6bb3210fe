"""What every super-resolution model of this package has in common."""

from typing import Literal

from torch import Tensor, nn

Kind = Literal["adder", "cnn"]
Colour = Literal["y", "rgb"]
KINDS: tuple[Kind, ...] = ("adder", "cnn")


class SuperResolution(nn.Module):
    """A network [N, c, H, W] → [N, c, scale·H, scale·W] with values in 0…1 (not clipped).

    Attributes:
        kind: "adder", or "cnn" for the twin.
        scale: upscaling factor.
        colour: "y" (c = 1: BT.601 luma / 255) or "rgb" (c = 3).
        halo: how many LR pixels around a pixel influence its HR pixels (for tiling).
    """

    kind: Kind
    scale: int
    colour: Colour
    halo: int

    def forward(self, x: Tensor) -> Tensor:
        """See the class; architectures implement it."""
        raise NotImplementedError(f"{type(self).__name__} does not define forward.")
