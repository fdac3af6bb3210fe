"""The adder convolution in plain torch operations, for every dtype and device.

The readable reference for the C++ training kernels, and the path for CUDA and float64 tensors.
One output channel at a time: memory stays at twice the unfolded input.
"""

import torch
from torch import Tensor
from torch.nn import functional

from addersr.models.kernels import Geometry


def forward(x: Tensor, weight: Tensor, bias: Tensor, geometry: Geometry) -> Tensor:
    """``Y = B - Σ|X - W|``; shapes as in ``adder_conv2d``."""
    patches = _unfold(x, weight, geometry)
    filters = weight.reshape(geometry.groups, -1, patches.shape[2])
    sums = [(patches - filters[:, o].unsqueeze(-1)).abs().sum(2) for o in range(filters.shape[1])]
    y = torch.stack(sums, 2).reshape(x.shape[0], weight.shape[0], *geometry.output_size(x, weight))
    return bias.view(-1, 1, 1) - y


def input_gradient(dy: Tensor, x: Tensor, weight: Tensor, geometry: Geometry) -> Tensor:
    """``dX = Σ dY · clip(W - X, -1, 1)``."""
    patches = _unfold(x, weight, geometry)
    filters = weight.reshape(geometry.groups, -1, patches.shape[2])
    gradients = dy.reshape(x.shape[0], geometry.groups, filters.shape[1], 1, -1)
    total = torch.zeros_like(patches)
    for o in range(filters.shape[1]):
        total += gradients[:, :, o] * (filters[:, o].unsqueeze(-1) - patches).clamp(-1, 1)
    return functional.fold(
        total.flatten(1, 2),
        (x.shape[2], x.shape[3]),
        (weight.shape[2], weight.shape[3]),
        geometry.dilation,
        geometry.padding,
        geometry.stride,
    )


def _unfold(x: Tensor, weight: Tensor, geometry: Geometry) -> Tensor:
    """Patches [N, groups, taps, H'·W'], taps in the order of the flattened filter."""
    patches = functional.unfold(
        x,
        (weight.shape[2], weight.shape[3]),
        geometry.dilation,
        geometry.padding,
        geometry.stride,
    )
    return patches.reshape(x.shape[0], geometry.groups, -1, patches.shape[-1])
