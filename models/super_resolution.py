"""What every super-resolution model of this package has in common."""

from typing import Literal

from torch import Tensor, nn

Kind = Literal["adder", "cnn"]
Colour = Literal["y", "rgb"]
KINDS: tuple[Kind, ...] = ("adder", "cnn")
SCALES = (2, 3, 4)


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


def check_scale(scale: int) -> None:
    """Refuse a scale that no architecture is defined for.

    Raises:
        ValueError: it is not 2, 3 or 4.
    """
    if scale not in SCALES:
        raise ValueError(f"Expected a scale of 2, 3 or 4, got {scale}.")


def check_counts(**counts: int) -> None:
    """Refuse numbers of channels, blocks and the like that are below 1.

    Raises:
        ValueError: names the first one.
    """
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"Expected 1 or more {name}, got {count}.")


def coarser(reach: int, scale: int) -> int:
    """``reach`` in pixels of a grid, in pixels of one that is ``scale`` times as coarse."""
    return -(-reach // scale)
