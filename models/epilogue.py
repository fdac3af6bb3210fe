"""What follows an adder convolution in a layer, in one operation for training on the CPU:

    T = scale·A + bias + Z;  Y = PReLU(P(T)),  P(T) = sgn(T)·|T|^α (AdderSR, section 3.3).

Only training sees it. Without gradients, and on other dtypes and devices, a layer computes the same
with its modules, which is what the exporter reads.
"""

from typing import Any

import torch
from torch import Tensor

from addersr.models import kernels


def usable(a: Tensor, *others: Tensor | None) -> bool:
    """Whether these are tensors for :func:`layer_epilogue`, and somebody wants a gradient."""
    return (
        torch.is_grad_enabled()
        and a.dim() == 4
        and any(t is not None and t.requires_grad for t in (a, *others))
        and kernels.usable(a, *others)
    )


def layer_epilogue(
    a: Tensor,
    z: Tensor | None = None,
    *,
    scale: Tensor | None = None,
    bias: Tensor | None = None,
    alpha: Tensor | None = None,
    slope: Tensor | None = None,
) -> Tensor:
    """``Y = PReLU(P(scale·A + bias + Z))`` for float32 tensors on the CPU.

    Nearer to 0 than 1e-12, P is the straight line to 0; dP/dT = α·|T|^(α-1), which for α < 1 has a
    pole at 0, is cut off nearer than 1e-4.

    Args:
        a: [N, C, H, W], what the adder convolution gave.
        z: of the shape of ``a``; None adds nothing.
        scale, bias: C elements each; None for both: 1 and 0.
        alpha: α, C elements or 1 for all; None: 1.
        slope: of the PReLU, likewise; None: no activation.

    Returns:
        [N, C, H, W], with gradients for everything that was given.

    Raises:
        ValueError: the shapes do not fit each other.
    """
    channels = a.shape[1]
    if z is not None and z.shape != a.shape:
        raise ValueError(f"Expected z of the shape {tuple(a.shape)}, got {tuple(z.shape)}.")
    if (scale is None) != (bias is None):
        raise ValueError("Expected scale and bias, or none of them.")
    parameters = [_per_channel(p, channels) for p in (scale, bias, alpha, slope)]
    result: Tensor = _operator(a, z, *parameters)
    return result


def _per_channel(parameter: Tensor | None, channels: int) -> Tensor | None:
    if parameter is None:
        return None
    if parameter.numel() not in (1, channels):
        raise ValueError(f"Expected 1 or {channels} elements, got {list(parameter.shape)}.")
    return parameter.reshape(-1).expand(channels)


@torch.library.custom_op("addersr::layer_epilogue", mutates_args=())
def _operator(
    a: Tensor,
    z: Tensor | None,
    scale: Tensor | None,
    bias: Tensor | None,
    alpha: Tensor | None,
    slope: Tensor | None,
) -> Tensor:
    return kernels.epilogue(a, z, (scale, bias, alpha, slope))


@_operator.register_fake
def _(a: Tensor, *_others: Tensor | None) -> Tensor:
    return torch.empty_like(a, memory_format=torch.contiguous_format)


def _save_for_backward(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG001 torch passes it by name
    ctx.save_for_backward(*inputs)


def _backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
    a, z, *parameters = ctx.saved_tensors
    da, dz, of_parameters = kernels.epilogue_gradient(dy, a, z, parameters)
    return (
        da,
        dz,
        *(None if p is None else d for p, d in zip(parameters, of_parameters, strict=True)),
    )


_operator.register_autograd(_backward, setup_context=_save_for_backward)
