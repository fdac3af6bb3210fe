"""The learnable power activation of AdderSR (CVPR 2021): ``P(Y) = sgn(Y)·|Y|^α``, α > 0."""

from typing import Any

import torch
from torch import Tensor, nn

from addersr.models import epilogue

# |y| below this counts as this under the logarithm: log(0) never appears.
_TINY = 1e-12
# dP/dY = α|Y|^(α-1) has a pole at 0 for α < 1: the gradient is taken no nearer to 0 than this.
_GRADIENT_FLOOR = 1e-4


class _Power(torch.autograd.Function):
    """The power and its gradient on every dtype and device: the reference for the C++ kernels."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, alpha: Tensor) -> Tensor:
        log = y.abs().clamp_min_(_TINY).log_()
        power = (log * (alpha - 1)).exp_().mul_(y)
        ctx.save_for_backward(y, log, power, alpha)
        return power

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        y, log, power, alpha = ctx.saved_tensors
        scaled = gradients[0] * power
        dalpha = (scaled * log).sum_to_size(alpha.shape)
        dy = gradients[0] * power.abs().mul_(alpha / y.abs().clamp_min_(_GRADIENT_FLOOR))
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
        if epilogue.usable(y, self.log_alpha):
            return epilogue.layer_epilogue(y, alpha=self.alpha)
        alpha = self.alpha.view(-1, 1, 1)
        if torch.is_grad_enabled() and (y.requires_grad or alpha.requires_grad):
            result: Tensor = _Power.apply(y, alpha)  # type: ignore[no-untyped-call]
            return result
        # Y·|Y|^(α-1): no sign is needed, and onnxruntime runs exp and log twice as fast as Pow.
        return y * torch.exp(torch.log(y.abs().clamp_min(_TINY)) * (alpha - 1))
