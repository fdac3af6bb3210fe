"""What a model's output is compared with the truth by."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Loss = Callable[[Tensor, Tensor], Tensor]

# Errors below this count quadratically; 1/255 is one step of an image of 8 bits.
_EPSILON = 1e-3


def charbonnier(output: Tensor, target: Tensor) -> Tensor:
    """Mean of ``√(d² + ε²)`` with ε = 1e-3: L1 without the kink at 0.

    Source: LapSRN, CVPR 2017 (arXiv 1704.03915).

    Args:
        output, target: of one shape, values in 0…1.
    """
    return torch.sqrt((output - target) ** 2 + _EPSILON**2).mean()


LOSSES: dict[str, Loss] = {"l1": functional.l1_loss, "charbonnier": charbonnier}
"""By the names that a run's settings use; each gives a scalar."""
