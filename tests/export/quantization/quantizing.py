"""Plans without a folder of images, and the ways to run what comes out."""

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx.reference import ReferenceEvaluator

from addersr.custom_ops.image.evaluator import LumaToRgb, RgbToLuma
from addersr.custom_ops.qlinear_adder_conv.evaluator import QLinearAdderConv
from addersr.custom_ops.qlinear_fused_conv.evaluator import QLinearFusedConv
from addersr.custom_ops.quantization.evaluator import (
    DequantizeChannelsFirst,
    QuantizeChannelsLast,
    RequantizeChannelsLast,
)
from addersr.export.quantization.float_network import FloatNetwork
from addersr.export.quantization.layers import Network
from addersr.export.quantization.lower import integer_name, lower_network
from addersr.export.quantization.network import read_network
from addersr.export.quantization.quantize import DEFAULT_BITS, tensor_types
from addersr.export.quantization.ranges import Choice, make_plan, mse_widths
from addersr.export.quantization.statistics import gather
from addersr.runtime.plan import Plan
from addersr.runtime.session import create_session, run_session

from .factory import picture

Array = npt.NDArray[Any]

_EVALUATORS = [
    RgbToLuma,
    LumaToRgb,
    QLinearAdderConv,
    QLinearFusedConv,
    QuantizeChannelsLast,
    DequantizeChannelsFirst,
    RequantizeChannelsLast,
]


def planned(
    model: onnx.ModelProto, precision: str = "u8", bits: int | None = None, *, mse: bool = True
) -> tuple[Network, Plan]:
    """The network and a plan that two pictures calibrated; ``mixed``: layers take turns."""
    network = read_network(model)
    channels = network.channels[network.start]
    inputs = [picture(24, 32, channels, seed=seed) for seed in (1, 2)]
    statistics = gather(FloatNetwork(network, threads=1), inputs)
    types = tensor_types(
        network, "i16" if precision == "i16" else "u8", bits or DEFAULT_BITS.get(precision, 8)
    )
    if precision == "mixed":
        wide = tensor_types(network, "i16", DEFAULT_BITS["i16"])
        types.update({layer.y: wide[layer.y] for layer in network.layers[1::2]})
    choice = Choice(types, {}, precision)
    if mse:
        choice = mse_widths(network, statistics, choice)
    return network, make_plan(network, statistics, choice)


def with_integers(network: Network, model: onnx.ModelProto) -> onnx.ModelProto:
    """The file in integers with all its tensors as outputs."""
    exposed = onnx.ModelProto()
    exposed.CopyFrom(model)
    for name in network.tensors:
        exposed.graph.output.append(onnx.helper.make_empty_tensor_value_info(integer_name(name)))
    return exposed


def run_kernels(model: onnx.ModelProto, x: Array) -> dict[str, Array]:
    """All outputs, by onnxruntime with the op library."""
    return dict(run_session(create_session(model.SerializeToString(), threads=1), {"input": x}))


def run_numpy(model: onnx.ModelProto, x: Array) -> Array:
    """The output, by the numpy references."""
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    del bare.functions[:]  # so that nothing but the references can run
    evaluator = ReferenceEvaluator(bare, new_ops=_EVALUATORS)
    return np.asarray(evaluator.run(None, {"input": x})[0])


def lowered(network: Network, plan: Plan) -> onnx.ModelProto:
    """With function bodies."""
    return lower_network(network, plan)
