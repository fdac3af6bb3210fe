"""Layers in integers for the shapes of AdderConv's cases, and one-node models of them."""

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops import qlinear_fused_conv as conv
from addersr.custom_ops.qlinear_adder_conv import (
    Parameters,
    activation_table,
    data_range,
    qlinear_adder_conv,
    ramp_table,
)
from addersr.custom_ops.qlinear_adder_conv.function import qlinear_adder_conv_function
from addersr.custom_ops.qlinear_fused_conv.function import qlinear_fused_conv_function
from addersr.custom_ops.requantization.parameters import IntArray

from .adder_conv_cases import Case

INPUTS = ("X", "W", "x_zero_point", "offset", "multiplier", "bias", "Z", "z_zero_point")
INPUTS += ("z_multiplier", "table", "R", "r_zero_point", "r_multiplier")

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Kind:
    """A data type and what happens after the sums."""

    name: str
    dtype: str = "uint8"
    bits: int = 8
    table: str = "ramp"
    per_channel: bool = False
    z: str = "none"
    r: str = "none"


KINDS = (
    Kind("uint8"),
    Kind("uint8_everything", table="power", per_channel=True, z="tensor", r="tensor"),
    Kind("uint8_6_bits_clipped", bits=6, table="clipped", z="value", r="value"),
    Kind("int16", "int16", 11),
    Kind("int16_everything", "int16", 11, "power", True, "tensor", "tensor"),
    Kind("int16_16_bits_shared_power", "int16", 16, "shared_power", False, "tensor"),
)


@dataclass(frozen=True)
class Layer:
    """Input, parameters and residuals of one call, of an adder layer or a convolution."""

    case: Case
    x: IntArray
    parameters: Parameters | conv.Parameters
    z: IntArray
    r: IntArray

    def expected(self) -> IntArray:
        """What the reference makes of it."""
        p, attributes = self.parameters, self.case.attributes
        if isinstance(p, conv.Parameters):
            return conv.qlinear_fused_conv(self.x, p, self.z, self.r, **attributes)
        return qlinear_adder_conv(self.x, p, self.z, self.r, **attributes)

    def attributes(self) -> dict[str, Any]:
        """All attributes of the node that are not at their default."""
        p = self.parameters
        own = {"x_bits": p.x_bits} if isinstance(p, conv.Parameters) else {}
        integers = {"bits": p.bits, "table_fraction": p.table_fraction}
        return {**integers, **own, **self.case.attributes}

    def function(self, opset: int) -> onnx.FunctionProto:
        """The body of the op."""
        if isinstance(self.parameters, conv.Parameters):
            return qlinear_fused_conv_function(opset)
        return qlinear_adder_conv_function(opset)

    def inputs(self) -> dict[str, Array]:
        """All inputs of the node by name."""
        p = self.parameters
        given: dict[str, Array] = {"X": self.x, "W": p.w, "Z": self.z, "R": self.r}
        return {name: given[name] if name in given else getattr(p, name) for name in INPUTS}


