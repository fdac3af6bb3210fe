"""Chains of equal layers as ONNX models: convolutions and their adder counterparts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx.helper
import onnx.numpy_helper
import onnxruntime

from addersr.custom_ops import DOMAIN, VERSION, register
from addersr.custom_ops.fused_adder_conv import Epilogue
from addersr.custom_ops.qlinear_adder_conv import activation_table

Array = npt.NDArray[Any]
Values = dict[str, Array]


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

    def __str__(self) -> str:
        return f"{self.count} x {self.channels}→{self.channels}, {self.width}x{self.height}"


LAYERS = tuple(
    Layers(channels, height, width, count)
    for count in (1, 4)
    for channels, height, width in ((64, 180, 320), (32, 180, 320), (16, 360, 640), (64, 60, 80))
)


def conv(layers: Layers) -> tuple[onnx.ModelProto, Array]:
    """fp32 Conv with bias."""
    rng = np.random.default_rng(0)
    c = layers.channels

    def values(_: int) -> Values:
        w = rng.normal(0, 1 / np.sqrt(9 * c), (c, c, 3, 3))
        return {"w": w.astype(np.float32), "b": np.zeros(c, np.float32)}

    return _chain(layers, "Conv", ("x", "w", "b"), values), _real(layers)


def adder_conv(layers: Layers) -> tuple[onnx.ModelProto, Array]:
    """fp32 AdderConv with the bias that keeps its values near zero."""
    rng = np.random.default_rng(0)
    c = layers.channels

    def values(_: int) -> Values:
        w = rng.normal(0, 0.3, (c, c, 3, 3)).astype(np.float32)
        return {"w": w, "b": np.abs(w).sum((1, 2, 3))}

    return _chain(layers, "AdderConv", ("x", "w", "b"), values, domain=DOMAIN), _real(layers)


def fused_adder_conv(layers: Layers, power: bool) -> tuple[onnx.ModelProto, Array]:
    """fp32 FusedAdderConv, channels last, with scale, bias, self-shortcut and PReLU per channel.

    Args:
        power: also with a power activation.
    """
    rng = np.random.default_rng(0)
    c = layers.channels
    neutral = Epilogue.neutral()

    def values(_: int) -> Values:
        w = rng.normal(0, 0.3, (c, c, 3, 3)).astype(np.float32)
        # Values stay near zero and have both signs, as in a trained network.
        scale = np.full(c, 1 / (9 * c), np.float32)
        return {
            "w": w,
            "scale": scale,
            "bias": scale * np.abs(w).sum((1, 2, 3)),
            "alpha": np.full(c, 0.8 if power else 1.0, np.float32),
            "slope": np.full(c, 0.2, np.float32),
            "r": neutral.r,
            "min": neutral.clip_min,
            "max": neutral.clip_max,
        }

    inputs = ("x", "w", "scale", "bias", "x", "alpha", "slope", "r", "min", "max")
    model = _chain(layers, "FusedAdderConv", inputs, values, domain=DOMAIN, channels_last=1)
    return model, np.ascontiguousarray(np.moveaxis(_real(layers), 1, 3))


def qlinear_conv(layers: Layers) -> tuple[onnx.ModelProto, Array]:
    """QLinearConv with uint8 data and int8 weights, as onnxruntime's quantiser makes it."""
    rng = np.random.default_rng(0)
    c = layers.channels
    one, zero = np.array(0.02, np.float32), np.array(128, np.uint8)

    def values(_: int) -> Values:
        w = rng.integers(-127, 128, (c, c, 3, 3)).astype(np.int8)
        scale = np.array(1 / 73 / np.sqrt(9 * c), np.float32)
        return {
            "w": w, "xs": one, "xz": zero, "ws": scale, "wz": np.array(0, np.int8),
            "ys": one, "yz": zero, "b": np.zeros(c, np.int32),
        }  # fmt: skip

    inputs = ("x", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b")
    x = rng.integers(0, 256, (1, c, layers.height, layers.width)).astype(np.uint8)
    return _chain(layers, "QLinearConv", inputs, values), x


def qlinear_adder_conv(layers: Layers, dtype: str, full: bool) -> tuple[onnx.ModelProto, Array]:
    """QLinearAdderConv in uint8, or int16 with 11 bits.

    Args:
        dtype: uint8 or int16.
        full: with self-shortcut, power and PReLU per channel; else without residual, and clipped.
    """
    rng = np.random.default_rng(0)
    c = layers.channels
    bits = 8 if dtype == "uint8" else 11
    low, high = (0, 255) if dtype == "uint8" else (-1024, 1023)
    span, taps = high - low, 9 * c

    def values(_: int) -> Values:
        w = rng.integers(low, high + 1, (c, c, 3, 3)).astype(dtype)
        # The sums' mean and deviation for independent uniform values.
        mean, deviation = taps * span / 3, 0.24 * span * np.sqrt(taps)
        size = 4096 if full else span + 1
        table = activation_table(
            size=size,
            t_scale=1.0,
            t_zero_point=size // 2,
            y_scale=size / (span + 1),
            y_zero_point=(low + high + 1) // 2,
            table_fraction=0,
            alpha=rng.uniform(0.9, 1.0, c) if full else 1.0,
            slope=rng.uniform(0.1, 1.0, c) if full else 1.0,
        )
        return {
            "w": w,
            "xz": np.zeros(1, dtype),
            "offset": np.full(c, round(mean), np.int32),
            "m": np.full(c, size / 6 / deviation, np.float32),
            "b": np.full(c, size / 2, np.float32),
            "z": np.full((1, 1, 1, 1), (low + high + 1) // 2, dtype),
            "zz": np.full(1, (low + high + 1) // 2, dtype),
            "zm": np.full(1, size / (span + 1) / 2 if full else 0.0, np.float32),
            "table": table,
            "none": np.zeros(1, np.float32),
        }

    z = "x" if full else "z"
    inputs = ("x", "w", "xz", "offset", "m", "b", z, "zz", "zm", "table", "z", "zz", "none")
    x = rng.integers(low, high + 1, (1, layers.height, layers.width, c)).astype(dtype)
    model = _chain(
        layers, "QLinearAdderConv", inputs, values, domain=DOMAIN, bits=bits, table_fraction=0
    )
    return model, x


def session(model: onnx.ModelProto, threads: int = 1) -> onnxruntime.InferenceSession:
    """A session with our library."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    register(options)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, ["CPUExecutionProvider"]
    )


def _real(layers: Layers) -> Array:
    size = (1, layers.channels, layers.height, layers.width)
    return np.random.default_rng(1).normal(0, 0.3, size).astype(np.float32)


def _chain(
    layers: Layers,
    op: str,
    inputs: Sequence[str],
    values: Any,
    *,
    domain: str = "",
    **attributes: Any,
) -> onnx.ModelProto:
    """``count`` nodes; the input "x" is the output of the node before, others are initializers."""
    nodes, initializers = [], []
    for index in range(layers.count):
        given = values(index)
        initializers += [
            onnx.numpy_helper.from_array(value, f"{name}{index}") for name, value in given.items()
        ]
        nodes.append(
            onnx.helper.make_node(
                op,
                [f"{name}{index}" for name in inputs],
                [f"x{index + 1}"],
                domain=domain,
                pads=[1, 1, 1, 1],
                kernel_shape=[3, 3],
                **attributes,
            )
        )
    last = op in ("FusedAdderConv", "QLinearAdderConv")
    dtype = np.dtype("uint8") if op == "QLinearConv" else given["w"].dtype
    size = [layers.height, layers.width]
    dims = [1, *size, layers.channels] if last else [1, layers.channels, *size]
    element = onnx.helper.np_dtype_to_tensor_dtype(dtype)
    ends = [
        onnx.helper.make_tensor_value_info(name, element, dims)
        for name in ("x0", f"x{layers.count}")
    ]
    graph = onnx.helper.make_graph(nodes, "chain", ends[:1], ends[1:], initializers)
    opsets = [onnx.helper.make_opsetid("", 20), onnx.helper.make_opsetid(DOMAIN, VERSION)]
    return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=10)
