"""Calls of the ops on pictures, and one-node models of them."""

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.image import cubic_filter, luma_to_rgb, rgb_to_luma
from addersr.custom_ops.image.filter import MAX_MAGNITUDE, TAPS, UNIT
from addersr.custom_ops.image.function import image_functions

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Call:
    """One call: the op and its inputs in their order."""

    op: str
    inputs: dict[str, Array]

    def expected(self) -> Array:
        """What the reference makes of it."""
        reference = {"RgbToLuma": rgb_to_luma, "LumaToRgb": luma_to_rgb}[self.op]
        return reference(*self.inputs.values())

    @property
    def fed(self) -> dict[str, Array]:
        """The inputs that are not constants of the model."""
        return {name: value for name, value in self.inputs.items() if name != "filter"}


def pixels(shape: tuple[int, int, int], *parts: object) -> Array:
    """[N, H, W, 3], uint8: all values, but the extremes more often, in flat areas and in noise."""
    rng = np.random.default_rng(zlib.crc32(repr((shape, parts)).encode()))
    noise = rng.integers(0, 256, (*shape, 3))
    extremes = rng.choice([0, 255], (*shape, 3))
    return np.where(rng.random((*shape, 1)) < 0.5, extremes, noise).astype(np.uint8)


def random_filter(scale: int, rng: np.random.Generator) -> Array:
    """Rows that sum up to 2^14, with the largest magnitudes that are allowed."""
    rows = np.zeros((scale, TAPS), np.int16)
    for row in rows:
        first, second = rng.permutation(TAPS)[:2]
        over = (MAX_MAGNITUDE - UNIT) // 2
        row[first], row[second] = UNIT + over, -over
        third = next(k for k in rng.permutation(TAPS) if k not in (first, second))
        row[third] += (part := rng.integers(0, UNIT))
        row[first] -= part
    return rows


def to_luma(shape: tuple[int, int, int]) -> Call:
    return Call("RgbToLuma", {"X": pixels(shape, "luma")})


def to_rgb(shape: tuple[int, int, int], scale: int, *, cubic: bool = True) -> Call:
    """Luma in the range of pictures, and beyond it, with some values that are no numbers."""
    rng = np.random.default_rng(zlib.crc32(repr((shape, scale, cubic)).encode()))
    n, h, w = shape
    size = (n, 1, h * scale, w * scale)
    y = rng.uniform(-0.1, 1.1, size)
    rare = [np.nan, -np.nan, np.inf, -np.inf, 3e38, -3e38, 16 / 255, 235 / 255, -2, 3, -0.0, 1e-45]
    y = np.where(rng.random(size) < 0.2, rng.choice(rare, size), y).astype(np.float32)
    rows = cubic_filter(scale) if cubic else random_filter(scale, rng)
    return Call("LumaToRgb", {"Y": y, "X": pixels(shape, scale), "filter": rows})


def node_model(
    call: Call,
    *,
    function: bool = False,
    fed: tuple[str, ...] | None = None,
    opset: int = 18,
    sizes: bool = False,
) -> onnx.ModelProto:
    """A model of one node, whose inputs ``fed`` are inputs of the model and the others constants.

    Args:
        sizes: whether the model's inputs have sizes, not names.
    """
    fed = tuple(call.fed) if fed is None else fed
    node = onnx.helper.make_node(call.op, list(call.inputs), ["Z"], name="the node", domain=DOMAIN)

    def info(name: str) -> onnx.ValueInfoProto:
        value = call.inputs[name]
        element = onnx.helper.np_dtype_to_tensor_dtype(value.dtype)
        dims = [size if sizes else f"{name}_{i}" for i, size in enumerate(value.shape)]
        return onnx.helper.make_tensor_value_info(name, element, dims)

    output = onnx.helper.np_dtype_to_tensor_dtype(call.expected().dtype)
    constants = [name for name in call.inputs if name not in fed]
    graph = onnx.helper.make_graph(
        [node],
        "one_node",
        [info(name) for name in fed],
        [onnx.helper.make_tensor_value_info("Z", output, [None] * 4)],
        [onnx.numpy_helper.from_array(call.inputs[name], name) for name in constants],
    )
    bodies = [one for one in image_functions(opset) if one.name == call.op]
    return onnx.helper.make_model(
        graph,
        ir_version=9,
        opset_imports=[
            onnx.helper.make_opsetid("", opset),
            onnx.helper.make_opsetid(DOMAIN, VERSION),
        ],
        functions=bodies if function else [],
    )


# Around the widths of vectors, the parts of a row, and the rows of an item.
SHAPES = (
    (1, 1, 1), (1, 2, 2), (1, 1, 5), (2, 3, 17), (1, 5, 31), (1, 3, 255), (1, 2, 256), (1, 4, 263),
    (3, 19, 7), (0, 3, 4), (1, 0, 4), (2, 3, 0),
)  # fmt: skip
CALLS = (
    *(to_luma(shape) for shape in SHAPES),
    *(to_rgb(shape, scale) for shape in SHAPES for scale in (1, 2, 3, 4)),
    *(to_rgb(shape, scale, cubic=False) for shape in SHAPES[2:6] for scale in (2, 5, 6, 7, 8)),
)
# Several items.
LARGEST = (to_luma((2, 41, 300)), to_rgb((2, 61, 300), 2), to_rgb((3, 50, 70), 3, cubic=False))


def call_name(call: Call) -> str:
    """For pytest: what the call's id is made of."""
    shape = "x".join(map(str, call.inputs["X"].shape))
    if call.op == "RgbToLuma":
        return f"{call.op}_{shape}"
    rows = call.inputs["filter"]
    kind = "cubic" if np.array_equal(rows, cubic_filter(len(rows))) else "random"
    return f"{call.op}_{shape}_times_{len(rows)}_{kind}"
