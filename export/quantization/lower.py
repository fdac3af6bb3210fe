"""From the fp32 file and a plan to the file in integers: always the same for the same two."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

import addersr
from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.functions import function_bodies
from addersr.custom_ops.qlinear_fused_conv import Parameters as ConvParameters
from addersr.errors import AdderSRError
from addersr.export.counts.per_pixel import memory_metadata
from addersr.export.quantization.integers import Surroundings, layer_parameters
from addersr.export.quantization.layers import Concat, Layer, Network, Shuffle
from addersr.export.quantization.network import read_network
from addersr.runtime.plan import GroupPlan, Plan, TensorPlan

_OPSET, _IR_VERSION = 18, 10


def lower(
    model: onnx.ModelProto, plan: Plan, *, calibration: str = "none", fallback: bool = True
) -> onnx.ModelProto:
    """The network in integers.

    Args:
        model: the fused fp32 file; not changed.
        plan: for this file.
        calibration: one line for the metadata.
        fallback: put the ops' function bodies into the file, so that plain onnxruntime runs it.

    Raises:
        AdderSRError: the plan is not for this model, or a layer cannot be quantised.
    """
    return lower_network(read_network(model), plan, calibration=calibration, fallback=fallback)


def lower_network(
    network: Network, plan: Plan, *, calibration: str = "none", fallback: bool = True
) -> onnx.ModelProto:
    """As :func:`lower`, for a file that was read already."""
    graph = _Lowering(network, plan)
    graph.run()
    model = network.model
    read = {name for node in (*network.before, *network.after) for name in node.input}
    kept = [tensor for tensor in model.graph.initializer if tensor.name in read]
    ours = [onnx.numpy_helper.from_array(value, name) for name, value in graph.constants.items()]
    lowered = onnx.helper.make_model(
        onnx.helper.make_graph(
            graph.nodes,
            "addersr",
            list(model.graph.input),
            list(model.graph.output),
            kept + ours,
        ),
        ir_version=_IR_VERSION,
        opset_imports=[
            onnx.helper.make_opsetid("", _OPSET),
            onnx.helper.make_opsetid(DOMAIN, VERSION),
        ],
        functions=function_bodies({node.op_type for node in graph.nodes}, _OPSET)
        if fallback
        else [],
        producer_name="addersr",
        producer_version=addersr.__version__,
    )
    properties = {entry.key: entry.value for entry in model.metadata_props}
    properties.update(
        {
            "addersr.precision": plan.precision,
            "addersr.calibration": calibration,
            "addersr.plan": plan.to_json(),
        }
    )
    properties.pop("addersr.bytes_per_pixel", None)
    properties |= memory_metadata(lowered)
    onnx.helper.set_model_props(lowered, dict(sorted(properties.items())))
    return lowered


def surroundings(network: Network, plan: Plan, layer: Layer) -> Surroundings:
    """The plans that a layer's parameters follow from."""
    y = _home(plan, layer.y)
    x = view(plan, layer.x, y) if layer.kind == "adder" else _home(plan, layer.x)
    return Surroundings(
        x=x,
        channels=network.channels[layer.x],
        y=y,
        z=None if layer.z is None else view(plan, layer.z, y),
        r=None if layer.r is None else view(plan, layer.r, y),
        domain=plan.domains.get(layer.name),
    )


def checked_groups(plan: Plan, layer: Layer, around: Surroundings) -> tuple[GroupPlan, ...]:
    """The groups of a layer's outputs; none where all read x as the layer does.

    Raises:
        AdderSRError: they are not for this layer.
    """
    groups = plan.groups.get(layer.name, ())
    if not groups:
        return ()
    channels = sorted(channel for group in groups for channel in group.channels)
    fits = channels == list(range(layer.outputs)) and layer.kind == "adder"
    fits &= layer.attributes.get("group", 1) == 1
    if not fits or any(group.x.type != around.y.type for group in groups):
        raise AdderSRError(
            f"Cannot quantise {layer.name}: expected groups that hold each of its "
            f"{layer.outputs} outputs once, of the type of its output, in an adder layer whose "
            "filters read all channels; the plan is not for this model."
        )
    return groups


def view(plan: Plan, tensor: str, reader: TensorPlan) -> TensorPlan:
    """A tensor as a layer of ``reader``'s type and bits sees it.

    Narrower integers stay as they are; uint8 in an int16 layer is multiplied by a power of two,
    exactly, so that weights find a finer grid there. Wider ones are rounded as the plan says.
    """
    home = _home(plan, tensor)
    if home.dtype == reader.dtype and home.bits <= reader.bits:
        return TensorPlan(home.dtype, reader.bits, home.scale, home.zero_point)
    if home.dtype == "uint8" and reader.dtype == "int16":
        factor = 2.0 ** (reader.bits - 1 - home.bits)
        return TensorPlan("int16", reader.bits, tuple(s / factor for s in home.scale), (0,))
    return _home(plan, view_name(tensor, reader))