def layer(case: Case, kind: Kind) -> Layer:
    """A call whose outputs spread over the whole range: the same in every process."""
    rng = np.random.default_rng(zlib.crc32(f"{case.name} {kind.name}".encode()))
    low, high = data_range(kind.dtype, kind.bits)
    span = high - low
    n, c, h, w = case.x
    outputs, taps = case.w[0], case.taps

    def data(*shape: int) -> IntArray:
        return rng.integers(low, high + 1, shape).astype(kind.dtype)

    def channels(count: int) -> int:
        return count if kind.per_channel else 1

    size, fraction = table_size(kind)
    # Sums of |difference of two uniform values|: mean span / 3.
    spread = max(1.0, 0.24 * span * np.sqrt(taps))
    multiplier = rng.uniform(0.5, 1.5, channels(outputs)) * size / (5 * spread)
    negative = rng.random(channels(outputs)) < 0.3
    x_zero_point = data(channels(c)) if kind.per_channel else data(1)
    parameters = Parameters(
        bits=kind.bits,
        w=data(*case.w),
        offset=rng.normal(taps * span / 3, spread / 4, channels(outputs)).astype(np.int32),
        multiplier=np.where(negative, -multiplier, multiplier).astype(np.float32),
        bias=rng.normal(size / 2, size / 50, channels(outputs)).astype(np.float32),
        table=table(kind, size, outputs, low, high, fraction, rng),
        table_fraction=fraction,
        x_zero_point=x_zero_point,
        z_zero_point=data(channels(outputs)),
        z_multiplier=residual_multiplier(kind.z, size / span / 3, channels(outputs), rng),
        r_zero_point=data(channels(outputs)),
        r_multiplier=residual_multiplier(kind.r, 2**fraction / 3, channels(outputs), rng),
    )
    shape = qlinear_adder_conv(
        np.zeros((n, h, w, c), kind.dtype), parameters, **case.attributes
    ).shape
    residuals = [
        data(*shape) if mode == "tensor" else data(1, 1, 1, 1) for mode in (kind.z, kind.r)
    ]
    return Layer(case, data(n, h, w, c), parameters, *residuals)


def table_size(kind: Kind) -> tuple[int, int]:
    """Entries of the table and their binary places, which must fit into int16 with them."""
    fraction = 4 if kind.table != "ramp" and kind.bits <= 11 else 0
    return 4096 if "power" in kind.table else min(65536, 2 ** (kind.bits + fraction)), fraction


def residual_multiplier(
    mode: str, scale: float, count: int, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Zero where there is no residual, which then may have any value."""
    if mode == "none":
        return np.zeros(1, np.float32)
    return (scale * rng.uniform(-1, 1, count)).astype(np.float32)


def table(
    kind: Kind,
    size: int,
    outputs: int,
    low: int,
    high: int,
    fraction: int,
    rng: np.random.Generator,
) -> IntArray:
    """The activation that a kind names."""
    if kind.table == "ramp" and fraction == 0:
        return ramp_table(size, low)
    if "power" in kind.table:
        rows = outputs if kind.table == "power" else 1
        return activation_table(
            size=size,
            t_scale=0.01,
            t_zero_point=size // 2 - 100,
            y_scale=0.01 * size / (high - low + 1),
            y_zero_point=(low + high) // 2,
            table_fraction=fraction,
            alpha=rng.uniform(0.6, 1.3, rows),
            slope=rng.uniform(-0.5, 1, rows),
        )
    start = low * 2**fraction
    ramp = ramp_table(size, start).astype(np.int32) * 1
    return np.clip(ramp, start + size // 8, start + size - size // 5).astype(np.int16)


def node_model(
    one: Layer,
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
    given = one.inputs()
    attributes = {**one.attributes(), **changes}
    node = onnx.helper.make_node(
        one.parameters.op,
        INPUTS,
        ["Y"],
        name="the node",
        domain=DOMAIN,
        **{name: value for name, value in attributes.items() if value is not None},
    )
    element = onnx.helper.np_dtype_to_tensor_dtype(one.parameters.dtype)
    n = ["N", "H", "W", given["X"].shape[3]]
    inputs = [
        onnx.helper.make_tensor_value_info(
            name,
            onnx.helper.np_dtype_to_tensor_dtype(given[name].dtype),
            n if name == "X" else [f"{name}_{i}" for i in range(given[name].ndim)],
        )
        for name in fed
    ]
    graph = onnx.helper.make_graph(
        [node],
        "one_node",
        inputs,
        [onnx.helper.make_tensor_value_info("Y", element, ["N", "OH", "OW", one.case.w[0]])],
        [onnx.numpy_helper.from_array(given[name], name) for name in INPUTS if name not in fed],
    )
    opsets = [onnx.helper.make_opsetid("", opset), onnx.helper.make_opsetid(DOMAIN, VERSION)]
    return onnx.helper.make_model(
        graph,
        ir_version=9,
        opset_imports=opsets,
        functions=[one.function(opset)] if function else [],
    )
