"""The adder block of AdderSR and its convolutional twin: one layer of a network each.

An adder layer has the order of the fused epilogue, so that it folds into one op at export:

    A = AdderConv(x);  T = γ·A + β (batch norm, or centred);  T += Z;
    Y = activation(P(T));  Y += R.

Z is the layer's input (the self-shortcut), a residual of the network, or the sum of both; R is a
residual of the network that skips the activation; P is the power activation.

Other orders and forms, which the papers leave open, are arguments of :class:`AdderBlock`.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from addersr.models import epilogue
from addersr.models.adder_conv import AdderConv2d
from addersr.models.power import PowerActivation
from addersr.models.super_resolution import Kind

Norm = Literal["centred", "batch"]
Order = Literal[
    "norm-shortcut-power-activation",
    "norm-power-activation-shortcut",
    "norm-power-shortcut-activation",
    "power-norm-shortcut-activation",
]
ORDERS: tuple[Order, ...] = get_args(Order)
Sharing = Literal["channel", "layer"]
Activation = Literal["prelu", "relu", "none"]


class ChannelAffine(nn.Module):
    """``γ·x + β`` per channel, shape [N, C, H, W]; γ starts at ``scale``, β at 0."""

    def __init__(self, channels: int, scale: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels, 1, 1), scale))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return self.weight * x + self.bias


class ChannelScale(nn.Module):
    """``s·x`` per channel, shape [N, C, H, W]; s starts at 1."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return self.weight * x


class AdderBlock(nn.Module):
    """``activation(P(norm(AdderConv(x)) + x + z)) + r``, [N, C, H, W] → [N, O, H', W'].

    With the defaults of ``order``, and with shortcut, norm, α and sharpness of any kind, a layer
    becomes one FusedAdderConv node at export. The second order does, too, unless there is an ``r``.
    In the last two the node holds what comes before the shortcut or the second step, and standard
    operators follow. A ``projection`` is a Conv node whose output is the layer's Z,
    ``input_scales`` are a Mul in front of it.

    Args:
        channels: C.
        kernel_size: odd; padding keeps the size.
        out_channels: O; None for C.
        stride: of both axes; H' = ⌈H / stride⌉.
        groups: as in ``torch.nn.Conv2d``.
        norm: "centred" (``γ·(Σ|W| - Σ|X-W|) + β``, no statistics) or "batch" (the papers').
        shortcut: add the input (AdderSR, section 3.2), if input and output have the same size.
        power: use the power activation (AdderSR, section 3.3).
        activation: "prelu", "relu" or "none".
        slope: of the PReLU, one per "channel" or one per "layer". With one α and one slope a layer
            in integers needs one table instead of one per channel: a small file, and faster.
        spread: standard deviation of the initial filters; that of centred layers without a
            shortcut is √taps times as large.
        order: what follows the adder. z is added where the shortcut is, which is its place even
            if the layer has none. The last is the order of an unofficial implementation.
        alpha: one α per "channel", or one per "layer".
        projection: the shortcut is a 1×1 convolution that starts as the identity.
        input_scales: the adder gets ``s·x``, with a learned factor per input channel.
        sharpness: k of the input's surrogate gradient ``clip(k·(W - X), -1, 1)``.

    Raises:
        ValueError: a value that is none of these.
    """

    def __init__(
        self,
        channels: int,
        kernel_size: int = 3,
        *,
        out_channels: int | None = None,
        stride: int = 1,
        groups: int = 1,
        norm: Norm = "centred",
        shortcut: bool = True,
        power: bool = True,
        activation: Activation = "prelu",
        slope: Sharing = "channel",
        spread: float = 0.3,
        order: Order = "norm-shortcut-power-activation",
        alpha: Sharing = "channel",
        projection: bool = False,
        input_scales: bool = False,
        sharpness: float = 1.0,
    ) -> None:
        super().__init__()
        _check_odd(kernel_size)
        _check_one_of("order", order, ORDERS)
        _check_one_of("alpha", alpha, get_args(Sharing))
        _check_one_of("slope", slope, get_args(Sharing))
        _check_one_of("norm", norm, get_args(Norm))
        outputs = channels if out_channels is None else out_channels
        self.shortcut = shortcut and outputs == channels and stride == 1
        self.order = order
        self.input_scales = ChannelScale(channels) if input_scales else nn.Identity()
        self.adder = AdderConv2d(
            channels,
            outputs,
            kernel_size,
            stride,
            kernel_size // 2,
            groups=groups,
            centred=norm == "centred",
            spread=spread,
            sharpness=sharpness,
        )
        taps = self.adder.taps
        self.norm: nn.Module
        if norm == "centred" and self.shortcut:
            # So small that the block starts close to its shortcut: inputs are mostly positive, and
            # then all taps of a filter respond with the same sign.
            self.norm = ChannelAffine(outputs, 1 / taps)
        elif norm == "centred":
            # Taps within the range of x respond negatively on average: their sum grows as taps·x²,
            # and a ReLU would let nothing through. Large ones add or subtract x, and the sum of
            # their random signs grows as √taps·x. So spread and γ follow √taps.
            self.norm = ChannelAffine(outputs, taps**-0.5)
            with torch.no_grad():
                self.adder.weight.mul_(taps**0.5)
        else:
            self.norm = nn.BatchNorm2d(outputs)
        self.power = (
            PowerActivation(outputs if alpha == "channel" else 1) if power else nn.Identity()
        )
        self.activation = _activation(activation, outputs if slope == "channel" else 1)
        self.projection: nn.Module = nn.Identity()
        if projection and self.shortcut:
            self.projection = nn.Conv2d(channels, outputs, 1, bias=False)
            nn.init.dirac_(self.projection.weight)

    def forward(self, x: Tensor, z: Tensor | None = None, r: Tensor | None = None) -> Tensor:
        """See the class; ``z`` and ``r`` are [N, O, H', W'], and None adds nothing."""
        a = self.adder(self.input_scales(x))
        if self.shortcut:
            own = self.projection(x)
            z = own if z is None else own + z
        y = self._epilogue(a, z)
        return y if r is None else y + r

    def _epilogue(self, y: Tensor, z: Tensor | None) -> Tensor:
        """What follows the adder, without r; in one operation where that serves."""
        parts = (self.norm, self.power, self.activation)
        # Whoever hooks onto a part wants to see what lies between the parts.
        if (
            self.order == ORDERS[0]
            and not any(map(_has_hooks, parts))
            and epilogue.usable(
                y, z, *(parameter for part in parts for parameter in part.parameters())
            )
        ):
            norm = self.norm if isinstance(self.norm, ChannelAffine) else None
            return epilogue.layer_epilogue(
                self.norm(y) if norm is None else y,
                z,
                scale=None if norm is None else norm.weight,
                bias=None if norm is None else norm.bias,
                alpha=self.power.alpha if isinstance(self.power, PowerActivation) else None,
                slope=_slope(self.activation, y),
            )
        for step in self.order.split("-"):
            if step != "shortcut":
                y = getattr(self, step)(y)
            elif z is not None:
                y = y + z
        return y


