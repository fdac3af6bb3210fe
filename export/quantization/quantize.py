"""A fused fp32 file and a folder of photos become a file in integers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import onnx

from addersr.errors import AdderSRError
from addersr.export.quantization.float_network import FloatNetwork
from addersr.export.quantization.groups import MAX_GROUPS, choose_groups
from addersr.export.quantization.images import Patch, load_patches
from addersr.export.quantization.layers import Layer, Network
from addersr.export.quantization.lower import lower_network
from addersr.export.quantization.network import read_network
from addersr.export.quantization.ranges import Choice, Type, make_domains, make_plan, mse_widths
from addersr.export.quantization.search import cheapest_types
from addersr.export.quantization.statistics import gather
from addersr.export.quantization.trials import Score, Trials
from addersr.runtime.model_info import ModelInfo, read_model_info
from addersr.runtime.plan import Plan

PRECISIONS = ("u8", "i16", "mixed")

Progress = Callable[[int, int], None]

#: Bits by default. int16 kernels sum in 16 bits and empty their accumulators every 2^16 ÷ 2^bits
#: values: 11 bits are one time per 32 channels, 12 bits cost a tenth more and gain nothing to see.
DEFAULT_BITS = {"u8": 8, "i16": 11}
#: Of the image that enters and of the tensor that leaves: 8 bits of luma, whose values lie between
#: whole numbers, would cost 0.03 to 0.06 dB.
_END_BITS = 12
#: How many of the patches choose groups: sums of all filters with all windows take their time.
_GROUP_PATCHES = 4


@dataclass(frozen=True)
class Quantized:
    """A network in integers and what it costs."""

    model: onnx.ModelProto
    network: Network
    plan: Plan
    calibration: str
    """As in the metadata."""
    score: Score
    """On the calibration images."""

    @property
    def types(self) -> dict[str, str]:
        """The type in which each layer computes, by its name: ``uint8/8``, ``int16/11``."""
        plans = {layer.name: self.plan.tensors[layer.y] for layer in self.network.layers}
        return {name: f"{plan.dtype}/{plan.bits}" for name, plan in plans.items()}


def quantize(
    model: onnx.ModelProto,
    folder: Path,
    *,
    precision: str = "u8",
    bits: int | None = None,
    max_drop: float = 0.02,
    groups: int = 1,
    fallback: bool = True,
    progress: Progress = lambda _done, _total: None,
) -> Quantized:
    """Calibrate, choose, and lower.

    Args:
        model: the fused fp32 file that ``addersr export`` wrote.
        folder: HR images; LR images are made of them as the measuring protocol does.
        precision: ``u8``, ``i16``, or ``mixed``: the cheapest of both within ``max_drop``.
        bits: of the tensors between the layers: 1 to 8 for u8, 9 to 16 for i16, not for mixed.
        max_drop: dB of PSNR on the calibration images that ``mixed`` may lose.
        groups: of output channels with a scale of their own, at most, in every adder layer; there
            are none unless the calibration images come nearer to fp32 and lose less with them.
        fallback: see ``lower``.
        progress: called with steps done and steps in all; starts again for each stage.

    Raises:
        AdderSRError: the model or the folder cannot be used, or an argument is out of its range.
    """
    bits = _check(precision, bits, max_drop)
    _check_groups(groups)
    network = read_network(model)
    info = read_model_info(model.SerializeToString())
    patches = load_patches(
        folder, scale=info.scale, colour=info.colour, io=_io(model), progress=progress
    )
    trained = _trained_plan(model, network, precision, bits)
    count = f"{len(patches)} image{'s' * (len(patches) != 1)}"
    calibration = f"{count} of {folder.resolve().name}, "
    if trained is None:
        calibration += "squared error"
        plan, score = _calibrate(
            network, info, patches, precision, bits, max_drop, groups, progress
        )
        if plan.groups:
            calibration += f", up to {groups} groups"
    else:
        if groups > 1:
            raise AdderSRError(
                "The weights were trained for one scale in each layer: leave the groups out."
            )
        calibration += "scales trained with the weights"
        floats = FloatNetwork(network)
        statistics = gather(floats, [patch.x for patch in patches], progress)
        # The layers' sums moved in training; scales and zero points are what was trained.
        plan = replace(trained, domains=make_domains(network, statistics))
        score = Trials(network, floats, patches, info.scale).measure(plan)
    lowered = lower_network(network, plan, calibration=calibration, fallback=fallback)
    return Quantized(lowered, network, plan, calibration, score)


def make_quantization_plan(
    model: onnx.ModelProto, folder: Path, *, precision: str = "u8", bits: int | None = None
) -> Plan:
    """The plan alone, as :func:`quantize` would choose it."""
    return quantize(model, folder, precision=precision, bits=bits, fallback=False).plan


def _trained_plan(
    model: onnx.ModelProto, network: Network, precision: str, bits: int
) -> Plan | None:
    """The plan that the weights of a file were trained for, if there is one of these types."""
    properties = {entry.key: entry.value for entry in model.metadata_props}
    if "addersr.plan" not in properties:
        return None
    plan = Plan.from_json(properties["addersr.plan"])
    types = tensor_types(network, precision, bits) if precision != "mixed" else {}
    if {name: tensor.type for name, tensor in plan.tensors.items() if "|" not in name} != types:
        raise AdderSRError(
            f"The weights were trained for other integers than {precision} of {bits} bits (their "
            f"plan is of precision {plan.precision}): ask for those, or export the checkpoint that "
            "the training started from."
        )
    return plan


def _check(precision: str, bits: int | None, max_drop: float) -> int:
    if precision not in PRECISIONS:
        raise AdderSRError(f"Expected a precision of {', '.join(PRECISIONS)}, got {precision!r}.")
    if precision == "mixed":
        if bits is not None:
            raise AdderSRError("Precision mixed chooses between u8 and i16: leave the bits out.")
        if not max_drop > 0:
            raise AdderSRError(f"Expected a largest drop above 0 dB, got {max_drop}.")
        return DEFAULT_BITS["u8"]
    low, high = (1, 8) if precision == "u8" else (9, 16)
    bits = DEFAULT_BITS[precision] if bits is None else bits
    if not low <= bits <= high:
        raise AdderSRError(f"Expected {low} to {high} bits for precision {precision}, got {bits}.")
    return bits


def _check_groups(groups: int) -> None:
    if not 1 <= groups <= MAX_GROUPS:
        raise AdderSRError(f"Expected 1 to {MAX_GROUPS} groups of output channels, got {groups}.")


def _calibrate(
    network: Network,
    info: ModelInfo,
    patches: list[Patch],
    precision: str,
    bits: int,
    max_drop: float,
    groups: int,
    progress: Progress,
) -> tuple[Plan, Score]:
    floats = FloatNetwork(network)
    statistics = gather(floats, [patch.x for patch in patches], progress)
    trials = Trials(network, floats, patches, info.scale)

    def plan_of(types: Mapping[str, Type]) -> Plan:
        return make_plan(
            network, statistics, mse_widths(network, statistics, Choice(types, {}, precision))
        )

    if precision == "mixed":
        types = cheapest_types(
            network,
            tensor_types(network, "u8", DEFAULT_BITS["u8"]),
            tensor_types(network, "i16", DEFAULT_BITS["i16"]),
            lambda types: trials.measure(plan_of(types)),
            max_drop,
            progress,
        )
    else:
        types = tensor_types(network, precision, bits)
    inputs = [patch.x for patch in patches[:: -(-len(patches) // _GROUP_PATCHES)]]
    plan = plan_of(types)
    score = trials.measure(plan)
    grouped = choose_groups(network, plan, statistics, floats, inputs, groups)
    if grouped.groups:
        # The sums of single layers were nearer; the network's output need not be.
        other = trials.measure(grouped)
        if other.drop < score.drop and other.error < score.error:
            return grouped, other
    return plan, score


def tensor_types(network: Network, precision: str, bits: int) -> dict[str, Type]:
    """All tensors of one type, but for the image (also without its mean), the last tensor, and
    those that no adder layer reads: a convolution is as fast with all 8 bits."""
    inside: Type = ("uint8" if precision == "u8" else "int16", bits)
    end: Type = ("int16", max(_END_BITS, bits if precision == "i16" else 0))
    types = dict.fromkeys(network.tensors, inside)
    if precision == "u8":
        for name in types:
            readers = network.readers(name)
            if readers and all(isinstance(r, Layer) and r.kind == "conv" for r in readers):
                types[name] = ("uint8", DEFAULT_BITS["u8"])
    types[network.start] = end
    for layer in network.layers:
        if layer.x == network.start and layer.is_copy:
            types[layer.y] = end
    types[network.last] = end
    return types


def _io(model: onnx.ModelProto) -> str:
    is_image = model.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8
    return "uint8" if is_image else "float"
