"""FusedAdderConv in numpy: the definition that every other implementation is compared with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.custom_ops.adder_conv.reference import FloatArray, adder_conv
from addersr.custom_ops.adder_conv.reference import tolerance as sum_tolerance
from addersr.custom_ops.convolution.geometry import Attributes, output_shape
from addersr.errors import AdderSRError

#: |T| below this counts as this in the exponential part of the power activation.
TINY = 1e-12
#: Greatest alpha of the power activation.
LARGEST_ALPHA = 1024.0

_OP = "FusedAdderConv"


@dataclass(frozen=True)
class Epilogue:
    """The inputs of FusedAdderConv beside X and W; the defaults change nothing.

    All arrays have the type of X, float32 or float64.

    Args:
        scale, bias, alpha, slope: ``[1]`` or ``[O]``.
        z, r: ``[1, 1, 1, 1]`` or the shape of Y, in its layout.
        clip_min, clip_max: ``[]``.
    """

    scale: FloatArray
    bias: FloatArray
    z: FloatArray
    alpha: FloatArray
    slope: FloatArray
    r: FloatArray
    clip_min: FloatArray
    clip_max: FloatArray

    @classmethod
    def neutral(cls, dtype: npt.DTypeLike = np.float32) -> "Epilogue":
        """The one that leaves ``A`` as it is."""
        one, zero = np.ones(1, dtype), np.zeros(1, dtype)
        residual = np.zeros((1, 1, 1, 1), dtype)
        infinity = np.array(np.inf, dtype)
        return cls(one, zero, residual, one, one, residual, np.negative(infinity), infinity)

    def arrays(self) -> tuple[FloatArray, ...]:
        """The arrays in the order of the op's inputs."""
        return (
            *(self.scale, self.bias, self.z, self.alpha),
            *(self.slope, self.r, self.clip_min, self.clip_max),
        )

    def astype(self, dtype: npt.DTypeLike) -> "Epilogue":
        """The same values in another type."""
        return Epilogue(*(array.astype(dtype) for array in self.arrays()))


def fused_adder_conv(
    x: FloatArray,
    w: FloatArray,
    epilogue: Epilogue,
    *,
    channels_last: int = 0,
    **convolution: Any,
) -> FloatArray:
    """One layer of an adder network, see ``SPECIFICATION.md``.

    ``T = scale·A + bias + Z`` with ``A = -sum over taps |x - w|``; then power, PReLU and clip; then
    ``+ R``. Everything is computed in the type of ``x``; use float64 for a reference value.

    Args:
        x: input, ``[N, C, H, W]``, or ``[N, H, W, C]`` if ``channels_last``; float32 or float64.
        w: filters, ``[O, C/group, kh, kw]``, same type.
        epilogue: all that follows the sum, same type.
        channels_last: 0 or 1, the layout of ``x``, ``z``, ``r`` and the result.
        convolution: auto_pad, strides, pads, dilations, group, kernel_shape as in
            :func:`~addersr.custom_ops.adder_conv.reference.adder_conv`.

    Returns:
        ``[N, O, OH, OW]`` or ``[N, OH, OW, O]`` of the type of ``x``.

    Raises:
        AdderSRError: types, shapes, attributes or values of alpha are not those of the op.
    """
    total = _sum(x, w, epilogue, channels_last, convolution)
    scale, bias, alpha, slope = _per_output(epilogue, channels_last)
    t = total * scale + bias + epilogue.z
    t = np.where(t < 0, slope * power(t, alpha), power(t, alpha))
    result: FloatArray = np.minimum(np.maximum(t, epilogue.clip_min), epilogue.clip_max)
    return result + epilogue.r


def power(t: FloatArray, alpha: FloatArray) -> FloatArray:
    """``T·max(|T|, 1e-12)^(α-1)``: AdderSR's ``sign(T)·|T|^α`` without a pole at 0.

    Args:
        t: any shape.
        alpha: broadcasts to ``t``, same type, at least 0.
    """
    with np.errstate(over="ignore", under="ignore"):
        magnitude = np.maximum(np.abs(t), t.dtype.type(TINY))
        # For T as it is; magnitude^(α-1) alone can leave the range of floats where T^α does not.
        exact = np.copysign(magnitude**alpha, t)
        linear = t * t.dtype.type(TINY) ** (alpha - 1)
        result: FloatArray = np.where(np.abs(t) < magnitude, linear, exact)
    return result


