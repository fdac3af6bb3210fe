"""Everything that is timed for one chain of layers, ready to run."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx

from addersr.custom_ops.benchmark import layers as models
from addersr.custom_ops.benchmark.layers import Layers
from addersr.custom_ops.library import library_info

#: The peer that every ratio refers to.
PEER = "onnxruntime Conv"


@dataclass(frozen=True)
class Contender:
    """One way to compute the chain."""

    name: str
    run: Callable[[], object]
    kernel: str = ""
    """Our kernel that it runs, whose register limit bounds it."""


def contenders(layers: Layers, threads: int = 1) -> list[Contender]:
    """Peers first, then ours; torch and ncnn only where they are installed."""
    kernels = library_info().kernels
    uint8, int16 = (kernels[f"QLinearAdderConv {dtype}"] for dtype in ("uint8", "int16"))
    found = [
        _session(PEER, models.conv(layers), threads),
        _session("onnxruntime QLinearConv", models.qlinear_conv(layers), threads),
    ]
    if find_spec("torch"):
        found.append(_torch(layers))
    if find_spec("ncnn"):
        found += [_ncnn(layers, threads, winograd) for winograd in (True, False)]
    integer = {"uint8": uint8, "int16": int16}
    real = kernels["AdderConv"]
    found.append(_session("AdderConv", models.adder_conv(layers), threads, real))
    for power in (False, True):
        name = "FusedAdderConv" + ", power" * power
        found.append(_session(name, models.fused_adder_conv(layers, power), threads, real))
    for dtype, kernel in integer.items():
        for full in (False, True):
            name = f"{dtype}, {'full' if full else 'linear'}"
            made = models.qlinear_adder_conv(layers, dtype, full)
            found.append(_session(name, made, threads, kernel))
    return found


def unfold(layers: Layers) -> Contender:
    """What AdderNet's own code does on a CPU: unfold, subtract, sum, for one filter at a time."""
    import torch
    from torch.nn.functional import unfold as patches_of

    c = layers.channels
    x = torch.rand(1, c, layers.height, layers.width)
    w = torch.rand(c, 9 * c, 1)

    def run() -> object:
        patches = patches_of(x, 3, padding=1)[0]
        return torch.stack([-(patches - one).abs().sum(0) for one in w])

    return Contender("unfold (torch)", run)


def _session(
    name: str, made: tuple[onnx.ModelProto, models.Array], threads: int, kernel: str = ""
) -> Contender:
    model, x = made
    session = models.session(model, threads)
    return Contender(name, lambda: session.run(None, {"x0": x}), kernel)


def _torch(layers: Layers) -> Contender:
    import torch
    from torch.nn.functional import conv2d

    torch.set_num_threads(1)
    c = layers.channels
    x = torch.rand(1, c, layers.height, layers.width)
    filters = [torch.randn(c, c, 3, 3) / np.sqrt(9 * c) for _ in range(layers.count)]

    def run() -> object:
        with torch.inference_mode():
            y = x
            for w in filters:
                y = conv2d(y, w, padding=1)
            return y

    return Contender("torch conv2d", run)


def _ncnn(layers: Layers, threads: int, winograd: bool) -> Contender:
    import ncnn

    c = layers.channels
    nodes = [
        f"Convolution c{i} 1 1 x{i} x{i + 1} 0={c} 1=3 4=1 5=1 6={9 * c * c}"
        for i in range(layers.count)
    ]
    sizes = f"{layers.count + 1} {layers.count + 1}"
    parameters = "\n".join(["7767517", sizes, "Input x0 0 1 x0", *nodes, ""])
    net = ncnn.Net()
    net.opt.num_threads = threads
    net.opt.use_winograd_convolution = winograd
    net.opt.use_vulkan_compute = False
    # fp32 throughout, as the others.
    for name in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage"):
        setattr(net.opt, f"use_{name}", False)
    rng = np.random.default_rng(0)
    weights = b""
    for _ in range(layers.count):
        w = rng.normal(0, 1 / np.sqrt(9 * c), 9 * c * c).astype("<f4")
        weights += b"\0\0\0\0" + w.tobytes() + np.zeros(c, "<f4").tobytes()
    with tempfile.TemporaryDirectory() as folder:
        parameter_file, weight_file = Path(folder) / "chain.param", Path(folder) / "chain.bin"
        parameter_file.write_text(parameters)
        weight_file.write_bytes(weights)
        net.load_param(str(parameter_file))
        net.load_model(str(weight_file))
    x = ncnn.Mat(rng.normal(0, 0.3, (c, layers.height, layers.width)).astype(np.float32))

    def run() -> object:
        extractor = net.create_extractor()
        extractor.input("x0", x)
        return extractor.extract(f"x{layers.count}")

    return Contender("ncnn, Winograd" if winograd else "ncnn, direct", run)
