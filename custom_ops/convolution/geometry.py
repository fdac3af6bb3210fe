"""Attributes of the adder ops, with every check, and the size of their output.

The numpy references and the ONNX schemas share this file; ``geometry.cc`` says the same in C++.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from addersr.errors import AdderSRError

AUTO_PADS = ("NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID")


@dataclass(frozen=True)
class Attributes:
    """The attributes of an adder op's node: those of ONNX Conv for two spatial dimensions.

    Args:
        auto_pad: one of ``AUTO_PADS``.
        strides: vertical and horizontal step between output pixels.
        pads: zeros added at the top, left, bottom and right; only with ``auto_pad="NOTSET"``.
        dilations: vertical and horizontal distance between taps.
        group: number of independent parts into which channels and filters are divided.
        kernel_shape: height and width of the filter; None takes them from the filter itself.
        op: name of the op, for error messages.

    Raises:
        AdderSRError: a value is out of range, or two of them contradict each other.
    """

    auto_pad: str = "NOTSET"
    strides: Sequence[int] = (1, 1)
    pads: Sequence[int] = (0, 0, 0, 0)
    dilations: Sequence[int] = (1, 1)
    group: int = 1
    kernel_shape: Sequence[int] | None = None
    op: str = "AdderConv"

    def __post_init__(self) -> None:
        if self.auto_pad not in AUTO_PADS:
            raise AdderSRError(
                f"{self.op} expects auto_pad to be one of {', '.join(AUTO_PADS)}, "
                f"got {self.auto_pad!r}."
            )
        _check_list(self.op, "strides", self.strides, count=2, least=1)
        _check_list(self.op, "dilations", self.dilations, count=2, least=1)
        _check_list(self.op, "pads", self.pads, count=4, least=0)
        if self.kernel_shape is not None:
            _check_list(self.op, "kernel_shape", self.kernel_shape, count=2, least=1)
        if self.group < 1:
            raise AdderSRError(f"{self.op} expects group to be 1 or more, got {self.group}.")
        if self.auto_pad != "NOTSET" and any(self.pads):
            raise AdderSRError(
                f"{self.op} got both auto_pad={self.auto_pad!r} and pads={list(self.pads)}. "
                "Give one of the two."
            )

    def extent(self, axis: int, kernel: int) -> int:
        """Pixels from the first to the last tap of a ``kernel`` along ``axis`` (0 = vertical)."""
        return (kernel - 1) * self.dilations[axis] + 1

    def output_axis(self, axis: int, size: int, kernel: int) -> tuple[int, int]:
        """Output size and leading pad along one axis (0 = vertical, 1 = horizontal).

        Args:
            size: pixels of the input along the axis.
            kernel: taps of the filter along the axis.

        Returns:
            The output size, below 1 if the kernel does not fit, and the zeros before the input.
        """
        stride = self.strides[axis]
        extent = self.extent(axis, kernel)
        if self.auto_pad in ("SAME_UPPER", "SAME_LOWER"):
            output = -(-size // stride)
            total = max(0, (output - 1) * stride + extent - size)
            # An odd zero goes to the end (upper) or to the beginning (lower).
            return output, total // 2 if self.auto_pad == "SAME_UPPER" else total - total // 2
        before, after = self.pads[axis], self.pads[axis + 2]
        return (size + before + after - extent) // stride + 1, before

    def keeps_size(self, axis: int, kernel: int) -> bool:
        """Whether the output is as large as the input along ``axis``, whatever its size."""
        if self.strides[axis] != 1:
            return False
        if self.auto_pad in ("SAME_UPPER", "SAME_LOWER"):
            return True
        return self.pads[axis] + self.pads[axis + 2] == self.extent(axis, kernel) - 1


def output_shape(
    x_shape: Sequence[int], w_shape: Sequence[int], attributes: Attributes
) -> tuple[int, int, int, int]:
    """Shape ``[N, O, OH, OW]`` of the output.

    Args:
        x_shape: ``[N, C, H, W]``; N may be 0, and so may H and W if they are padded.
        w_shape: ``[O, C/group, kh, kw]``.
        attributes: the attributes of the node.

    Raises:
        AdderSRError: the shapes do not go together, or the kernel does not fit into the input.
    """
    op = attributes.op
    x_text, w_text = list(x_shape), list(w_shape)
    if len(x_shape) != 4:
        raise AdderSRError(f"{op} expects X of shape [N, C, H, W], got {x_text}.")
    if len(w_shape) != 4 or min(w_shape) < 1:
        raise AdderSRError(
            f"{op} expects a filter W of shape [O, C/group, kh, kw], not empty, got {w_text}."
        )
    group = attributes.group
    if x_shape[1] != w_shape[1] * group:
        raise AdderSRError(
            f"{op} expects X to have W's channels times group = {w_shape[1]} x {group}, "
            f"got {x_shape[1]} channels."
        )
    if w_shape[0] % group:
        raise AdderSRError(
            f"{op} expects the number of filters ({w_shape[0]}) to be a multiple of "
            f"group ({group})."
        )
    kernel = list(w_shape[2:])
    if attributes.kernel_shape is not None and list(attributes.kernel_shape) != kernel:
        raise AdderSRError(
            f"{op} expects kernel_shape to equal the filter's {kernel}, "
            f"got {list(attributes.kernel_shape)}."
        )
    height, _ = attributes.output_axis(0, x_shape[2], kernel[0])
    width, _ = attributes.output_axis(1, x_shape[3], kernel[1])
    if height < 1 or width < 1:
        raise AdderSRError(
            f"{op}'s kernel {kernel} with dilations {list(attributes.dilations)} does not "
            f"fit into X {x_text} with pads {list(attributes.pads)}."
        )
    return x_shape[0], w_shape[0], height, width


def _check_list(op: str, name: str, values: Sequence[int], *, count: int, least: int) -> None:
    if len(values) != count or min(values) < least:
        raise AdderSRError(
            f"{op} expects {name} to be {count} integers of {least} or more, got {list(values)}."
        )
