"""Everything that is timed: the adder network in integers and in float32, its twin, and peers."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir

from addersr import zoo
from addersr.export.benchmark.int8_peer import FORMATS, quantize_by_onnxruntime
from addersr.export.benchmark.ncnn_peer import NcnnNetwork
from addersr.export.expectation import sample_inputs
from addersr.export.passes.image_io import ImageIo
from addersr.runtime.benchmark.subjects import Subject, session_subject, timed
from addersr.runtime.model_info import read_model_info

#: The twin in onnxruntime's float32, which every ratio refers to.
PEER = "twin, float32"
#: The adder network in integers.
OURS = "adder, u8"


@dataclass(frozen=True)
class Contender:
    """A model of pictures."""

    name: str
    model: bytes


def contenders(adder: str, integers: str) -> list[Contender]:
    """The twin first, then its 8-bit forms by onnxruntime's tools, then ours.

    Args:
        adder, integers: names in the zoo, of the float32 model and of the one in integers.
    """
    entry = zoo.find(adder)
    assert entry.twin is not None
    twin = onnx.load(zoo.find(entry.twin).onnx)
    found = [Contender(PEER, with_pictures(twin))]
    # Ranges do not change the speed; what looks like a photo is enough for that.
    images = [x for name, x in sample_inputs(twin) if "photo" in name]
    for form in FORMATS:
        eight_bits = quantize_by_onnxruntime(twin, images, form)
        eight_bits.metadata_props.extend(twin.metadata_props)
        name = f"twin, int8 by onnxruntime ({form})"
        found.append(Contender(name, with_pictures(eight_bits)))
    found.append(Contender("adder, float32", with_pictures(onnx.load(entry.onnx))))
    found.append(Contender(OURS, with_pictures(onnx.load(zoo.find(integers).onnx))))
    return found


def with_pictures(model: onnx.ModelProto) -> bytes:
    """A network of luma planes with RgbToLuma and LumaToRgb at its ends."""
    scale = read_model_info(model.SerializeToString()).scale
    graph = ir.serde.deserialize_model(model)
    ImageIo(scale, "y")(graph)
    graph.metadata_props["addersr.io"] = "uint8"
    serialized: bytes = ir.serde.serialize_model(graph).SerializeToString()
    return serialized


def subjects(
    found: list[Contender], picture: npt.NDArray[np.uint8], threads: int, twin: Path
) -> Iterator[Subject]:
    """The contenders, ready to run on ``picture`` [1, H, W, 3], and ncnn where it is installed."""
    for contender in found:
        yield session_subject(contender.name, contender.model, picture, threads=threads)
    if find_spec("ncnn") is not None:
        luma = np.random.default_rng(0).uniform(0, 1, (1, 1, *picture.shape[1:3]))
        run = NcnnNetwork(onnx.load(twin), threads).prepare(luma.astype(np.float32))
        yield Subject("twin, float32, ncnn (network alone)", "ncnn", threads, timed(run))
