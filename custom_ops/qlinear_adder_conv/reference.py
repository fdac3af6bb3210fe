"""QLinearAdderConv in numpy: the definition that every other implementation equals, bit by bit."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from addersr.custom_ops.adder_conv.reference import adder_conv
from addersr.custom_ops.convolution.geometry import Attributes, output_shape
from addersr.custom_ops.qlinear_adder_conv.parameters import Parameters
from addersr.custom_ops.requantization.parameters import IntArray
from addersr.custom_ops.requantization.reference import requantize
from addersr.errors import AdderSRError


def qlinear_adder_conv(
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
        x: input, ``[N, H, W, C]``, of the type of ``parameters.w``.
        parameters: the filter and the requantisation.
        z: residual before the activation, ``[N, OH, OW, O]`` or ``[1, 1, 1, 1]``; None is neutral.
        r: residual after the activation, likewise.
        auto_pad, strides, pads, dilations, group, kernel_shape: as in ONNX Conv.

    Returns:
        ``[N, OH, OW, O]`` of the type of ``x``.

    Raises:
        AdderSRError: types, shapes or values are not those of a QLinearAdderConv.
    """
    p = parameters
    attributes = Attributes(
        auto_pad, strides, pads, dilations, group, kernel_shape, op="QLinearAdderConv"
    )
    sums = _sums(x, p, attributes)
    return requantize(p.offset - sums, p, z, r)


def _sums(x: IntArray, p: Parameters, attributes: Attributes) -> npt.NDArray[np.int32]:
    """``Σ |X - W|`` with padding by the zero points, exact, ``[N, OH, OW, O]``."""
    if x.ndim != 4 or x.dtype != p.w.dtype:
        raise AdderSRError(
            f"QLinearAdderConv expects X of shape [N, H, W, C] and {p.w.dtype}, as W, "
            f"got {list(x.shape)} {x.dtype}."
        )
    first = np.moveaxis(x, 3, 1)
    output_shape(first.shape, p.w.shape, attributes)
    channels = x.shape[3]
    if p.x_zero_point.shape not in ((1,), (channels,)):
        raise AdderSRError(
            "QLinearAdderConv expects x_zero_point to have 1 value or one per channel "
            f"({channels}), got shape {list(p.x_zero_point.shape)}."
        )
    # Differences do not change when the zero point is taken from both; then padding is zero.
    zero_points = np.broadcast_to(p.x_zero_point.astype(np.float64), channels)
    per_filter = np.repeat(
        zero_points.reshape(attributes.group, -1), p.w.shape[0] // attributes.group, axis=0
    )
    distance = -adder_conv(
        first - zero_points[:, np.newaxis, np.newaxis],
        p.w - per_filter[:, :, np.newaxis, np.newaxis],
        np.zeros(p.w.shape[0]),
        auto_pad=attributes.auto_pad,
        strides=attributes.strides,
        pads=attributes.pads,
        dilations=attributes.dilations,
        group=attributes.group,
        kernel_shape=attributes.kernel_shape,
    )
    return np.moveaxis(distance, 1, 3).astype(np.int32)
