"""Peers of a model, torch-free: its CNN in 8 bits by onnxruntime's tools, and in ncnn."""

import os
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx

from addersr.errors import AdderSRError
from addersr.export.benchmark.int8_peer import quantize_by_onnxruntime
from addersr.export.benchmark.ncnn_peer import NcnnNetwork
from addersr.export.counts.energy import ARITHMETICS
from addersr.export.counts.of_file import report_file
from addersr.export.expectation import sample_inputs
from addersr.runtime import machine
from addersr.runtime.benchmark.energy import ESTIMATE, Energy
from addersr.runtime.benchmark.subjects import Subject, timed
from addersr.runtime.model_info import read_model_info
from addersr.runtime.network import sample_input


def write_int8(cnn: Path, target: Path) -> None:
    """Quantise a CNN of planes by ``quantize_static`` (QDQ), and write it.

    Its ranges come from a few pictures that look like photos: good for speed, not for quality.

    Raises:
        AdderSRError: this onnxruntime cannot quantise with this onnx.
    """
    model = onnx.load(str(cnn))
    images = [x for name, x in sample_inputs(model) if "photo" in name]
    try:
        quantized = quantize_by_onnxruntime(model, images, "QDQ")
    except AttributeError as error:
        # onnxruntime 1.18 asks newer versions of onnx for what they no longer have.
        raise AdderSRError(
            f"onnxruntime {version('onnxruntime')} cannot quantise with onnx {version('onnx')} "
            f"({error}): install a newer onnxruntime, or leave --peer cnn-int8 out."
        ) from error
    quantized.metadata_props.extend(model.metadata_props)
    for prop in quantized.metadata_props:
        if prop.key == "addersr.precision":
            prop.value = "u8"  # of what goes between the layers
    onnx.save(quantized, str(target))


def ncnn_subject(name: str, cnn: Path, width: int, height: int, threads: int) -> Subject:
    """A CNN of planes in ncnn, float32.

    Raises:
        AdderSRError: ncnn is not installed, or the network has layers that are not converted.
    """
    if find_spec("ncnn") is None:
        raise AdderSRError("The peer ncnn is not installed: pip install 'addersr[bench]'.")
    # Read when ncnn's OpenMP is loaded. Threads that spin between runs would take the cores from
    # those that it takes turns with, and the other way round.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    x = sample_input(read_model_info(cnn), width, height).astype(np.float32)
    # 0 threads end ncnn with a segmentation fault.
    run = NcnnNetwork(onnx.load(str(cnn)), threads or machine.cores()).prepare(x)
    return Subject(name, "ncnn", threads, timed(run))


def estimate_energy(model: Path, width: int, height: int) -> Energy:
    """Operations of a model for one LR picture times published costs: no measurement."""
    info = read_model_info(model)
    size = (height * info.scale, width * info.scale)
    arithmetic = "fp32" if info.precision == "fp32" else "int8_int32"
    (costs,) = (one for one in ARITHMETICS if one.name == arithmetic)
    picojoules = costs.energy(report_file(model, size).this.counts)
    detail = f"operations x costs at 45 nm ({costs.title}), without memory; not measured"
    return Energy(ESTIMATE, picojoules * 1e-12, None, detail)
