"""The adder convolution ``Y = B - Σ|X - W|`` with the gradients of AdderNet.

Source: AdderNet, CVPR 2020 (arXiv 1912.13200), equations 2 (forward), 5 (filter gradient,
"full precision": ``X - W``) and 6 (input gradient, clipped: ``clip(W - X, -1, 1)``).
"""

import math
from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.grad import conv2d_weight

from addersr.models import generic, kernels
from addersr.models.kernels import Geometry, Pair


def adder_conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    stride: Pair = (1, 1),
    padding: Pair = (0, 0),
    dilation: Pair = (1, 1),
    groups: int = 1,
    *,
    sharpness: float = 1.0,
) -> Tensor:
    """``Y[n,o] = B[o] - Σ|X - W|`` over the taps of output channel o.

    Args:
        x: input [N, C, H, W].
        weight: filter [O, C/groups, kh, kw].
        bias: [O].
        stride, padding, dilation, groups: as in ``torch.nn.functional.conv2d``. Padding is with
            zeros and padded taps count: each adds ``-|w|``.
        sharpness: k > 0 of the input's surrogate gradient ``clip(k·(W - X), -1, 1)``: 1 in
            AdderNet, and the sign of W - X where k is large. Nothing else depends on it.

    Returns:
        [N, O, H', W'] in the dtype of ``x``. float32 on the CPU runs on the C++ kernels, anything
        else on plain torch operations.

    Raises:
        ValueError: the shapes do not fit each other.
    """
    geometry = (stride, padding, dilation, groups)
    result: Tensor = _operator(x, weight, bias, *geometry, sharpness=sharpness)
    return result


@torch.library.custom_op("addersr::adder_conv2d", mutates_args=())
def _operator(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
    *,
    sharpness: float = 1.0,  # noqa: ARG001 of the gradient
) -> Tensor:
    geometry = _geometry(stride, padding, dilation, groups)
    _check(x, weight, bias, geometry)
    forward = kernels.forward if kernels.usable(x, weight, bias) else generic.forward
    return forward(x, weight, bias, geometry)


@_operator.register_fake
def _(
    x: Tensor,
    weight: Tensor,
    _bias: Tensor,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
    *,
    sharpness: float = 1.0,  # noqa: ARG001
) -> Tensor:
    geometry = _geometry(stride, padding, dilation, groups)
    return x.new_empty(x.shape[0], weight.shape[0], *geometry.output_size(x, weight))


def _save_for_backward(
    ctx: Any,
    inputs: tuple[Any, ...],
    keyword_only_inputs: dict[str, Any],
    output: Tensor,  # noqa: ARG001 torch passes it by name
) -> None:
    x, weight, _, stride, padding, dilation, groups = inputs
    ctx.save_for_backward(x, weight)
    ctx.geometry = _geometry(stride, padding, dilation, groups)
    ctx.sharpness = keyword_only_inputs["sharpness"]


def _backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
    x, weight = ctx.saved_tensors
    geometry: Geometry = ctx.geometry
    need_x, need_weight, need_bias = ctx.needs_input_grad[:3]
    dx = dweight = dbias = None
    dy_sum = dy.sum((0, 2, 3))
    if need_x:
        on_kernels = kernels.usable(dy, x, weight)
        gradient = kernels.input_gradient if on_kernels else generic.input_gradient
        k = ctx.sharpness
        dx = gradient(dy, *((x, weight) if k == 1 else (k * x, k * weight)), geometry)
    if need_weight:
        # Σ dY · (X - W) = convolution's filter gradient - W · Σ dY
        dweight = conv2d_weight(
            x,
            list(weight.shape),
            dy,
            geometry.stride,
            geometry.padding,
            geometry.dilation,
            geometry.groups,
        ) - weight * dy_sum.view(-1, 1, 1, 1)
    if need_bias:
        dbias = dy_sum
    return dx, dweight, dbias, None, None, None, None


_operator.register_autograd(_backward, setup_context=_save_for_backward)


def _geometry(
    stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int], groups: int
) -> Geometry:
    return Geometry(
        (stride[0], stride[1]), (padding[0], padding[1]), (dilation[0], dilation[1]), groups
    )


def _check(x: Tensor, weight: Tensor, bias: Tensor, geometry: Geometry) -> None:
    if x.dim() != 4 or weight.dim() != 4:
        raise ValueError(
            f"Expected x [N,C,H,W] and weight [O,C/groups,kh,kw], got {tuple(x.shape)} and "
            f"{tuple(weight.shape)}."
        )
    if x.shape[1] != weight.shape[1] * geometry.groups or weight.shape[0] % geometry.groups:
        raise ValueError(
            f"Expected {weight.shape[1]} x {geometry.groups} input channels and filters in "
            f"{geometry.groups} equal groups, got x {tuple(x.shape)} and weight "
            f"{tuple(weight.shape)}."
        )
    if bias.shape != (weight.shape[0],):
        raise ValueError(f"Expected a bias of [{weight.shape[0]}], got {list(bias.shape)}.")
    if min(geometry.output_size(x, weight)) < 1:
        raise ValueError(
            f"The kernel {tuple(weight.shape[2:])} with dilation {geometry.dilation} does not fit "
            f"into an input {tuple(x.shape)} with padding {geometry.padding}."
        )


