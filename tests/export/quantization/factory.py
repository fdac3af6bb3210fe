"""Fused fp32 graphs made by hand: layers with random parameters, joined in any way."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.fused_adder_conv.function import fused_adder_conv_function

Array = npt.NDArray[Any]


class Factory:
    """Adds layers to a graph; tensors go by their names, channels are looked up.

    Args:
        seed: of all parameters.
        channels: of the input.
    """

    def __init__(self, seed: int = 0, channels: int = 1) -> None:
        self.random = np.random.default_rng(seed)
        self.channels = {"input": channels}
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, Array] = {
            "none": np.zeros((1, 1, 1, 1), np.float32),
            "least": np.array(-np.inf, np.float32),
            "most": np.array(np.inf, np.float32),
        }

    def constant(self, name: str, value: Any) -> str:
        """An initializer of float32."""
        self.constants[name] = np.array(value, np.float32)
        return name

    def node(
        self,
        op: str,
        inputs: list[str],
        channels: int,
        *,
        domain: str = "",
        name: str = "",
        **attributes: Any,
    ) -> str:
        """Any node with one output, which has its name."""
        name = name or f"{op.lower()}{len(self.nodes)}/{op}"
        self.nodes.append(
            onnx.helper.make_node(op, inputs, [name], name, domain=domain, **attributes)
        )
        self.channels[name] = channels
        return name

    def conv(self, x: str, outputs: int, kernel: int = 3, group: int = 1, **attributes: Any) -> str:
        """Conv; its values stay about as large as x's."""
        inputs = self.channels[x] // group
        taps = inputs * kernel * kernel
        prefix = f"conv{len(self.nodes)}"
        w = self.random.normal(0, 1 / np.sqrt(taps), (outputs, inputs, kernel, kernel))
        names = [x, self.constant(f"{prefix}.weight", w)]
        names.append(self.constant(f"{prefix}.bias", self.random.normal(0, 0.1, outputs)))
        attributes.setdefault("pads", [kernel // 2] * 4)
        return self.node("Conv", names, outputs, name=f"{prefix}/Conv", group=group, **attributes)

    def adder(
        self,
        x: str,
        outputs: int,
        kernel: int = 3,
        group: int = 1,
        *,
        z: str = "none",
        r: str = "none",
        alpha: Any = 1.0,
        slope: Any = 1.0,
        clip: tuple[float, float] = (-np.inf, np.inf),
        **attributes: Any,
    ) -> str:
        """FusedAdderConv, channels last and centred, as ours are: ``γ(Σ|w| - Σ|x-w|) + β``."""
        inputs = self.channels[x] // group
        taps = inputs * kernel * kernel
        prefix = f"adder{len(self.nodes)}"
        w = self.random.normal(0, 1.0, (outputs, inputs, kernel, kernel))
        scale = self.random.uniform(0.5, 1.5, outputs) / np.sqrt(taps)
        bias = scale * np.abs(w).sum((1, 2, 3)) + self.random.normal(0, 0.1, outputs)
        attributes.setdefault("pads", [kernel // 2] * 4)
        names = [
            x,
            self.constant(f"{prefix}.weight", w),
            self.constant(f"{prefix}.scale", scale),
            self.constant(f"{prefix}.bias", bias),
            z,
            self.constant(f"{prefix}.alpha", np.reshape(alpha, -1)),
            self.constant(f"{prefix}.slope", np.reshape(slope, -1)),
            r,
            self.constant(f"{prefix}.clip_min", clip[0]),
            self.constant(f"{prefix}.clip_max", clip[1]),
        ]
        return self.node(
            "FusedAdderConv",
            names,
            outputs,
            domain=DOMAIN,
            name=f"{prefix}/FusedAdderConv",
            group=group,
            channels_last=1,
            **attributes,
        )

    def last(self, x: str) -> str:
        """To channels last."""
        return self.node("Transpose", [x], self.channels[x], perm=[0, 2, 3, 1])

    def first(self, x: str) -> str:
        """To channels first."""
        return self.node("Transpose", [x], self.channels[x], perm=[0, 3, 1, 2])

    def add(self, a: str, b: str) -> str:
        """Add."""
        return self.node("Add", [a, b], self.channels[a])

    def prelu(self, x: str) -> str:
        """PRelu with a slope for each channel, channels first."""
        slope = self.random.uniform(0, 0.9, (self.channels[x], 1, 1))
        name = self.constant(f"slope{len(self.nodes)}", slope)
        return self.node("PRelu", [x, name], self.channels[x])

    def concat(self, *inputs: str, axis: int = 1) -> str:
        """Concat."""
        count = sum(self.channels[name] for name in inputs)
        return self.node("Concat", list(inputs), count, axis=axis)

    def model(self, y: str, *, blocksize: int = 2, anchored: bool = True) -> onnx.ModelProto:
        """The model that ends with depth to space of ``y``, and the input before it."""
        if anchored:
            y = self.node("Add", [y, "input"], self.channels[y])
        if blocksize > 1:
            y = self.node("DepthToSpace", [y], 1, mode="CRD", blocksize=blocksize)
        self.nodes[-1].output[0] = "output"
        return self.finished()

    def finished(self) -> onnx.ModelProto:
        """The model of all nodes, the last of which makes ``output``."""
        floats, channels = onnx.TensorProto.FLOAT, self.channels["input"]
        value_info = onnx.helper.make_tensor_value_info
        graph = onnx.helper.make_graph(
            self.nodes,
            "addersr",
            [value_info("input", floats, ["batch", channels, "height", "width"])],
            [value_info("output", floats, ["batch", None, None, None])],
            [onnx.numpy_helper.from_array(value, name) for name, value in self.constants.items()],
        )
        model = onnx.helper.make_model(
            graph,
            ir_version=10,
            opset_imports=[
                onnx.helper.make_opsetid("", 18),
                onnx.helper.make_opsetid(DOMAIN, VERSION),
            ],
            functions=[fused_adder_conv_function(18)],
        )
        onnx.helper.set_model_props(
            model,
            {
                "addersr.version": "0",
                "addersr.architecture": "by hand",
                "addersr.kind": "adder",
                "addersr.arguments": "{}",
                "addersr.scale": "2",
                "addersr.colour": "y",
                "addersr.precision": "fp32",
                "addersr.calibration": "none",
                "addersr.halo": "9",
            },
        )
        return model


def mobile(seed: int = 0, channels: int = 8) -> onnx.ModelProto:
    """The adder network of the zoo, smaller: shortcut, power and PReLU in each layer."""
    f = Factory(seed)
    x = f.last(f.conv("input", channels))
    for _ in range(2):
        alpha, slope = f.random.uniform(0.7, 1.5, channels), f.random.uniform(0, 0.9, channels)
        x = f.adder(x, channels, z=x, alpha=alpha, slope=slope)
    return f.model(f.conv(f.first(x), 4))


def twin(seed: int = 0, channels: int = 8) -> onnx.ModelProto:
    """Its CNN twin."""
    f = Factory(seed)
    x = f.conv("input", channels)
    for _ in range(2):
        x = f.prelu(f.add(f.conv(x, channels), x))
    return f.model(f.conv(x, 4))


def residuals(seed: int = 0) -> onnx.ModelProto:
    """Residuals over several layers, ReLU and clip, and one table for all channels."""
    f = Factory(seed)
    head = f.last(f.conv("input", 8))
    a = f.adder(head, 8, slope=0.0)
    b = f.adder(a, 8, z=a, r=head, alpha=0.8, slope=0.25)
    c = f.adder(b, 8, kernel=1, clip=(-0.5, 0.75))
    d = f.add(c, b)
    return f.model(f.conv(f.first(d), 4))


def branches(seed: int = 0) -> onnx.ModelProto:
    """Concatenation before a convolution and before an adder layer, a convolution in the middle,
    an activation of a tensor that others read as it is."""
    f = Factory(seed)
    head = f.conv("input", 8)
    a = f.adder(f.last(head), 4, kernel=5, group=2)
    b = f.first(a)
    middle = f.prelu(f.conv(f.concat(head, b), 6))
    joined = f.concat(f.last(middle), a, axis=3)
    c = f.adder(joined, 8, slope=f.random.uniform(0, 1, 8))
    alone = f.prelu(head)
    d = f.add(f.first(c), alone)
    return f.model(f.conv(f.add(d, head), 4))


def strided(seed: int = 0) -> onnx.ModelProto:
    """Half the size inside, and depth to space in the middle; no anchor."""
    f = Factory(seed, channels=3)
    x = f.last(f.conv("input", 8, strides=[2, 2]))
    x = f.first(
        f.adder(x, 16, alpha=f.random.uniform(0.7, 1.4, 16), dilations=[2, 2], pads=[2] * 4)
    )
    x = f.node("DepthToSpace", [x], 4, mode="CRD", blocksize=2)
    x = f.node("Relu", [f.conv(x, 12)], 12)
    return f.model(f.conv(x, 12, kernel=1), anchored=False)


def shifted(seed: int = 0) -> onnx.ModelProto:
    """Of colours, without their means inside, ends with a sum: EDSR's frame."""
    f = Factory(seed, channels=3)
    mean = f.constant("mean", [[[0.4]], [[0.5]], [[0.3]]])
    f.constants["minus_mean"] = -f.constants[mean]
    x = head = f.conv(f.node("Add", ["input", "minus_mean"], 3), 8)
    x = f.last(x)
    x = f.adder(x, 8, z=x, slope=0.0)
    x = f.add(f.conv(f.first(x), 8), head)
    x = f.node("DepthToSpace", [f.conv(x, 16)], 4, mode="CRD", blocksize=2)
    return f.model(f.node("Add", [f.conv(x, 3), mean], 3), blocksize=1, anchored=False)


NETWORKS: dict[str, Callable[[int], onnx.ModelProto]] = {
    "mobile": mobile,
    "twin": twin,
    "residuals": residuals,
    "branches": branches,
    "strided": strided,
    "shifted": shifted,
}


def picture(height: int, width: int, channels: int = 1, batch: int = 1, seed: int = 0) -> Array:
    """[batch, channels, height, width] in 0…1: shading, an edge and noise."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    image = 0.5 + 0.3 * np.sin(columns / 5 + seed) * np.cos(rows / 4)
    image = image + 0.3 * (columns + 2 * rows > height + width / 2)
    noisy = image + random.normal(0, 0.05, (batch, channels, height, width))
    clipped: Array = np.clip(noisy - 0.1, 0, 1).astype(np.float32)
    return clipped
