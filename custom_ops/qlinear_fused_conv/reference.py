"""QLinearFusedConv in numpy: the definition that every other implementation equals, bit by bit."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from addersr.custom_ops.convolution.geometry import Attributes, output_shape
from addersr.custom_ops.qlinear_fused_conv.parameters import Parameters
from addersr.custom_ops.requantization.parameters import IntArray
from addersr.custom_ops.requantization.reference import requantize
from addersr.errors import AdderSRError


def qlinear_fused_conv(
    x: IntArray,
    parameters: Parameters,
    z: IntArray | None = None,
    r: IntArray | None = None,
    *,
    auto_pad: str = "NOTSET",
    strides: Sequence[int] = (1, 1),
    pads: Sequence[int] = (0, 0, 0, 0),
    dilations: Sequence[int] = (1, 1),
    group: int = 1,
    kernel_shape: Sequence[int] | None = None,
) -> IntArray:
    """One layer in integers; ``SPECIFICATION.md`` names every operation and its rounding.

    Args:
        x: input, ``[N, H, W, C]``, of the type of ``parameters.x_zero_point``.
        parameters: the filter and the requantisation.
        z: residual before the activation, ``[N, OH, OW, O]`` or ``[1, 1, 1, 1]``; None is neutral.
        r: residual after the activation, likewise.
        auto_pad, strides, pads, dilations, group, kernel_shape: as in ONNX Conv.

    Returns:
        ``[N, OH, OW, O]`` of ``parameters.dtype``.

    Raises:
        AdderSRError: types, shapes or values are not those of a QLinearFusedConv.
    """
    p = parameters
    attributes = Attributes(auto_pad, strides, pads, dilations, group, kernel_shape, op=p.op)
    return requantize(_sums(x, p, attributes) + p.offset, p, z, r)


def _sums(x: IntArray, p: Parameters, attributes: Attributes) -> npt.NDArray[np.int64]:
    """``Σ (X - x_zero_point) W``, where padding is 0, exact, ``[N, OH, OW, O]``."""
    if x.ndim != 4 or x.dtype != p.x_zero_point.dtype:
        raise AdderSRError(
            f"{p.op} expects X of shape [N, H, W, C] and {p.x_zero_point.dtype}, as its zero "
            f"point, got {list(x.shape)} {x.dtype}."
        )
    batch, height, width, channels = x.shape
    shape = output_shape((batch, channels, height, width), p.w.shape, attributes)
    if p.x_zero_point.shape not in ((1,), (channels,)):
        raise AdderSRError(
            f"{p.op} expects x_zero_point to have 1 value or one per channel ({channels}), "
            f"got shape {list(p.x_zero_point.shape)}."
        )
    filters, group_channels, *kernel = p.w.shape
    starts = [attributes.output_axis(i, x.shape[i + 1], kernel[i])[1] for i in (0, 1)]
    extents = [attributes.extent(i, kernel[i]) for i in (0, 1)]
    sizes = [(shape[i + 2] - 1) * attributes.strides[i] + extents[i] for i in (0, 1)]
    padded = np.zeros((batch, *sizes, channels), np.int64)
    inside = padded[:, starts[0] :, starts[1] :]
    rows, columns = (min(inside.shape[i], x.shape[i]) for i in (1, 2))
    centred = x.astype(np.int64) - p.x_zero_point
    inside[:, :rows, :columns] = centred[:, :rows, :columns]
    w = p.w.astype(np.int64).reshape(attributes.group, -1, group_channels, *kernel)
    sums = np.zeros((batch, *shape[2:], attributes.group, w.shape[1]), np.int64)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            down, across = i * attributes.dilations[0], j * attributes.dilations[1]
            taps = padded[
                :,
                down : down + sizes[0] - extents[0] + 1 : attributes.strides[0],
                across : across + sizes[1] - extents[1] + 1 : attributes.strides[1],
            ].reshape(batch, *shape[2:], attributes.group, group_channels)
            sums += np.einsum("nhwgc,gmc->nhwgm", taps, w[..., i, j])
    return sums.reshape(batch, *shape[2:], filters)