class ConvBlock(nn.Module):
    """The CNN twin of a block: ``activation(norm(Conv(x)) + x + z) + r``.

    Args:
        channels, kernel_size, out_channels, stride, groups: as in :class:`AdderBlock`.
        norm: "none" (and the convolution has a bias) or "batch" (and it has none).
        shortcut: add the input, if input and output have the same size. The papers' CNNs do not.
        activation: as in :class:`AdderBlock`.
    """

    def __init__(
        self,
        channels: int,
        kernel_size: int = 3,
        *,
        out_channels: int | None = None,
        stride: int = 1,
        groups: int = 1,
        norm: Literal["none", "batch"] = "none",
        shortcut: bool = True,
        activation: Activation = "prelu",
    ) -> None:
        super().__init__()
        _check_odd(kernel_size)
        outputs = channels if out_channels is None else out_channels
        self.shortcut = shortcut and outputs == channels and stride == 1
        self.conv = nn.Conv2d(
            channels,
            outputs,
            kernel_size,
            stride,
            kernel_size // 2,
            groups=groups,
            bias=norm == "none",
        )
        self.norm = nn.Identity() if norm == "none" else nn.BatchNorm2d(outputs)
        self.activation = _activation(activation, outputs)

    def forward(self, x: Tensor, z: Tensor | None = None, r: Tensor | None = None) -> Tensor:
        """See the class; ``z`` and ``r`` have the shape of the output, and None adds nothing."""
        y = self.norm(self.conv(x))
        if self.shortcut:
            z = x if z is None else x + z
        y = self.activation(y if z is None else y + z)
        result: Tensor = y if r is None else y + r
        return result


@dataclass(frozen=True)
class Layers:
    """Makes the layers of one network: adder blocks, or the convolutions of the published CNN.

    Attributes:
        kind: "adder" or "cnn".
        norm, shortcut, power, spread: of the adder blocks, see :class:`AdderBlock`.
        twin_norm: of the convolutions, see :class:`ConvBlock`.
    """

    kind: Kind
    norm: Norm = "centred"
    shortcut: bool = True
    power: bool = True
    spread: float = 0.3
    twin_norm: Literal["none", "batch"] = "none"

    def __call__(
        self,
        channels: int,
        out_channels: int,
        kernel_size: int = 3,
        *,
        stride: int = 1,
        groups: int = 1,
        activation: Activation = "relu",
    ) -> AdderBlock | ConvBlock:
        """One layer [N, channels, H, W] → [N, out_channels, ⌈H / stride⌉, ⌈W / stride⌉]."""
        if self.kind == "adder":
            return AdderBlock(
                channels,
                kernel_size,
                out_channels=out_channels,
                stride=stride,
                groups=groups,
                norm=self.norm,
                shortcut=self.shortcut,
                power=self.power,
                activation=activation,
                spread=self.spread,
            )
        return ConvBlock(
            channels,
            kernel_size,
            out_channels=out_channels,
            stride=stride,
            groups=groups,
            norm=self.twin_norm,
            shortcut=False,
            activation=activation,
        )


def _check_one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        *first, last = map(repr, choices)
        raise ValueError(f"Expected {name} to be {', '.join(first)} or {last}, got {value!r}.")


def _check_odd(kernel_size: int) -> None:
    if kernel_size % 2 == 0:
        raise ValueError(f"Expected an odd kernel size, got {kernel_size}.")


def _activation(name: Activation, channels: int) -> nn.Module:
    if name == "prelu":
        return nn.PReLU(channels)
    if name == "relu":
        return nn.ReLU()
    if name == "none":
        return nn.Identity()
    raise ValueError(f"Expected activation to be 'prelu', 'relu' or 'none', got {name!r}.")


def _slope(activation: nn.Module, like: Tensor) -> Tensor | None:
    """The slope on the negative side that makes a PReLU of ``activation``; None: it is no bend."""
    if isinstance(activation, nn.PReLU):
        return activation.weight
    return like.new_zeros(1) if isinstance(activation, nn.ReLU) else None


def _has_hooks(module: nn.Module) -> bool:
    return any(
        (
            module._forward_hooks,
            module._forward_pre_hooks,
            module._backward_hooks,
            module._backward_pre_hooks,
        )
    )
