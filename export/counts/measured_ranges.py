"""Pure ±x taps of a float32 file, by the values that the inputs of its adder layers take."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from addersr.errors import AdderSRError
from addersr.export.counts.onnx_graph import OnnxFile
from addersr.export.counts.onnx_reaches import attribute, convolution_attributes
from addersr.runtime.colour import rgb_to_ycbcr
from addersr.runtime.images import find_images, read_image
from addersr.runtime.imresize import crop_to_multiple, shrink
from addersr.runtime.session import create_session, run_session

Array = npt.NDArray[Any]

_OPS = ("AdderConv", "FusedAdderConv")


def measured_pure_taps(
    file: OnnxFile,
    folder: Path,
    scale: int,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Taps whose weight lies on one side of all values that its input channel takes.

    Args:
        file: float32, with the layers AdderConv and FusedAdderConv.
        folder: with HR images; they are shrunk by ``scale`` and go through the network.
        scale: of the network.
        progress: called with the images done and the images in all.

    Returns:
        For the output of each adder layer, how many taps its filters have of that kind.

    Raises:
        AdderSRError: no images, or the network cannot run on them.
    """
    layers = [node for node in file.model.graph.node if node.op_type in _OPS]
    if not layers:
        return {}
    session = create_session(_with_ranges(file.model, layers))
    least: dict[str, Array] = {}
    most: dict[str, Array] = {}
    paths = find_images(folder)
    for number, path in enumerate(paths, 1):
        image = _input(path, scale, file)
        found = run_session(session, {session.get_inputs()[0].name: image})
        for node in layers:
            name = node.output[0]
            low, high = found[f"{name} least"], found[f"{name} most"]
            least[name] = np.minimum(least.get(name, low), low)
            most[name] = np.maximum(most.get(name, high), high)
        if progress is not None:
            progress(number, len(paths))
    weights = {one.name: one for one in file.model.graph.initializer}
    return {
        node.output[0]: _outside(
            node,
            onnx.numpy_helper.to_array(weights[node.input[1]]),
            least[node.output[0]],
            most[node.output[0]],
        )
        for node in layers
        if node.input[1] in weights
    }


def _with_ranges(model: onnx.ModelProto, layers: list[onnx.NodeProto]) -> bytes:
    """The model with the least and the most value of each channel of the layers' inputs."""
    extended = onnx.ModelProto()
    extended.CopyFrom(model)
    for node, name, op in _reductions(layers):
        axes = [0, 1, 2] if attribute(node, "channels_last", 0) else [0, 2, 3]
        stored = onnx.numpy_helper.from_array(np.array(axes, np.int64), f"{name} axes")
        extended.graph.initializer.append(stored)
        extended.graph.node.append(
            onnx.helper.make_node(op, [node.input[0], stored.name], [name], keepdims=0)
        )
        extended.graph.output.append(
            onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None])
        )
    data: bytes = extended.SerializeToString()
    return data


def _reductions(layers: list[onnx.NodeProto]) -> Iterator[tuple[onnx.NodeProto, str, str]]:
    for node in layers:
        yield node, f"{node.output[0]} least", "ReduceMin"
        yield node, f"{node.output[0]} most", "ReduceMax"


def _input(path: Path, scale: int, file: OnnxFile) -> Array:
    """The small picture of an HR image, as the network takes it."""
    pixels = read_image(path).pixels
    try:
        small = shrink(
            crop_to_multiple(pixels[..., :3] if pixels.ndim == 3 else pixels, scale), scale
        )
    except AdderSRError as error:
        raise AdderSRError(f"{path.name}: {error}") from error
    dims = file.model.graph.input[0].type.tensor_type
    gray = small.ndim == 2
    if dims.elem_type == onnx.TensorProto.UINT8:
        return (np.dstack([small] * 3) if gray else small)[None]
    if dims.shape.dim[1].dim_value == 1:
        plane = small if gray else rgb_to_ycbcr(small)[:, :, 0]
        return (plane / 255).astype(np.float32)[None, None]
    planes = np.stack([small] * 3) if gray else small.transpose(2, 0, 1)
    return (planes / 255).astype(np.float32)[None]


def _outside(node: onnx.NodeProto, weights: Array, least: Array, most: Array) -> int:
    """Weights that no value of their channel, or of the padding with zeros, lies beyond."""
    attributes = convolution_attributes(node)
    if any(attributes.pads) or attributes.auto_pad.startswith("SAME"):
        least, most = np.minimum(least, 0), np.maximum(most, 0)
    filters = weights.shape[0] // attributes.group
    low, high = (
        np.repeat(ends.reshape(attributes.group, -1), filters, axis=0)[:, :, None, None]
        for ends in (least, most)
    )
    return int(np.count_nonzero((weights <= low) | (weights >= high)))
