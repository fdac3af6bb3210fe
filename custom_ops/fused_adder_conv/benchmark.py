"""Layers beside onnxruntime's Conv: ``python -m addersr.custom_ops.fused_adder_conv.benchmark``.

Chains of four layers 3x3, on one thread. FusedAdderConv is channels last and has its epilogue
(scale, bias, the layer's input as Z, PReLU), once with power and once without; Conv is bare. All
contenders run in turns in one process. The limit is what a loop of max and fma reaches on AVX2
without memory.
Needs onnx, and for the limit a C++ compiler.
"""

import argparse
import ctypes
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import onnxruntime
from rich.console import Console
from rich.table import Table

from addersr.custom_ops import DOMAIN, VERSION, library_info, register
from addersr.custom_ops.adder_conv.benchmark import LAYERS, FloatArray, Layers
from addersr.custom_ops.adder_conv.benchmark import session as peer_session
from addersr.custom_ops.fused_adder_conv import INPUTS, Epilogue

CONTENDERS = ("Conv", "AdderConv", "FusedAdderConv", "with power")


def chain(layers: Layers, *, power: bool) -> bytes:
    """An ONNX model of ``count`` nodes FusedAdderConv, channels last, with random filters."""
    random = np.random.default_rng(0)
    nodes, values = [], []
    channels = layers.channels
    ones = np.ones(channels, np.float32)
    for index in range(layers.count):
        w = random.normal(0, 0.3, (channels, channels, 3, 3)).astype(np.float32)
        # Values stay near zero and have both signs, as in a trained network.
        scale = np.float32(1 / (9 * channels))
        neutral = Epilogue.neutral()
        epilogue = Epilogue(
            scale * ones,
            scale * np.abs(w).sum((1, 2, 3)),
            neutral.z,
            0.8 * ones if power else ones,
            0.2 * ones,
            neutral.r,
            neutral.clip_min,
            neutral.clip_max,
        )
        names = [f"x{index}", *(f"{name}{index}" for name in INPUTS[1:])]
        arrays = (w, *epilogue.arrays())
        values += [
            onnx.numpy_helper.from_array(array.astype(np.float32), name)
            for name, array in zip(names[1:], arrays, strict=True)
            if name != f"Z{index}"
        ]
        names[INPUTS.index("Z")] = names[0]
        nodes.append(
            onnx.helper.make_node(
                "FusedAdderConv",
                names,
                [f"x{index + 1}"],
                domain=DOMAIN,
                pads=[1, 1, 1, 1],
                channels_last=1,
            )
        )
    size = [1, layers.height, layers.width, channels]
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, size)
        for name in ("x0", f"x{layers.count}")
    ]
    graph = onnx.helper.make_graph(nodes, "chain", ends[:1], ends[1:], values)
    opsets = [onnx.helper.make_opsetid("", 20), onnx.helper.make_opsetid(DOMAIN, VERSION)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=10)
    data: bytes = model.SerializeToString()
    return data


def session(contender: str, layers: Layers) -> Any:
    """A session of one thread."""
    if contender in ("Conv", "AdderConv"):
        return peer_session(contender, layers)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    register(options)
    model = chain(layers, power=contender == "with power")
    return onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])


def compare(layers: Layers, runs: int) -> dict[str, list[float]]:
    """Seconds of ``runs`` interleaved runs of each contender."""
    sessions = {contender: session(contender, layers) for contender in CONTENDERS}
    size = (1, layers.channels, layers.height, layers.width)
    first: FloatArray = np.random.default_rng(1).normal(0, 0.3, size).astype(np.float32)
    last = np.ascontiguousarray(np.moveaxis(first, 1, 3))
    seconds: dict[str, list[float]] = {contender: [] for contender in CONTENDERS}
    for run in range(runs + 1):
        for contender, one in sessions.items():
            x = first if contender in ("Conv", "AdderConv") else last
            start = time.perf_counter()
            one.run(None, {"x0": x})
            if run > 0:  # the first one warms up
                seconds[contender].append(time.perf_counter() - start)
    return seconds


def register_limit() -> float | None:
    """10⁹ taps per second of the loop in registers; None without a compiler or without AVX2."""
    compiler = shutil.which("c++") or shutil.which("g++")
    if compiler is None or "avx2" not in library_info().available_isas:
        return None
    source = resources.files("addersr.custom_ops.fused_adder_conv") / "register_limit.cc"
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "limit.so"
        flags = ["-std=c++17", "-O2", "-mavx2", "-mfma", "-shared", "-fPIC"]
        subprocess.run([compiler, *flags, str(source), "-o", str(library)], check=True)
        limit = ctypes.CDLL(str(library)).RegisterLimit
    limit.restype = ctypes.c_double
    return float(limit())


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=31, help="runs of each contender")
    runs = parser.parse_args(arguments).runs
    info = library_info()
    limit = register_limit()
    limit_text = "not measured" if limit is None else f"{limit:.1f}"
    table = Table(
        title=f"fp32 on one thread: 10⁹ taps/s, median and best of {runs} interleaved runs\n"
        f"kernel {info.kernel}, onnxruntime {onnxruntime.__version__}, limit {limit_text}"
    )
    table.add_column("layers")
    table.add_column("contender")
    for heading in ("median", "best", "of Conv's median", "of the limit"):
        table.add_column(heading, justify="right")
    console = Console()
    with console.status("Measuring"):
        for layers in (one for one in LAYERS if one.count > 1):
            seconds = compare(layers, runs)
            conv = statistics.median(seconds["Conv"])
            for contender in CONTENDERS:
                median, best = statistics.median(seconds[contender]), min(seconds[contender])
                table.add_row(
                    f"{layers.count} x {layers.channels}→{layers.channels}, "
                    f"{layers.width}x{layers.height}"
                    if contender == "Conv"
                    else "",
                    contender,
                    f"{layers.taps / median / 1e9:.1f}",
                    f"{layers.taps / best / 1e9:.1f}",
                    f"{conv / median:.2f}",
                    "" if limit is None else f"{layers.taps / median / 1e9 / limit:.2f}",
                )
    console.print(table)


if __name__ == "__main__":
    main()
