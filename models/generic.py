"""The adder convolution in plain torch operations, for every dtype and device.

The readable reference for the C++ training kernels, and the path for CUDA and float64 tensors.
Memory is bounded: the input is unfolded piece by piece, some output rows of some images at a time,
and one output channel is computed after the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from addersr.models.kernels import Geometry

# An unfolded piece has at most this many bytes, but never less than one output row of one image.
# Forward needs two tensors of this size beside input and output, the input gradient four.
_PIECE_BYTES = 64 << 20


@dataclass(frozen=True)
class _Piece:
    """Images ``[first, first + images)``, output rows ``[top, top + rows)``."""

    first: int
    images: int
    top: int
    rows: int

    def of_output(self, y: Tensor) -> Tensor:
        """The view of ``y`` [N, O, H', W']."""
        return y.narrow(0, self.first, self.images).narrow(2, self.top, self.rows)

    def of_input(self, x: Tensor, kernel_rows: int, geometry: Geometry) -> Tensor:
        """The view of the padded input [N, C, H, W] that these rows see."""
        stride, reach = geometry.stride[0], geometry.dilation[0] * (kernel_rows - 1) + 1
        rows = (self.rows - 1) * stride + reach
        return x.narrow(0, self.first, self.images).narrow(2, self.top * stride, rows)


def forward(x: Tensor, weight: Tensor, bias: Tensor, geometry: Geometry) -> Tensor:
    """``Y = B - Σ|X - W|``; shapes as in ``adder_conv2d``."""
    padded = _pad(x, geometry)
    y = x.new_empty(x.shape[0], weight.shape[0], *geometry.output_size(x, weight))
    for piece in _pieces(y, weight, geometry):
        patches = _unfold(piece.of_input(padded, weight.shape[2], geometry), weight, geometry)
        filters = weight.reshape(geometry.groups, -1, patches.shape[2])
        # [images, groups, filters of a group, rows, W']: a view, channels are split only.
        target = piece.of_output(y).unflatten(1, filters.shape[:2])
        for o in range(filters.shape[1]):
            sums = (patches - filters[:, o].unsqueeze(-1)).abs_().sum(2)
            target[:, :, o] = sums.unflatten(-1, (piece.rows, -1))
    return bias.view(-1, 1, 1) - y


def input_gradient(dy: Tensor, x: Tensor, weight: Tensor, geometry: Geometry) -> Tensor:
    """``dX = Σ dY · clip(W - X, -1, 1)``."""
    padded = _pad(x, geometry)
    dpadded = torch.zeros_like(padded)
    for piece in _pieces(dy, weight, geometry):
        seen = piece.of_input(padded, weight.shape[2], geometry)
        patches = _unfold(seen, weight, geometry)
        filters = weight.reshape(geometry.groups, -1, patches.shape[2])
        gradients = piece.of_output(dy).unflatten(1, filters.shape[:2]).flatten(-2).unsqueeze(3)
        total = torch.zeros_like(patches)
        for o in range(filters.shape[1]):
            clipped = (filters[:, o].unsqueeze(-1) - patches).clamp_(-1, 1)
            total += clipped.mul_(gradients[:, :, o])
        # Rows between two pieces are seen by both: their shares add up.
        piece.of_input(dpadded, weight.shape[2], geometry).add_(
            functional.fold(
                total.flatten(1, 2),
                (seen.shape[2], seen.shape[3]),
                (weight.shape[2], weight.shape[3]),
                geometry.dilation,
                stride=geometry.stride,
            )
        )
    top, left = geometry.padding
    return dpadded[:, :, top : top + x.shape[2], left : left + x.shape[3]].contiguous()


def _pad(x: Tensor, geometry: Geometry) -> Tensor:
    top, left = geometry.padding
    return functional.pad(x, (left, left, top, top)) if top or left else x


def _pieces(y: Tensor, weight: Tensor, geometry: Geometry) -> Iterator[_Piece]:
    """Pieces that cover the output [N, O, H', W'] once."""
    images, _, height, width = y.shape
    row_bytes = weight[0].numel() * geometry.groups * width * weight.element_size()
    rows = min(height, max(1, _PIECE_BYTES // row_bytes))
    at_once = max(1, _PIECE_BYTES // (row_bytes * rows))
    for first in range(0, images, at_once):
        for top in range(0, height, rows):
            yield _Piece(first, min(at_once, images - first), top, min(rows, height - top))


def _unfold(x: Tensor, weight: Tensor, geometry: Geometry) -> Tensor:
    """Patches [N, groups, taps, rows·W'], taps in the order of the flattened filter."""
    patches = functional.unfold(
        x, (weight.shape[2], weight.shape[3]), geometry.dilation, stride=geometry.stride
    )
    return patches.reshape(x.shape[0], geometry.groups, -1, patches.shape[-1])
