"""How far a float32 implementation of a network may be from the exact result.

No fixed figure like 1e-3 fits: rounding grows with taps, values and depth, so such a figure is
blind to real faults in one network and fails another that is right. Here the tolerance is derived
for the network and the input at hand, in two steps:

1. Each operation has a bound on what float32 may add to its result, whatever the order of its
   sums: ``2 eps K (max|x| + max|w|)`` for an adder convolution of K taps, ``2 eps K max|x| max|w|``
   for a convolution, a few ``eps`` of the result for what is computed element by element. See
   ``_BOUNDS``.
2. What these errors do to the output is measured, not estimated: the network runs in float64 once
   as it is and then with errors of exactly those sizes added after every operation. Their signs are
   drawn for each number, for each pixel (kernels share one sum among all channels of a pixel), and
   for each channel (the error of a bias is the same everywhere). Nothing but the sign is random,
   and the seed is fixed.

The tolerance is the largest deviation of the output that was seen. Six draws do not show the worst
combination of signs, but every error in them has the size of its bound, and real ones are ten times
smaller: onnxruntime stays 10 to 100 times below the tolerance. Operations that only move, compare
or clamp numbers are exact and add nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from addersr.custom_ops.adder_conv import tolerance as adder_conv_tolerance
from addersr.errors import AdderSRError
from addersr.export.graph_tolerance import DRAWS

_EPS = float(np.finfo(np.float32).eps)

Bound = Callable[[Sequence[Any], Tensor], Tensor | float]
"""Arguments and exact result of an operation → how far float32 may be off."""


def network_tolerance(model: nn.Module, x: Tensor) -> tuple[Tensor, float]:
    """The exact output of a network, and how far float32 may be from it.

    Args:
        model: a network in evaluation mode, in float64.
        x: its input, in float64.

    Returns:
        The output, and the tolerance for each of its elements.

    Raises:
        AdderSRError: the network has an operation whose rounding is not known here.
    """
    with torch.no_grad():
        exact: Tensor = model(x)
        deviation = 0.0
        for seed, shared_axes in enumerate(DRAWS):
            with _Rounding(seed, shared_axes):
                disturbed: Tensor = model(x)
            deviation = max(deviation, float((disturbed - exact).abs().max()))
    return exact, deviation


class _Rounding(TorchDispatchMode):
    """Adds to the result of every operation an error of the size that float32 may make."""

    def __init__(self, seed: int, shared_axes: tuple[int, ...]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._random = torch.Generator().manual_seed(seed)
        self._shared_axes = shared_axes

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        name = func.name().partition(".")[0]
        if name in _EXACT:
            return result
        if name not in _BOUNDS:
            raise AdderSRError(
                f"The rounding of {name} is not known, so no tolerance can be derived. Add its "
                "bound to addersr/export/tolerance.py."
            )
        if isinstance(result, tuple):  # batch normalisation gives its statistics too
            return self._disturbed(result[0], _BOUNDS[name](args, result[0])), *result[1:]
        return self._disturbed(result, _BOUNDS[name](args, result))

    def _disturbed(self, result: Tensor, bound: Tensor | float) -> Tensor:
        shape = list(result.shape)
        for axis in self._shared_axes:
            if result.dim() == 4:
                shape[axis] = 1
        signs = torch.randint(0, 2, shape, generator=self._random) * 2 - 1
        return result + signs * bound


def _relative(units: float) -> Bound:
    """An error of ``units`` eps of the result."""
    return lambda _, result: units * _EPS * result.abs()


def _adder_conv(args: Sequence[Any], _: Tensor) -> float:
    x, weight, bias = (tensor.detach().numpy() for tensor in args[:3])
    bound: float = adder_conv_tolerance(x, weight, bias)
    return bound


def _conv(args: Sequence[Any], _: Tensor) -> float:
    x, weight, bias, strides = args[:4]
    taps: int = weight[0].numel()
    transposed, groups = args[6], args[8]
    if transposed:
        # Filters are [C, O/groups, kh, kw], and every stride-th row and column meets a pixel.
        _, _, height, width = weight.shape
        per_channel = -(-height // strides[0]) * -(-width // strides[1])
        taps = weight.shape[0] // groups * per_channel
    largest = taps * float(x.abs().max()) * float(weight.abs().max())
    return 2 * _EPS * (largest + (0.0 if bias is None else float(bias.abs().max())))


def _log(_: Sequence[Any], result: Tensor) -> Tensor:
    # Near log(1) = 0 the error is relative to the parts that it is put together from, about 1.
    return 4 * _EPS * result.abs().clamp_min(1.0)


def _sum(args: Sequence[Any], result: Tensor) -> float:
    x: Tensor = args[0]
    return 2 * _EPS * (x.numel() // result.numel()) * float(x.abs().max())


def _batch_norm(args: Sequence[Any], _: Tensor) -> Tensor:
    # γ(x - μ)/√(σ² + ε) + β, or with γ/√(σ² + ε) and what it makes of μ computed first.
    x, weight, bias, mean, variance = args[:5]
    epsilon = args[-1]
    factor, mean, bias = (
        tensor.view(-1, 1, 1) for tensor in (weight / (variance + epsilon).sqrt(), mean, bias)
    )
    bound: Tensor = 4 * _EPS * (factor.abs() * (x.abs() + mean.abs()) + bias.abs())
    return bound


# Vectorised exponentials and logarithms of onnxruntime, torch and numpy stay within 4 units.
_BOUNDS: dict[str, Bound] = {
    "addersr::adder_conv2d": _adder_conv,
    "aten::native_batch_norm": _batch_norm,
    "aten::_prelu_kernel": _relative(1),
    "aten::add": _relative(1),
    "aten::convolution": _conv,
    "aten::div": _relative(1),
    "aten::exp": _relative(4),
    "aten::expm1": _relative(4),
    "aten::leaky_relu": _relative(1),
    "aten::log": _log,
    "aten::mul": _relative(1),
    "aten::sub": _relative(1),
    "aten::sum": _sum,
}

_EXACT = {
    f"aten::{name}"
    for name in (
        *("abs", "cat", "clamp_min", "empty", "hardtanh", "neg", "pixel_shuffle"),
        *("relu", "replication_pad2d", "sign", "unsqueeze", "view"),
    )
}
