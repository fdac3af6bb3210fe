"""The learnable power activation of AdderSR (CVPR 2021): ``P(Y) = sgn(Y)·|Y|^α``, α > 0."""

from typing import Any

import torch
from torch import Tensor, nn

# |y| below this counts as this in the forward pass: log(0) never appears, and P(0) = 0 exactly
# because of the sign.
_TINY = 1e-12
# dP/dY = α|Y|^(α-1) has a pole at 0 for α < 1: the gradient is taken no nearer to 0 than this.
_GRADIENT_FLOOR = 1e-4


class _Power(torch.autograd.Function):
    """One logarithm and one exponential for forward and backward together."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, alpha: Tensor) -> Tensor:
        magnitude = y.abs()
        log = magnitude.clamp_min(_TINY).log_()
        power = (log * alpha).exp_()
        ctx.save_for_backward(magnitude, log, power, torch.sign(y), alpha)
        return power.copysign(y).mul_(magnitude > 0)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        magnitude, log, power, sign, alpha = ctx.saved_tensors
        (gradient,) = gradients
        scaled = gradient * power
        dy = scaled * (alpha / magnitude.clamp_min(_GRADIENT_FLOOR))
        dalpha = (scaled * sign * log).sum_to_size(alpha.shape)
        return dy, dalpha


class PowerActivation(nn.Module):
    """``P(Y) = sgn(Y)·|Y|^α`` with a learned α per channel (or one for all).

    Args:
        channels: number of α; 1 shares one among all channels.
        alpha: their initial value; 1 is the identity.

    Shapes: [N, C, H, W] → [N, C, H, W]. ``log α`` is the parameter, so α stays positive.
    """

    def __init__(self, channels: int = 1, alpha: float = 1.0) -> None:
        super().__init__()
        if alpha <= 0:
            raise ValueError(f"Expected α > 0, got {alpha}.")
        self.log_alpha = nn.Parameter(torch.full((channels,), alpha).log())

    @property
    def alpha(self) -> Tensor:
        """α, [channels]."""
        return self.log_alpha.exp()

    def forward(self, y: Tensor) -> Tensor:
        """See the class."""
        alpha = self.alpha.view(-1, 1, 1)
        if torch.is_grad_enabled() and (y.requires_grad or alpha.requires_grad):
            result: Tensor = _Power.apply(y, alpha)  # type: ignore[no-untyped-call]
            return result
        # Y·|Y|^(α-1): no sign is needed, and onnxruntime runs exp and log twice as fast as Pow.
        return y * torch.exp(torch.log(y.abs().clamp_min(_TINY)) * (alpha - 1))
