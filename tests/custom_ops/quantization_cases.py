"""Calls of the three ops at the borders of an integer network, and one-node models of them."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from addersr.custom_ops import DOMAIN, VERSION, quantization
from addersr.custom_ops.quantization.function import quantization_functions
from addersr.custom_ops.requantization import data_range

Array = npt.NDArray[Any]

REFERENCES: dict[str, Callable[..., Array]] = {
    "QuantizeChannelsLast": quantization.quantize_channels_last,
    "DequantizeChannelsFirst": quantization.dequantize_channels_first,
    "RequantizeChannelsLast": quantization.requantize_channels_last,
}


@dataclass(frozen=True)
class Call:
    """One call: the op, its inputs in their order, and its attribute."""

    op: str
    inputs: dict[str, Array]
    attributes: dict[str, int]

    def expected(self) -> Array:
        """What the reference makes of it."""
        return REFERENCES[self.op](*self.inputs.values(), **self.attributes)


def _rng(*parts: object) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(repr(parts).encode()))


def _multiplier(scale: float, count: int, rng: np.random.Generator) -> Array:
    signs = np.where(rng.random(count) < 0.2, -1, 1)
    return (scale * signs * rng.uniform(0.5, 1.5, count)).astype(np.float32)


def _integers(dtype: str, bits: int, shape: Any, rng: np.random.Generator) -> Array:
    low, high = data_range(dtype, bits)
    return rng.integers(low, high + 1, shape).astype(dtype)


def quantize(shape: tuple[int, int, int, int], dtype: str, bits: int, *, per_channel: bool) -> Call:
    """Values over the whole range and beyond it, halves, and some that are no numbers."""
    rng = _rng("quantize", shape, dtype, bits, per_channel)
    low, high = data_range(dtype, bits)
    x = rng.uniform(0.6 * low - 0.6 * high, 1.2 * high, shape)
    x = np.where(rng.random(shape) < 0.5, np.rint(2 * x) / 2, x)
    x = np.where(rng.random(shape) < 0.1, rng.choice([np.nan, np.inf, -np.inf, 1e38], shape), x)
    count = shape[1] if per_channel else 1
    multiplier = _multiplier(1, count, rng)
    if not per_channel:
        multiplier[:] = 1  # so that halves stay halves
    zero_point = _integers(dtype, bits, count, rng)
    inputs = {"X": x.astype(np.float32), "multiplier": multiplier, "zero_point": zero_point}
    return Call("QuantizeChannelsLast", inputs, {"bits": bits})


def dequantize(
    shape: tuple[int, int, int, int], dtype: str, block: int, *, per_channel: bool, anchor: bool
) -> Call:
    """``shape`` is [N, H, W, C/b²]."""
    rng = _rng("dequantize", shape, dtype, block, per_channel, anchor)
    n, h, w, planes = shape
    channels = planes * block**2
    count = channels if per_channel else 1
    bits = 8 if dtype == "uint8" else 16
    anchors = rng.normal(size=(n, planes, h, w) if anchor else (1, 1, 1, 1)).astype(np.float32)
    inputs = {
        "X": _integers(dtype, bits, (n, h, w, channels), rng),
        "multiplier": _multiplier(0.01, count, rng),
        "zero_point": _integers(dtype, bits, count, rng),
        "anchor": anchors,
    }
    return Call("DequantizeChannelsFirst", inputs, {"blocksize": block})


def requantize(
    shape: tuple[int, int, int, int], x_type: str, dtype: str, bits: int, *, per_channel: bool
) -> Call:
    """``shape`` is [N, H, W, C]."""
    rng = _rng("requantize", shape, x_type, dtype, bits, per_channel)
    count = shape[3] if per_channel else 1
    x_bits = 8 if x_type == "uint8" else 16
    inputs = {
        "X": _integers(x_type, x_bits, shape, rng),
        "x_zero_point": _integers(x_type, x_bits, count, rng),
        "multiplier": _multiplier(2.0 ** (bits - x_bits), count, rng),
        "y_zero_point": _integers(dtype, bits, count, rng),
    }
    return Call("RequantizeChannelsLast", inputs, {"bits": bits})


def node_model(
    call: Call,
    *,
    function: bool = False,
    fed: tuple[str, ...] = ("X",),
    opset: int = 18,
    **changes: Any,
) -> onnx.ModelProto:
    """A model of one node, whose inputs ``fed`` are inputs of the model and the others constants.

    Args:
        changes: attributes of the node that differ; None leaves one out.
    """
    attributes = {**call.attributes, **changes}
    node = onnx.helper.make_node(
        call.op,
        list(call.inputs),
        ["Y"],
        name="the node",
        domain=DOMAIN,
        **{name: value for name, value in attributes.items() if value is not None},
    )

    def info(name: str) -> onnx.ValueInfoProto:
        value = call.inputs[name]
        element = onnx.helper.np_dtype_to_tensor_dtype(value.dtype)
        channel = 1 if call.op == "QuantizeChannelsLast" else 3
        dims: list[Any] = [f"{name}_{i}" for i in range(value.ndim)]
        if name == "X":
            dims[channel] = value.shape[channel]
        return onnx.helper.make_tensor_value_info(name, element, dims)

    output = onnx.helper.np_dtype_to_tensor_dtype(call.expected().dtype)
    graph = onnx.helper.make_graph(
        [node],
        "one_node",
        [info(name) for name in fed],
        [onnx.helper.make_tensor_value_info("Y", output, [None] * 4)],
        [
            onnx.numpy_helper.from_array(value, name)
            for name, value in call.inputs.items()
            if name not in fed
        ],
    )
    bodies = [one for one in quantization_functions(opset) if one.name == call.op]
    return onnx.helper.make_model(
        graph,
        ir_version=9,
        opset_imports=[
            onnx.helper.make_opsetid("", opset),
            onnx.helper.make_opsetid(DOMAIN, VERSION),
        ],
        functions=bodies if function else [],
    )


TYPES = (("uint8", 8), ("uint8", 5), ("int16", 16), ("int16", 11))
CALLS = (
    *(
        quantize((n, c, h, w), dtype, bits, per_channel=per_channel)
        for n, c, h, w in (
            (1, 1, 3, 33), (2, 3, 5, 7), (1, 3, 4, 300), (1, 17, 2, 9), (0, 3, 4, 4), (1, 2, 0, 3),
            (1, 1, 40, 700),
        )
        for dtype, bits in TYPES
        for per_channel in (False, True)
    ),
    *(
        dequantize((n, h, w, planes), dtype, block, per_channel=per_channel, anchor=anchor)
        for n, h, w, planes in ((1, 3, 33, 1), (2, 5, 7, 3), (1, 2, 300, 2), (0, 4, 4, 1))
        for dtype in ("uint8", "int16")
        for block in (1, 2, 3, 4, 8)
        for per_channel, anchor in ((False, True), (True, False), (True, True))
    ),
    *(
        requantize(shape, x_type, dtype, bits, per_channel=per_channel)
        for shape in ((1, 3, 33, 1), (2, 5, 7, 3), (1, 4, 30, 24), (1, 40, 70, 17), (0, 2, 2, 2))
        for x_type in ("uint8", "int16")
        for dtype, bits in TYPES
        for per_channel in (False, True)
    ),
)  # fmt: skip


def call_name(call: Call) -> str:
    """For pytest: what the call's id is made of."""
    x, parameters = call.inputs["X"], call.inputs["multiplier"]
    value = next(iter(call.attributes.values()))
    shape = "x".join(map(str, x.shape))
    return f"{call.op}_{shape}_{x.dtype}_{value}_{len(parameters)}"