def tolerance(
    x: FloatArray,
    w: FloatArray,
    epilogue: Epilogue,
    *,
    channels_last: int = 0,
    **convolution: Any,
) -> npt.NDArray[np.float64]:
    """Largest accepted difference between a float32 result and the exact one, per value of Y.

    The tolerance of the sum (that of AdderConv) is carried through the epilogue, whose own
    roundings are added. ``SPECIFICATION.md`` derives it.

    Args:
        As for :func:`fused_adder_conv`.
    """
    layout = np.ascontiguousarray(x)
    wide = epilogue.astype(np.float64)
    total = _sum(x.astype(np.float64), w.astype(np.float64), wide, channels_last, convolution)
    scale, bias, alpha, slope = _per_output(wide, channels_last)
    eps = float(np.finfo(np.float32).eps)
    product = total * scale
    t = product + bias + wide.z
    off = np.abs(scale) * sum_tolerance(layout, w)
    off = off + eps * (np.abs(product) + np.abs(product + bias) + np.abs(t))

    p = power(t, alpha)
    below, above = power(t - off, alpha), power(t + off, alpha)
    largest = np.maximum(np.abs(below), np.abs(above))
    exponent = (alpha - 1) * np.log(np.clip(np.abs(t) + off, TINY, None))
    digits = np.where(alpha == 1, 0.0, 4 + 2 * np.abs(alpha - 1) + 2 * np.abs(exponent))
    off = np.maximum(above - p, p - below) + eps * digits * largest
    off = np.maximum(np.abs(slope), 1.0) * (off + eps * np.abs(p))
    y = np.minimum(np.maximum(np.where(p < 0, slope * p, p), wide.clip_min), wide.clip_max)
    # A few subnormal steps, where results are too small for eps to be relative to them.
    result: npt.NDArray[np.float64] = off + eps * np.abs(y + wide.r) + 1e-44
    return result


def _sum(
    x: FloatArray,
    w: FloatArray,
    epilogue: Epilogue,
    channels_last: int,
    convolution: dict[str, Any],
) -> FloatArray:
    """``A`` in the layout of Y, after all checks."""
    if channels_last not in (0, 1):
        raise AdderSRError(
            f"{_OP} expects channels_last to be 0 (NCHW) or 1 (NHWC), got {channels_last}."
        )
    if x.ndim != 4:
        raise AdderSRError(f"{_OP} expects X to have 4 dimensions, got {list(x.shape)}.")
    attributes = Attributes(**convolution, op=_OP)
    planes = np.moveaxis(x, 3, 1) if channels_last else x
    shape: Sequence[int] = output_shape(planes.shape, w.shape, attributes)
    if channels_last:
        shape = (shape[0], *shape[2:], shape[1])
    _check(x, w, epilogue, shape)
    total = adder_conv(planes, w, np.zeros(w.shape[0], w.dtype), **convolution)
    return np.moveaxis(total, 1, 3) if channels_last else total


def _per_output(epilogue: Epilogue, channels_last: int) -> tuple[FloatArray, ...]:
    """Scale, bias, alpha and slope so that they broadcast to Y."""
    shape = (-1,) if channels_last else (-1, 1, 1)
    parameters = (epilogue.scale, epilogue.bias, epilogue.alpha, epilogue.slope)
    return tuple(parameter.reshape(shape) for parameter in parameters)


def _check(x: FloatArray, w: FloatArray, epilogue: Epilogue, y_shape: Sequence[int]) -> None:
    arrays = (x, w, *epilogue.arrays())
    if x.dtype not in (np.float32, np.float64) or any(a.dtype != x.dtype for a in arrays):
        types = ", ".join(str(array.dtype) for array in arrays)
        raise AdderSRError(f"{_OP} expects all inputs in float32, or all in float64, got {types}.")
    filters = w.shape[0]
    for name in ("scale", "bias", "alpha", "slope"):
        shape = getattr(epilogue, name).shape
        if shape not in ((1,), (filters,)):
            raise AdderSRError(
                f"{_OP} expects {name} to have 1 value or one per filter ({filters}), "
                f"got shape {list(shape)}."
            )
    for name in ("z", "r"):
        shape = getattr(epilogue, name).shape
        if shape not in ((1, 1, 1, 1), tuple(y_shape)):
            raise AdderSRError(
                f"{_OP} expects {name.upper()} to have the shape of Y, {list(y_shape)}, or "
                f"[1, 1, 1, 1], got {list(shape)}. Use one 0 for a layer without it."
            )
    for name in ("clip_min", "clip_max"):
        shape = getattr(epilogue, name).shape
        if shape != ():
            raise AdderSRError(f"{_OP} expects {name} to be a scalar, got shape {list(shape)}.")
    if not ((epilogue.alpha >= 0) & (epilogue.alpha <= LARGEST_ALPHA)).all():
        raise AdderSRError(
            f"{_OP} expects alpha to lie between 0 and 1024, got {epilogue.alpha.tolist()}. "
            "Use 1 for a layer without power."
        )