class _FilterMagnitude(torch.autograd.Function):
    """``Σ|w|`` per filter, with the gradient ``w`` in place of ``sgn(w)``.

    The same full-precision surrogate as the adder's own: ``X - W`` and ``W`` add up to ``X``, so a
    centred adder's filter gradient is exactly that of a convolution.
    """

    @staticmethod
    def forward(ctx: Any, weight: Tensor) -> Tensor:
        ctx.save_for_backward(weight)
        return weight.abs().sum((1, 2, 3))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        weight: Tensor = ctx.saved_tensors[0]
        return gradients[0].view(-1, 1, 1, 1) * weight


class _StraightThrough(torch.autograd.Function):
    """``value`` in place of ``x``, with the gradient of ``x``: of what cannot be differentiated."""

    @staticmethod
    def forward(_ctx: Any, x: Tensor, value: Tensor) -> Tensor:
        return value.view_as(x)

    @staticmethod
    def backward(_ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0], None


class FilterGrid(Protocol):
    """The integers that a layer's input can be, which its filters share, in real numbers."""

    def clamp(self, weight: Tensor, groups: int) -> Tensor:
        """Filters [O, C/groups, kh, kw] in the range of the input."""

    def round(self, weight: Tensor, groups: int) -> Tensor:
        """The same, rounded to the grid."""


class AdderConv2d(nn.Module):
    """Adder convolution layer: ``Y = -Σ|X - W|``, or centred: ``Y = Σ|W| - Σ|X - W|``.

    The centred form subtracts a constant per filter, the response to a zero input. So zero-padded
    taps become neutral, outputs take both signs, and no batch normalisation is needed; it is the
    same op with ``Σ|W|`` as bias.

    Args:
        in_channels, out_channels, kernel_size, stride, padding, dilation, groups: as in
            ``torch.nn.Conv2d``.
        centred: add ``Σ|W|`` per filter.
        spread: standard deviation of the initial filters, which are drawn from N(0, spread²)
            (AdderNet: 1).
        sharpness: k of the input's gradient, see :func:`adder_conv2d`.

    Attributes:
        grid: None, or where the filters lie in integers (quantisation-aware training): the layer
            then responds as its QLinearAdderConv will. What the clamp cuts off is a constant per
            filter, so nothing is lost by it while x lies in the range: it is taken from the bias,
            or from Σ|W| where centred. Filters get the gradient that they have without a grid.

    Shapes: [N, C, H, W] → [N, O, H', W'].
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Pair,
        stride: int | Pair = 1,
        padding: int | Pair = 0,
        dilation: int | Pair = 1,
        groups: int = 1,
        *,
        centred: bool = False,
        spread: float = 1.0,
        sharpness: float = 1.0,
    ) -> None:
        super().__init__()
        if not 0 < sharpness < math.inf:
            raise ValueError(f"Expected a finite sharpness above 0, got {sharpness}.")
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"Expected channels that {groups} groups divide, got {in_channels} and "
                f"{out_channels}."
            )
        self.kernel_size = _pair(kernel_size)
        self.stride = _pair(stride)
        self.padding = _pair(padding)
        self.dilation = _pair(dilation)
        self.groups = groups
        self.centred = centred
        self.sharpness = sharpness
        self.grid: FilterGrid | None = None
        self.weight = nn.Parameter(
            torch.randn(out_channels, in_channels // groups, *self.kernel_size) * spread
        )
        self.register_buffer("zero_bias", torch.zeros(out_channels), persistent=False)

    @property
    def taps(self) -> int:
        """Number of taps of one filter."""
        return self.weight[0].numel()

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        filters, bias = self._filters()
        geometry = (self.stride, self.padding, self.dilation, self.groups)
        return adder_conv2d(x, filters, bias, *geometry, sharpness=self.sharpness)

    def _filters(self) -> tuple[Tensor, Tensor]:
        """The filters and the bias that the operation gets."""
        if self.grid is None:
            bias = _magnitude(self.weight) if self.centred else self.get_buffer("zero_bias")
            return self.weight, bias
        with torch.no_grad():
            clamped = self.grid.clamp(self.weight, self.groups)
            rounded = self.grid.round(self.weight, self.groups)
        # X - rounded, and the gradient of the magnitude below, add up to X (centred) or to X - W.
        filters = _straight_through(self.weight, rounded)
        if self.centred:
            return filters, _magnitude(_straight_through(self.weight, clamped))
        return filters, -_magnitude(self.weight - clamped)


def _straight_through(x: Tensor, value: Tensor) -> Tensor:
    result: Tensor = _StraightThrough.apply(x, value)  # type: ignore[no-untyped-call]
    return result


def _magnitude(weight: Tensor) -> Tensor:
    """``Σ|w|`` per filter, [O]."""
    if torch.is_grad_enabled() and weight.requires_grad:
        result: Tensor = _FilterMagnitude.apply(weight)  # type: ignore[no-untyped-call]
        return result
    return weight.abs().sum((1, 2, 3))


def _pair(value: int | Pair) -> Pair:
    return (value, value) if isinstance(value, int) else value
