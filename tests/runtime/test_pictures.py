"""Models that take and give pictures, through the Upscaler."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from addersr import custom_ops
from addersr.custom_ops.functions import function_bodies
from addersr.custom_ops.image import cubic_filter
from addersr.runtime.upscaler import Upscaler

from ..model_factory import metadata, super_resolution_model

Array = npt.NDArray[np.uint8]


def picture_model(scale: int = 2, **changes: str) -> onnx.ModelProto:
    """The luma model of the other tests between RgbToLuma and LumaToRgb."""
    model = super_resolution_model(scale=scale)
    graph = model.graph
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [{"input": "luma", "output": "enlarged"}.get(name, name) for name in names]
    first = helper.make_node("RgbToLuma", ["input"], ["luma"], domain=custom_ops.DOMAIN)
    last = helper.make_node(
        "LumaToRgb", ["enlarged", "input", "rows"], ["output"], domain=custom_ops.DOMAIN
    )
    nodes = [first, *graph.node, last]
    del graph.node[:], graph.input[:], graph.output[:]
    graph.node.extend(nodes)
    graph.initializer.append(numpy_helper.from_array(cubic_filter(scale), "rows"))
    uint8 = TensorProto.UINT8
    graph.input.append(helper.make_tensor_value_info("input", uint8, ["n", "h", "w", 3]))
    graph.output.append(helper.make_tensor_value_info("output", uint8, ["n", "sh", "sw", 3]))
    model.functions.extend(function_bodies({"RgbToLuma", "LumaToRgb"}))
    helper.set_model_props(model, metadata(scale, io="uint8", **changes))
    return model


@pytest.fixture(scope="module")
def picture_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "model.onnx"
    path.write_bytes(picture_model().SerializeToString())
    return path


@pytest.fixture(scope="module")
def pictures(picture_file: Path) -> Upscaler:
    return Upscaler(picture_file, threads=1)


def test_colours_are_those_of_the_luma_model(
    pictures: Upscaler, adder_model: Path, photo: Array
) -> None:
    ours = pictures.upscale(photo).astype(int)
    theirs = Upscaler(adder_model, threads=1).upscale(photo).astype(int)
    # Another bicubic for the chroma (Keys' a = -0.5, OpenCV has -0.75), and its fixed point.
    assert np.abs(ours - theirs).max() <= 12
    assert np.abs(ours - theirs).mean() < 0.5


def test_the_adder_kernel_is_named(pictures: Upscaler) -> None:
    assert pictures.fast_path
    assert pictures.kernel == custom_ops.library_info().kernel


def test_gray_and_alpha_stay(pictures: Upscaler, photo: Array) -> None:
    gray = pictures.upscale(photo[:, :, 0])
    assert (gray.shape, gray.dtype) == ((96, 128), np.uint8)
    repeated = pictures.upscale(np.repeat(photo[:, :, :1], 3, axis=2))
    np.testing.assert_array_equal(repeated, np.repeat(gray[:, :, None], 3, axis=2))
    rgba = pictures.upscale(np.dstack([photo, photo[:, :, 1]]))
    np.testing.assert_array_equal(rgba[:, :, :3], pictures.upscale(photo))


@pytest.mark.parametrize("tile", [1, 7, 16])
def test_tiles_give_the_pixels_of_the_whole(picture_file: Path, tile: int, photo: Array) -> None:
    image = photo[:24, :20]
    whole = Upscaler(picture_file, threads=1).upscale(image)
    tiled = Upscaler(picture_file, threads=1, tile=tile).upscale(image)
    np.testing.assert_array_equal(tiled, whole)


def test_plain_onnxruntime_gives_the_same_picture(picture_file: Path, photo: Array) -> None:
    ours: Any = Upscaler(picture_file, threads=1).upscale(photo).astype(int)
    plain = Upscaler(picture_file, threads=1, use_library=False)
    assert plain.fast_path is False
    # The adder layer is fp32: a luma near the middle of two levels may round either way.
    assert np.abs(plain.upscale(photo) - ours).max() <= 1
