"""The adder layer as AdderNet's users know it: unfolded patches in plain torch operations.

A contender of the benchmark. Forward (AdderNet, CVPR 2020, arXiv 1912.13200, equation 2) and the
two gradients (equations 5 and 6) each form all differences ``X - W`` of a layer at once, one float
per tap of every output.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from addersr.models import AdderBlock, AdderConv2d


class _Differences(torch.autograd.Function):
    """Patches [taps, positions] and filters [O, taps] → ``-Σ|X - W|``, [O, positions]."""

    @staticmethod
    def forward(ctx: Any, patches: Tensor, filters: Tensor) -> Tensor:
        ctx.save_for_backward(patches, filters)
        return -(patches.unsqueeze(0) - filters.unsqueeze(2)).abs().sum(1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        patches, filters = ctx.saved_tensors
        dy = gradients[0].unsqueeze(1)
        difference = patches.unsqueeze(0) - filters.unsqueeze(2)
        dfilters = (difference * dy).sum(2)
        dpatches = ((-difference).clamp(-1, 1) * dy).sum(0)
        return dpatches, dfilters


class UnfoldAdder(nn.Module):
    """``layer`` with the same filters, response and gradients; groups must be 1."""

    def __init__(self, layer: AdderConv2d) -> None:
        super().__init__()
        if layer.groups != 1:
            raise ValueError(f"Expected a layer without groups, got {layer.groups}.")
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] → [N, O, H', W']."""
        layer = self.layer
        patches = functional.unfold(
            x, layer.kernel_size, layer.dilation, layer.padding, layer.stride
        )
        positions = patches.permute(1, 2, 0).flatten(1)  # [taps, H'·W'·N]
        y: Tensor = _Differences.apply(positions, layer.weight.flatten(1))  # type: ignore[no-untyped-call]
        if layer.centred:
            magnitude = layer.weight.detach().abs().flatten(1).sum(1)
            # Of value 0 and gradient W, as the layer has it: X - W and W add up to X.
            half_square = (layer.weight**2 / 2).flatten(1).sum(1)
            y = y + (magnitude + half_square - half_square.detach()).unsqueeze(1)
        columns = (
            x.shape[3] + 2 * layer.padding[1] - layer.dilation[1] * (layer.kernel_size[1] - 1) - 1
        ) // layer.stride[1] + 1
        image: Tensor = y.unflatten(1, (-1, columns, x.shape[0])).permute(3, 0, 1, 2)
        return image


def unfold_all(model: nn.Module) -> None:
    """Let the adder layers of all blocks of ``model`` compute by unfolding."""
    for block in model.modules():
        if isinstance(block, AdderBlock) and isinstance(block.adder, AdderConv2d):
            block.add_module("adder", UnfoldAdder(block.adder))
