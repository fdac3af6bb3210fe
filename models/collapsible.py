"""Convolutions that are trained in an expanded form and used as one: SESR's linear blocks."""

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn

Model = TypeVar("Model", bound=nn.Module)


class CollapsibleConv(nn.Module):
    """A k×k convolution to many channels, a 1×1 convolution to few; optionally plus the input.

    Nothing is between the two, so they equal one k×k convolution, see :meth:`collapsed`.

    Args:
        channels: of the input.
        out_channels: of the output.
        kernel_size: k, odd; padding keeps the size.
        expansion: channels in between.
        shortcut: add the input; needs as many output channels.

    Shapes: [N, channels, H, W] → [N, out_channels, H, W].
    """

    def __init__(
        self,
        channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        expansion: int,
        shortcut: bool = False,
    ) -> None:
        super().__init__()
        if shortcut and channels != out_channels:
            raise ValueError(f"A shortcut cannot join {channels} and {out_channels} channels.")
        self.shortcut = shortcut
        # A bias here would not be felt outside the image, and then no single convolution is equal.
        self.expand = nn.Conv2d(
            channels, expansion, kernel_size, padding=kernel_size // 2, bias=False
        )
        self.project = nn.Conv2d(expansion, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        y: Tensor = self.project(self.expand(x))
        return y + x if self.shortcut else y

    def collapsed(self) -> nn.Conv2d:
        """The one convolution with the same result; its weights are rounded once."""
        expand, project = self.expand.weight.double(), self.project.weight.double()
        weight = torch.einsum("op,pcij->ocij", project[:, :, 0, 0], expand)
        outputs, channels, kernel, _ = weight.shape
        if self.shortcut:
            diagonal = torch.arange(channels)
            weight = weight.clone()
            weight[diagonal, diagonal, kernel // 2, kernel // 2] += 1
        conv = nn.Conv2d(channels, outputs, kernel, padding=kernel // 2)
        with torch.no_grad():
            conv.weight.copy_(weight)
            assert self.project.bias is not None
            assert conv.bias is not None
            conv.bias.copy_(self.project.bias)
        return conv


def collapse(model: Model) -> Model:
    """A copy of ``model`` in which every :class:`CollapsibleConv` is one convolution."""
    model = copy.deepcopy(model)
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, CollapsibleConv):
                conv = child.collapsed().to(child.expand.weight)
                setattr(parent, name, conv.train(child.training))
    return model
