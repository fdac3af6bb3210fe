"""AdderConv beside onnxruntime's Conv: ``python -m addersr.custom_ops.adder_conv.benchmark``.

Both run in one process, in turns, on one thread; the ratio of medians is what counts. Needs onnx.
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

from addersr.custom_ops import DOMAIN, VERSION, library_info, register

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Layers:
    """A chain of equal 3x3 layers with stride 1 and padding 1."""

    channels: int
    height: int
    width: int
    count: int = 1

    @property
    def taps(self) -> int:
        """Multiply-accumulates, or absolute differences, of one run."""
        return self.count * self.height * self.width * self.channels**2 * 9


LAYERS = [
    Layers(channels, height, width, count)
    for count in (1, 4)
    for channels, height, width in ((64, 180, 320), (32, 180, 320), (16, 360, 640), (64, 60, 80))
]


def chain(op: str, layers: Layers) -> bytes:
    """An ONNX model of ``count`` nodes ``op`` (Conv or AdderConv) with random filters."""
    random = np.random.default_rng(0)
    nodes, values = [], []
    for index in range(layers.count):
        shape = (layers.channels, layers.channels, 3, 3)
        w = random.normal(0, 0.3, shape).astype(np.float32)
        # What keeps the values of a chain near zero; the time does not depend on it.
        b = np.abs(w).sum((1, 2, 3)) if op == "AdderConv" else np.zeros(layers.channels)
        for name, value in (("w", w), ("b", b.astype(np.float32))):
            values.append(onnx.numpy_helper.from_array(value, f"{name}{index}"))
        nodes.append(
            onnx.helper.make_node(
                op,
                [f"x{index}", f"w{index}", f"b{index}"],
                [f"x{index + 1}"],
                domain=DOMAIN if op == "AdderConv" else "",
                pads=[1, 1, 1, 1],
                kernel_shape=[3, 3],
            )
        )
    size = [1, layers.channels, layers.height, layers.width]
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, size)
        for name in ("x0", f"x{layers.count}")
    ]
    graph = onnx.helper.make_graph(nodes, "chain", ends[:1], ends[1:], values)
    opsets = [onnx.helper.make_opsetid("", 20), onnx.helper.make_opsetid(DOMAIN, VERSION)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=10)
    data: bytes = model.SerializeToString()
    return data


def session(op: str, layers: Layers) -> Any:
    """A session of one thread for :func:`chain`."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    register(options)
    return onnxruntime.InferenceSession(chain(op, layers), options, ["CPUExecutionProvider"])


def compare(layers: Layers, runs: int) -> dict[str, float]:
    """Median seconds of ``runs`` interleaved runs of each op."""
    sessions = {op: session(op, layers) for op in ("Conv", "AdderConv")}
    size = (1, layers.channels, layers.height, layers.width)
    x: FloatArray = np.random.default_rng(1).normal(0, 0.3, size).astype(np.float32)
    seconds: dict[str, list[float]] = {op: [] for op in sessions}
    for run in range(runs + 1):
        for op, one in sessions.items():
            start = time.perf_counter()
            one.run(None, {"x0": x})
            if run > 0:  # the first one warms up
                seconds[op].append(time.perf_counter() - start)
    return {op: statistics.median(values) for op, values in seconds.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=31, help="runs of each contender")
    runs = parser.parse_args(arguments).runs
    info = library_info()
    table = Table(
        title=f"fp32 on one thread: 10⁹ taps/s, medians of {runs} interleaved runs\n"
        f"kernel {info.kernel}, onnxruntime {onnxruntime.__version__}"
    )
    for heading in ("layers", "Conv", "AdderConv", "speed ratio"):
        table.add_column(heading, justify="left" if heading == "layers" else "right")
    console = Console()
    with console.status("Measuring") as status:
        for layers in LAYERS:
            name = (
                f"{layers.count} x {layers.channels}→{layers.channels} 3x3, "
                f"{layers.width}x{layers.height}"
            )
            status.update(f"Measuring {name}")
            seconds = compare(layers, runs)
            table.add_row(
                name,
                *(f"{layers.taps / seconds[op] / 1e9:.1f}" for op in ("Conv", "AdderConv")),
                f"{seconds['Conv'] / seconds['AdderConv']:.2f}",
            )
    console.print(table)


if __name__ == "__main__":
    main()
