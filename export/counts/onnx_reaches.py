"""Which pixels of its inputs a node of an ONNX graph sees. Needs onnx."""

from collections.abc import Callable, Mapping
from typing import Any

import onnx

from addersr.custom_ops import DOMAIN
from addersr.custom_ops.convolution.geometry import Attributes
from addersr.export.counts import onnx_ops
from addersr.export.counts.graph import SAME, Reach, Reaches, Tensor


class NodeReaches:
    """For the nodes of one graph.

    Args:
        tensor: shape and type by name.
        stored: the initializers.
    """

    def __init__(
        self, tensor: Callable[[str], Tensor], stored: Mapping[str, onnx.TensorProto]
    ) -> None:
        self._tensor = tensor
        self._stored = stored

    def of(self, node: onnx.NodeProto, source: str) -> Reaches | None:
        """Which pixels of its input ``source`` a node sees; None: all, or it is not followed."""
        op = node.op_type
        if op in onnx_ops.CONVOLUTIONS or op in onnx_ops.POOLS:
            return self._window(node, source)
        if op in ("DepthToSpace", "DequantizeChannelsFirst"):
            return onnx_ops.enlarged(attribute(node, "blocksize", 1))
        if op == "LumaToRgb":
            return SAME if source == node.input[0] else self._chroma(node)
        if op == "Resize":
            return self._resize(node, source)
        if op == "Pad":
            return self._pad(node)
        if op in onnx_ops.GLOBAL:
            return None
        return SAME if self._keeps_places(node, source) else None

    def _window(self, node: onnx.NodeProto, source: str) -> Reaches | None:
        """Of the input and, for fused layers, of a residual."""
        if source != node.input[0]:
            return SAME
        attributes = convolution_attributes(node)
        if node.op_type == "ConvTranspose" and (
            attributes.auto_pad != "NOTSET" or attribute(node, "output_shape", None)
        ):
            return None  # the padding follows from the size of the output
        index = onnx_ops.CONVOLUTIONS.get(node.op_type, (None, False))[0]
        kernel = (
            list(attributes.kernel_shape or ())
            if index is None
            else self._tensor(node.input[index]).shape[2:]
        )
        size = self.spatial(node, source)
        transposed = node.op_type == "ConvTranspose"
        reach = onnx_ops.transposed_window if transposed else onnx_ops.window
        vertical, horizontal = (
            reach(
                attributes.strides[axis],
                attributes.pads[axis]
                if transposed
                else attributes.output_axis(axis, size[axis], kernel[axis])[1],
                attributes.extent(axis, kernel[axis]),
            )
            for axis in (0, 1)
        )
        # The shortcut of a fused layer is the input itself, at its place: within the window.
        return vertical, horizontal

    def _chroma(self, node: onnx.NodeProto) -> Reaches:
        factor = self._tensor(node.input[2]).shape[0]
        return onnx_ops.interpolated(factor, "cubic"), onnx_ops.interpolated(factor, "cubic")

    def _resize(self, node: onnx.NodeProto, source: str) -> Reaches | None:
        before, after = self._tensor(source).shape, self._tensor(node.output[0]).shape
        mode = attribute(node, "mode", b"nearest").decode()
        if len(before) != 4 or mode not in ("nearest", "linear", "cubic"):
            return None
        factors = [after[axis] // before[axis] for axis in (2, 3)]
        if any(after[axis] % before[axis] for axis in (2, 3)) or 0 in factors:
            return None
        vertical, horizontal = (onnx_ops.interpolated(factor, mode) for factor in factors)
        return vertical, horizontal

    def _pad(self, node: onnx.NodeProto) -> Reaches | None:
        stored = self._stored.get(node.input[1]) if len(node.input) > 1 else None
        pads = [] if stored is None else onnx.numpy_helper.to_array(stored).tolist()
        if len(pads) != 8:
            return None
        vertical, horizontal = (Reach(low=-pads[axis], high=-pads[axis]) for axis in (2, 3))
        return vertical, horizontal

    def _keeps_places(self, node: onnx.NodeProto, source: str) -> bool:
        """Whether each pixel of the output lies where it lies in ``source``."""
        before, after = self._tensor(source).shape, self._tensor(node.output[0]).shape
        if node.op_type == "Concat":
            return attribute(node, "axis", 0) % len(after) in (1, 3)
        if node.op_type == "Gather":
            channels = attribute(node, "axis", 0) % len(before) in (1, 3)
            return channels and len(before) == len(after) == 4
        if node.op_type in ("Slice", "Split"):
            return len(before) == 4 and before[0] == after[0] and before[2:] == after[2:]
        return True

    def spatial(self, node: onnx.NodeProto, name: str) -> tuple[int, int]:
        """Height and width of the input or output of a convolution or pooling."""
        shape = self._tensor(name).shape
        last = node.op_type.startswith("QLinear") and node.domain == DOMAIN
        if last or attribute(node, "channels_last", 0):
            return shape[1], shape[2]
        return shape[2], shape[3]


def convolution_attributes(node: onnx.NodeProto) -> Attributes:
    """The checked attributes of a convolution or pooling."""
    names = ("auto_pad", "strides", "pads", "dilations", "group", "kernel_shape")
    given = {name: attribute(node, name, None) for name in names}
    values = {name: value for name, value in given.items() if value is not None}
    if isinstance(values.get("auto_pad"), bytes):
        values["auto_pad"] = values["auto_pad"].decode()
    return Attributes(**values, op=node.op_type)


def attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    """The value of an attribute, or ``default``."""
    for attribute in node.attribute:
        if attribute.name == name:
            return onnx.helper.get_attribute_value(attribute)
    return default
