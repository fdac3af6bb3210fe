"""A small super-resolution network in integers from end to end, as a model and in numpy.

    luma fp32 → QuantizeChannelsLast → head 1 → 16 → two adder layers with shortcut and power
    → tail 16 → 4 to int16 → DequantizeChannelsFirst, ×2, with the luma as anchor

With ``concatenated`` the tail sees the head's output, too, on another scale.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from addersr.custom_ops import (
    DOMAIN,
    VERSION,
    qlinear_adder_conv,
    qlinear_fused_conv,
    quantization,
    requantization,
)
from addersr.custom_ops.qlinear_adder_conv.function import qlinear_adder_conv_function
from addersr.custom_ops.qlinear_fused_conv.function import qlinear_fused_conv_function
from addersr.custom_ops.quantization.function import quantization_functions

Array = npt.NDArray[Any]
Layer = qlinear_adder_conv.Parameters | qlinear_fused_conv.Parameters

CHANNELS = 16
#: Pixels of the input that a pixel of the output depends on, in each direction.
HALO = 4

_PADS = (1, 1, 1, 1)


def _floats(*values: float) -> Array:
    return np.array(values, np.float32)


def _bytes(*values: int) -> Array:
    return np.array(values, np.uint8)


@dataclass(frozen=True)
class Network:
    """Random filters, and scales that let every tensor spread around its middle."""

    concatenated: bool

    @cached_property
    def head(self) -> qlinear_fused_conv.Parameters:
        """uint8 → uint8, one channel."""
        rng = np.random.default_rng(1)
        return qlinear_fused_conv.Parameters(
            bits=8,
            x_bits=8,
            w=rng.integers(-127, 128, (CHANNELS, 1, 3, 3)).astype(np.int16),
            offset=np.zeros(1, np.int32),
            multiplier=(rng.uniform(0.7, 1.3, CHANNELS) / 700).astype(np.float32),
            bias=_floats(128),
            table=requantization.ramp_table(256),
        )

    @cached_property
    def layers(self) -> list[qlinear_adder_conv.Parameters]:
        """uint8, with the input added before power and PReLU."""
        rng = np.random.default_rng(2)
        return [
            qlinear_adder_conv.Parameters(
                bits=8,
                w=np.clip(rng.normal(128, 40, (CHANNELS, CHANNELS, 3, 3)), 0, 255).astype(np.uint8),
                # Of two values with a deviation of 40 the distance is 45.
                offset=np.full(1, 9 * CHANNELS * 45, np.int32),
                multiplier=rng.uniform(0.5, 1, CHANNELS).astype(np.float32),
                bias=_floats(2048),
                table=requantization.activation_table(
                    size=4096,
                    t_scale=1 / 700,
                    t_zero_point=2048,
                    y_scale=1 / 40,
                    y_zero_point=128,
                    table_fraction=4,
                    alpha=rng.uniform(0.7, 1.3, CHANNELS),
                    slope=rng.uniform(0.2, 0.9, CHANNELS),
                ),
                table_fraction=4,
                x_zero_point=_bytes(128),
                z_zero_point=_bytes(128),
                z_multiplier=_floats(12),
            )
            for _ in range(2)
        ]

    @cached_property
    def tail(self) -> qlinear_fused_conv.Parameters:
        """uint8 → int16 of 12 bits."""
        channels = CHANNELS * (2 if self.concatenated else 1)
        rng = np.random.default_rng(3)
        return qlinear_fused_conv.Parameters(
            bits=12,
            x_bits=8,
            w=rng.integers(-100, 101, (4, channels, 3, 3)).astype(np.int16),
            offset=np.full(1, 77, np.int32),
            multiplier=_floats(1 / 70),
            bias=_floats(2048),
            table=requantization.ramp_table(4096, -2048),
            # One scale for all channels, but not one zero point.
            x_zero_point=_bytes(*[128] * CHANNELS, *[100] * (channels - CHANNELS)),
            z_zero_point=np.zeros(1, np.int16),
            r_zero_point=np.zeros(1, np.int16),
        )

    def expected(self, x: Array) -> tuple[Array, list[Array]]:
        """The numpy references one after the other: the output, and every integer tensor."""
        first = quantization.quantize_channels_last(x, _floats(255), _bytes(0), bits=8)
        head = qlinear_fused_conv.qlinear_fused_conv(first, self.head, pads=_PADS)
        tensors = [first, head]
        for layer in self.layers:
            now = tensors[-1]
            tensors.append(qlinear_adder_conv.qlinear_adder_conv(now, layer, now, pads=_PADS))
        if self.concatenated:
            scaled = quantization.requantize_channels_last(
                head, _bytes(128), _floats(0.75), _bytes(100), bits=8
            )
            tensors.append(np.concatenate([tensors[-1], scaled], axis=3))
        tensors.append(qlinear_fused_conv.qlinear_fused_conv(tensors[-1], self.tail, pads=_PADS))
        y = quantization.dequantize_channels_first(
            tensors[-1], _floats(1 / 4096), np.zeros(1, np.int16), x, blocksize=2
        )
        return y, tensors

    def model(self, *, functions: bool) -> onnx.ModelProto:
        """X [N, 1, H, W] → Y [N, 1, 2 H, 2 W], fp32; ``functions``: with the bodies."""
        graph = _Graph()
        first = graph.add("QuantizeChannelsLast", "X", _floats(255), _bytes(0), bits=8)
        head = graph.layer(first, self.head)
        now = head
        for layer in self.layers:
            now = graph.layer(now, layer, z=now)
        if self.concatenated:
            parameters = (_bytes(128), _floats(0.75), _bytes(100))
            scaled = graph.add("RequantizeChannelsLast", head, *parameters, bits=8)
            now = graph.add("Concat", now, scaled, domain="", axis=3)
        now = graph.layer(now, self.tail)
        zero = np.zeros(1, np.int16)
        graph.add("DequantizeChannelsFirst", now, _floats(1 / 4096), zero, "X", blocksize=2)
        graph.nodes[-1].output[0] = "Y"
        bodies = [qlinear_adder_conv_function(), qlinear_fused_conv_function()]
        return onnx.helper.make_model(
            onnx.helper.make_graph(
                graph.nodes,
                "integers",
                [
                    onnx.helper.make_tensor_value_info(
                        "X", onnx.TensorProto.FLOAT, ["N", 1, "H", "W"]
                    )
                ],
                [
                    onnx.helper.make_tensor_value_info(
                        "Y", onnx.TensorProto.FLOAT, ["N", 1, "2H", "2W"]
                    )
                ],
                graph.constants,
            ),
            ir_version=9,
            opset_imports=[
                onnx.helper.make_opsetid("", 18),
                onnx.helper.make_opsetid(DOMAIN, VERSION),
            ],
            functions=[*bodies, *quantization_functions()] if functions else [],
        )


class _Graph:
    """Nodes and their constants, with names by number."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, op: str, *inputs: str | Array, domain: str = DOMAIN, **attributes: Any) -> str:
        """A node; inputs are names of tensors or constants. Returns the name of its output."""
        names = []
        for value in inputs:
            if isinstance(value, str):
                names.append(value)
                continue
            names.append(f"constant_{len(self.constants)}")
            self.constants.append(onnx.numpy_helper.from_array(value, names[-1]))
        output = f"tensor_{len(self.nodes)}"
        node = onnx.helper.make_node(op, names, [output], domain=domain, **attributes)
        self.nodes.append(node)
        return output

    def layer(self, x: str, p: Layer, z: str | None = None) -> str:
        """A QLinear node with the shortcut ``z``."""
        own = {"x_bits": p.x_bits} if isinstance(p, qlinear_fused_conv.Parameters) else {}
        no_residual = np.zeros((1, 1, 1, 1), p.dtype)
        return self.add(
            p.op,
            x,
            p.w,
            p.x_zero_point,
            p.offset,
            p.multiplier,
            p.bias,
            no_residual if z is None else z,
            p.z_zero_point,
            p.z_multiplier,
            p.table,
            no_residual,
            p.r_zero_point,
            p.r_multiplier,
            bits=p.bits,
            table_fraction=p.table_fraction,
            pads=_PADS,
            **own,
        )
