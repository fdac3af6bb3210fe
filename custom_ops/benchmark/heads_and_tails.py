"""Heads and tails in integers beside onnxruntime's Conv in fp32.

``python -m addersr.custom_ops.benchmark.heads_and_tails``: both run in one process, in turns, on
one thread; the ratio of medians is what counts. Needs onnx.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx.helper
import onnx.numpy_helper
import onnxruntime
from rich.console import Console
from rich.table import Table

from addersr.custom_ops import DOMAIN, VERSION, library_info
from addersr.custom_ops.benchmark.layers import session
from addersr.custom_ops.benchmark.timing import measure
from addersr.custom_ops.requantization import ramp_table

HEIGHT, WIDTH = 180, 320


@dataclass(frozen=True)
class Layer:
    """One 3x3 layer with stride 1 and padding 1: uint8 to uint8, a tail to int16 of 12 bits."""

    inputs: int
    outputs: int
    tail: bool = False

    @property
    def taps(self) -> int:
        """Multiply-accumulates of one run."""
        return HEIGHT * WIDTH * self.inputs * self.outputs * 9


LAYERS = (
    *(Layer(inputs, outputs) for inputs, outputs in ((1, 16), (1, 32), (3, 32))),
    *(Layer(c, o, tail=True) for c, o in ((16, 4), (24, 4), (32, 4), (32, 9), (32, 12))),
    Layer(32, 32),
)


def integer_model(layer: Layer) -> onnx.ModelProto:
    """One QLinearFusedConv whose outputs spread over their range."""
    rng = np.random.default_rng(0)
    w = rng.integers(-100, 101, (layer.outputs, layer.inputs, 3, 3)).astype(np.int16)
    bits = 12 if layer.tail else 8
    middle = np.float32(2 ** (bits - 1))
    data = np.int16 if layer.tail else np.uint8
    start = -(2 ** (bits - 1)) if layer.tail else 0
    step = np.sqrt(9 * layer.inputs) * 73 * 58 / middle * 3
    no_residual = np.zeros((1, 1, 1, 1), data)
    values: dict[str, npt.NDArray[Any]] = {
        "W": w,
        "x_zero_point": np.full(1, 128, np.uint8),
        "offset": np.zeros(1, np.int32),
        "multiplier": np.full(1, 1 / step, np.float32),
        "bias": np.full(1, middle, np.float32),
        "Z": no_residual,
        "z_zero_point": np.zeros(1, data),
        "z_multiplier": np.zeros(1, np.float32),
        "table": ramp_table(2**bits, start),
        "R": no_residual,
        "r_zero_point": np.zeros(1, data),
        "r_multiplier": np.zeros(1, np.float32),
    }
    node = onnx.helper.make_node(
        "QLinearFusedConv",
        ["X", *values],
        ["Y"],
        domain=DOMAIN,
        bits=bits,
        x_bits=8,
        table_fraction=0,
        pads=[1, 1, 1, 1],
    )
    x = [1, HEIGHT, WIDTH, layer.inputs]
    y = [1, HEIGHT, WIDTH, layer.outputs]
    y_type = onnx.TensorProto.INT16 if layer.tail else onnx.TensorProto.UINT8
    constants = [onnx.numpy_helper.from_array(value, name) for name, value in values.items()]
    return _model(node, constants, (onnx.TensorProto.UINT8, x), (y_type, y))


def float_model(layer: Layer) -> onnx.ModelProto:
    """One Conv with bias."""
    rng = np.random.default_rng(0)
    w = rng.normal(0, 0.1, (layer.outputs, layer.inputs, 3, 3)).astype(np.float32)
    constants = [
        onnx.numpy_helper.from_array(w, "W"),
        onnx.numpy_helper.from_array(np.zeros(layer.outputs, np.float32), "B"),
    ]
    node = onnx.helper.make_node("Conv", ["X", "W", "B"], ["Y"], pads=[1, 1, 1, 1])
    real = onnx.TensorProto.FLOAT
    x, y = ([1, c, HEIGHT, WIDTH] for c in (layer.inputs, layer.outputs))
    return _model(node, constants, (real, x), (real, y))


def _model(
    node: onnx.NodeProto,
    constants: list[onnx.TensorProto],
    x: tuple[int, list[int]],
    y: tuple[int, list[int]],
) -> onnx.ModelProto:
    graph = onnx.helper.make_graph(
        [node],
        "layer",
        [onnx.helper.make_tensor_value_info("X", *x)],
        [onnx.helper.make_tensor_value_info("Y", *y)],
        constants,
    )
    opsets = [onnx.helper.make_opsetid("", 18), onnx.helper.make_opsetid(DOMAIN, VERSION)]
    return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9)


def compare(layer: Layer, runs: int) -> tuple[float, float]:
    """Median CPU seconds of ``runs`` runs in turns: Conv in fp32, ours."""
    x = np.random.default_rng(1).integers(0, 256, (1, HEIGHT, WIDTH, layer.inputs)).astype(np.uint8)
    first = np.ascontiguousarray(np.moveaxis(x, 3, 1)).astype(np.float32)
    conv, ours = session(float_model(layer)), session(integer_model(layer))
    ways = [lambda: conv.run(None, {"X": first}), lambda: ours.run(None, {"X": x})]
    one, other = (statistics.median(times) for times in measure(ways, runs, time.thread_time))
    return one, other


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=31, help="runs of each contender")
    runs = parser.parse_args(arguments).runs
    kernels = library_info().kernels
    names = ", ".join(kernels[f"QLinearFusedConv {data}"] for data in ("uint8", "int16"))
    table = Table(
        title=f"One thread, {WIDTH}x{HEIGHT}, 3x3, medians of {runs} interleaved runs in ms\n"
        f"kernels {names}, onnxruntime {onnxruntime.__version__}"
    )
    for heading in ("layer", "Conv fp32", "integers", "speed ratio", "10⁹ taps/s"):
        table.add_column(heading, justify="left" if heading == "layer" else "right")
    for layer in LAYERS:
        real, ours = compare(layer, runs)
        table.add_row(
            f"{layer.inputs}→{layer.outputs} to {'int16' if layer.tail else 'uint8'}",
            f"{1e3 * real:.2f}",
            f"{1e3 * ours:.2f}",
            f"{real / ours:.2f}",
            f"{layer.taps / ours / 1e9:.0f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