def view_name(tensor: str, reader: TensorPlan) -> str:
    """Where the plan says how a tensor is rounded to a narrower type."""
    return f"{tensor}|{reader.dtype}/{reader.bits}"


def integer_name(tensor: str) -> str:
    """What a tensor's integers are called: the float tensors of both ends keep their names."""
    return f"{tensor}/integers"


def _home(plan: Plan, tensor: str) -> TensorPlan:
    if tensor not in plan.tensors:
        raise AdderSRError(
            f"The quantisation plan has nothing about {tensor}: it is not for this model."
        )
    return plan.tensors[tensor]


class _Lowering:
    """Nodes and constants, step by step."""

    def __init__(self, network: Network, plan: Plan) -> None:
        self.nodes: list[onnx.NodeProto] = list(network.before)
        self.constants: dict[str, npt.NDArray[Any]] = {}
        self._network = network
        self._plan = plan
        self._converted: dict[tuple[str, TensorPlan], str] = {}

    def run(self) -> None:
        """All nodes of the graph."""
        network = self._network
        start = _home(self._plan, network.start)
        self._node(
            "QuantizeChannelsLast",
            f"{network.start}/QuantizeChannelsLast",
            integer_name(network.start),
            [
                network.start,
                self._constant(f"{network.start}.multiplier", _floats(1 / np.array(start.scale))),
                self._zero_point(network.start, start),
            ],
            bits=start.bits,
        )
        for step in network.steps:
            if isinstance(step, Layer):
                self._layer(step)
            elif isinstance(step, Concat):
                self._concat(step)
            else:
                self._shuffle(step)
        last = _home(self._plan, network.last)
        anchor = network.start
        if not network.anchored:
            anchor = self._constant("no_anchor", np.zeros((1, 1, 1, 1), np.float32))
        self._node(
            "DequantizeChannelsFirst",
            f"{network.end}/DequantizeChannelsFirst",
            network.end,
            [
                integer_name(network.last),
                self._constant(f"{network.last}.scale", _floats(np.array(last.scale))),
                self._zero_point(network.last, last),
                anchor,
            ],
            blocksize=network.blocksize,
        )
        self.nodes.extend(network.after)

    def _layer(self, layer: Layer) -> None:
        around, y = surroundings(self._network, self._plan, layer), integer_name(layer.y)
        groups = checked_groups(self._plan, layer, around)
        if len(groups) <= 1:
            self._sums(layer, replace(around, x=groups[0].x) if groups else around, y)
            return
        parts = [
            self._sums(layer, replace(around, x=group.x), f"{y}_{number}", number, group.channels)
            for number, group in enumerate(groups, 1)
        ]
        order = [channel for group in groups for channel in group.channels]
        in_order = order == sorted(order)
        joined = y if in_order else f"{y}_joined"
        self._node("Concat", joined, joined, parts, domain="", axis=3)
        if not in_order:
            self._gather(joined, np.argsort(order), y)

    def _sums(
        self,
        layer: Layer,
        around: Surroundings,
        output: str,
        number: int | None = None,
        channels: tuple[int, ...] = (),
    ) -> str:
        """The node of a layer, or of the group of its outputs with that number."""
        p = layer_parameters(layer, around)
        end = "" if number is None else f"_{number}"
        x = self._as(layer.x, around.x)
        names: list[str] = [x]
        none = np.zeros((1, 1, 1, 1), p.dtype)
        for field in _INPUTS:
            if field in "zr":
                residual, plan = getattr(layer, field), getattr(around, field)
                if residual is None:
                    names.append(self._constant(f"no_residual.{p.dtype.name}", none))
                else:
                    name = self._as(residual, plan)
                    if channels:
                        name = self._gather(name, np.array(channels), f"{output}.{field}")
                    names.append(name)
                # A residual that is not there is its zero point, 0.
                continue
            name, value = "weight" if field == "w" else field, getattr(p, field)
            if channels and field != "x_zero_point" and len(value) > 1:
                value = value[list(channels)]
            names.append(self._constant(f"{_scope(layer.name)}.{name}{end}", value))
        own: dict[str, Any] = {"x_bits": p.x_bits} if isinstance(p, ConvParameters) else {}
        self._node(
            p.op,
            f"{_scope(layer.name)}/{p.op}{end}",
            output,
            names,
            bits=p.bits,
            table_fraction=p.table_fraction,
            kernel_shape=list(p.w.shape[2:]),
            **layer.attributes,
            **own,
        )
        return output

    def _gather(self, tensor: str, channels: npt.NDArray[Any], output: str) -> str:
        """Some channels of a tensor, or all in another order."""
        indices = self._constant(f"{output}.channels", channels.astype(np.int64))
        self._node("Gather", f"{output}/Gather", output, [tensor, indices], domain="", axis=3)
        return output

    def _concat(self, step: Concat) -> None:
        target = _home(self._plan, step.y)
        channels = [self._network.channels[name] for name in step.inputs]
        scales = np.split(target.scales(sum(channels)), np.cumsum(channels)[:-1])
        zeros = np.split(target.zero_points(sum(channels)), np.cumsum(channels)[:-1])
        parts = [
            self._as(name, _tensor_plan(target, scale, zero))
            for name, scale, zero in zip(step.inputs, scales, zeros, strict=True)
        ]
        self._node("Concat", step.name, integer_name(step.y), parts, domain="", axis=3)

    def _shuffle(self, step: Shuffle) -> None:
        """DepthToSpace of ONNX takes floats, channels first; what it does takes any type."""
        b, target = step.blocksize, _home(self._plan, step.y)
        planes = self._network.channels[step.y]
        repeated = _tensor_plan(
            target,
            np.repeat(target.scales(planes), b * b),
            np.repeat(target.zero_points(planes), b * b),
        )
        x = self._as(step.x, repeated)
        # [N, H, W, c, b, b] → [N, H, b, W, b, c] → [N, H·b, W·b, c]
        split = self._constant(f"{step.name}.split", np.array([0, 0, 0, planes, b, b]))
        grow = self._constant(f"{step.name}.grow", np.array([1, b, b, 1]))
        shrink = self._constant(f"{step.name}.shrink", np.array([1, 1, 1, b * b]))

        def node(op: str, *inputs: str, output: str = "", **attributes: Any) -> str:
            name = f"{step.name}/{op}" + "_2" * bool(output)
            self._node(op, name, output or name, list(inputs), domain="", **attributes)
            return output or name

        blocks = node("Reshape", x, split)
        placed = node("Transpose", blocks, perm=[0, 1, 4, 2, 5, 3])
        size = node("Div", node("Mul", node("Shape", x), grow), shrink)
        node("Reshape", placed, size, output=integer_name(step.y))

    def _as(self, tensor: str, wanted: TensorPlan) -> str:
        """The name of a tensor's integers as ``wanted`` has them."""
        home, channels = _home(self._plan, tensor), self._network.channels[tensor]
        same = home.dtype == wanted.dtype and home.bits <= wanted.bits
        same &= bool((home.scales(channels) == wanted.scales(channels)).all())
        same &= bool((home.zero_points(channels) == wanted.zero_points(channels)).all())
        if same:
            return integer_name(tensor)
        if (tensor, wanted) not in self._converted:
            number = len(self._converted) + 1
            name = f"{tensor}/RequantizeChannelsLast_{number}"
            multiplier = home.scales(channels) / wanted.scales(channels)
            self._node(
                "RequantizeChannelsLast",
                name,
                name,
                [
                    integer_name(tensor),
                    self._zero_point(tensor, home),
                    self._constant(f"{name}.multiplier", _few(_floats(multiplier))),
                    self._zero_point(name, wanted),
                ],
                bits=wanted.bits,
            )
            self._converted[tensor, wanted] = name
        return self._converted[tensor, wanted]

    def _zero_point(self, tensor: str, plan: TensorPlan) -> str:
        values = np.array(plan.zero_point, plan.dtype)
        return self._constant(f"{tensor}.zero_point", values)

    def _constant(self, name: str, value: npt.NDArray[Any]) -> str:
        self.constants[name] = np.ascontiguousarray(value)
        return name

    def _node(
        self,
        op: str,
        name: str,
        output: str,
        inputs: list[str],
        *,
        domain: str = DOMAIN,
        **attributes: Any,
    ) -> None:
        self.nodes.append(
            onnx.helper.make_node(op, inputs, [output], name=name, domain=domain, **attributes)
        )


#: Of both layer ops after X, by the names of their parameters.
_INPUTS = (
    *("w", "x_zero_point", "offset", "multiplier", "bias", "z", "z_zero_point", "z_multiplier"),
    *("table", "r", "r_zero_point", "r_multiplier"),
)


def _tensor_plan(
    like: TensorPlan, scale: npt.NDArray[np.float64], zero_point: npt.NDArray[np.int64]
) -> TensorPlan:
    return TensorPlan(
        like.dtype,
        like.bits,
        tuple(float(value) for value in _few(scale)),
        tuple(int(value) for value in _few(zero_point)),
    )


def _scope(name: str) -> str:
    """The module of a node, if it is the only convolution of its module, else the whole name."""
    module, _, op = name.rpartition("/")
    return module if module and op in ("Conv", "FusedAdderConv") else name


def _floats(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    return values.astype(np.float32)


def _few(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return values[:1] if bool((values == values[0]).all()) else values
