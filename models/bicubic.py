"""Bicubic enlargement inside a network, for architectures that take the enlarged image."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from addersr.models.super_resolution import coarser

_REACH = 2


class BicubicEnlargement(nn.Module):
    """[N, 1, H, W] → [N, 1, scale·H, scale·W] by Keys' cubic (a = -1/2), pixels as areas.

    Each of the scale² positions within an input pixel has its own 5×5 filter, the product of a
    vertical and a horizontal one, so the enlargement is one small convolution and a pixel shuffle:
    ONNX's Resize takes many times as long. Pixels outside the image are those on its edge.
    """

    filters: Tensor

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale
        filters = torch.tensor([_filter((i + 0.5) / scale - 0.5) for i in range(scale)])
        products = torch.einsum("ik,jl->ijkl", filters, filters)
        self.register_buffer("filters", products.reshape(-1, 1, 5, 5), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        padded = functional.pad(x, (_REACH,) * 4, mode="replicate")
        return functional.pixel_shuffle(functional.conv2d(padded, self.filters), self.scale)


def reach_before_enlargement(reach: int, scale: int) -> int:
    """How many LR pixels layers reach that see ``reach`` pixels of the enlarged image.

    Its pixel t, counted from the first one of LR pixel 0, lies at (t + 1/2) / scale - 1/2 and is
    made from two LR pixels on each side; t = -reach is the farthest.
    """
    return coarser(2 * reach - 1 + scale, 2 * scale) + 1


def _filter(position: float) -> list[float]:
    """Weights of the 5 pixels around pixel 0 for the value at ``position`` (within ±1/2)."""
    return [_cubic(abs(position - pixel)) for pixel in range(-_REACH, _REACH + 1)]


def _cubic(distance: float) -> float:
    """Keys, 1981, equation 15."""
    if distance < 1:
        return (1.5 * distance - 2.5) * distance**2 + 1
    if distance < 2:
        return ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return 0.0
