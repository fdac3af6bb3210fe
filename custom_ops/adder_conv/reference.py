"""AdderConv in numpy: the definition that every other implementation is compared with."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.custom_ops.convolution.geometry import Attributes, output_shape
from addersr.errors import AdderSRError

FloatArray = npt.NDArray[np.floating[Any]]


def adder_conv(
    x: FloatArray,
    w: FloatArray,
    b: FloatArray,
    *,
    auto_pad: str = "NOTSET",
    strides: Sequence[int] = (1, 1),
    pads: Sequence[int] = (0, 0, 0, 0),
    dilations: Sequence[int] = (1, 1),
    group: int = 1,
    kernel_shape: Sequence[int] | None = None,
) -> FloatArray:
    """``y[n, o] = b[o] - sum over taps |x - w[o]|`` (AdderNet, CVPR 2020, eq. 2, with a bias).

    The input is padded with zeros, and a padded tap counts like any other: it adds ``-|w|``.
    Everything is computed in the type of ``x``; use float64 for a reference value.

    Args:
        x: input, ``[N, C, H, W]``, float32 or float64.
        w: filters, ``[O, C/group, kh, kw]``, same type.
        b: bias, ``[O]``, same type.
        auto_pad, strides, pads, dilations, group, kernel_shape: as in ONNX Conv, see
            :class:`~addersr.custom_ops.convolution.geometry.Attributes`.

    Returns:
        ``[N, O, OH, OW]`` of the type of ``x``, sizes as in
        :func:`~addersr.custom_ops.convolution.geometry.output_shape`.

    Raises:
        AdderSRError: types, shapes or attributes are not those of an AdderConv.
    """
    attributes = Attributes(auto_pad, strides, pads, dilations, group, kernel_shape)
    _check_types(x, w, b)
    shape = output_shape(x.shape, w.shape, attributes)
    if b.shape != (w.shape[0],):
        raise AdderSRError(
            f"AdderConv expects one bias per filter, shape [{w.shape[0]}], got {list(b.shape)}."
        )
    padded = _pad(x, w.shape, shape, attributes)
    _, filters, height, width = shape
    _, channels, kernel_height, kernel_width = w.shape
    per_group = filters // group
    distance = np.zeros(shape, x.dtype)
    for g in range(group):
        of_group = slice(g * per_group, (g + 1) * per_group)
        for c in range(channels):
            for i in range(kernel_height):
                for j in range(kernel_width):
                    rows = _tap(i * dilations[0], height, strides[0])
                    columns = _tap(j * dilations[1], width, strides[1])
                    pixels = padded[:, g * channels + c, rows, columns]
                    weights = w[of_group, c, i, j]
                    distance[:, of_group] += np.abs(
                        pixels[:, np.newaxis] - weights[:, np.newaxis, np.newaxis]
                    )
    result: FloatArray = b[:, np.newaxis, np.newaxis] - distance
    return result


def tolerance(x: FloatArray, w: FloatArray, b: FloatArray | None = None) -> float:
    """Largest accepted difference between a float32 result and the exact one.

    ``eps (K (sqrt(K) + 1) (max|x| + max|w|) + 2 max|b|)``: eps is that of float32, K the number of
    taps of one filter. It covers K terms added one after another, in any order, by ``|x - w|`` or
    in the max form; ``SPECIFICATION.md`` derives it and says which inputs exceed it.

    Args:
        x: input, ``[N, C, H, W]``.
        w: filters, ``[O, C/group, kh, kw]``.
        b: bias, ``[O]``; it matters only if it is larger than the sums.
    """
    taps = int(np.prod(w.shape[1:]))
    largest_term = _max_abs(x) + _max_abs(w)
    bias = 0.0 if b is None else _max_abs(b)
    eps = float(np.finfo(np.float32).eps)
    return eps * (taps * (math.sqrt(taps) + 1.0) * largest_term + 2.0 * bias)


def _check_types(x: FloatArray, w: FloatArray, b: FloatArray) -> None:
    if x.dtype not in (np.float32, np.float64) or w.dtype != x.dtype or b.dtype != x.dtype:
        raise AdderSRError(
            "AdderConv expects X, W and B all in float32, or all in float64, "
            f"got {x.dtype}, {w.dtype} and {b.dtype}."
        )


def _pad(
    x: FloatArray, w_shape: Sequence[int], y_shape: Sequence[int], attributes: Attributes
) -> FloatArray:
    """The zero-padded part of ``x`` that the taps touch."""
    sizes, starts = [], []
    for axis in (0, 1):
        kernel = w_shape[axis + 2]
        extent = attributes.extent(axis, kernel)
        sizes.append((y_shape[axis + 2] - 1) * attributes.strides[axis] + extent)
        starts.append(attributes.output_axis(axis, x.shape[axis + 2], kernel)[1])
    padded = np.zeros((*x.shape[:2], *sizes), x.dtype)
    inside = padded[:, :, starts[0] :, starts[1] :]
    rows, columns = (min(inside.shape[i], x.shape[i]) for i in (2, 3))
    inside[:, :, :rows, :columns] = x[:, :, :rows, :columns]
    return padded


def _tap(first: int, count: int, stride: int) -> slice:
    """The ``count`` positions of one tap, ``stride`` apart."""
    return slice(first, first + (count - 1) * stride + 1, stride)


def _max_abs(values: FloatArray) -> float:
    return float(np.abs(values).max(initial=0.0))
