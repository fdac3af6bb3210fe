"""Calls of FusedAdderConv: the cases of AdderConv with an epilogue, in both layouts."""

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from addersr.custom_ops.adder_conv import Attributes, output_shape
from addersr.custom_ops.adder_conv.reference import FloatArray
from addersr.custom_ops.fused_adder_conv import Epilogue

from .adder_conv_cases import CASES, Case, case

#: What an epilogue can do; each part alone leaves the others neutral.
PARTS = ("scale", "bias", "z", "alpha", "slope", "clip", "r")


@dataclass(frozen=True)
class Call:
    """One call of FusedAdderConv.

    Args:
        case: sizes, given as NCHW, and attributes.
        channels_last: the layout of the call.
        parts: those of ``PARTS`` that are not neutral.
        single: one value for all channels and pixels in place of one for each.
    """

    case: Case
    channels_last: int
    parts: tuple[str, ...] = PARTS
    single: bool = False

    @property
    def name(self) -> str:
        """Says everything, for the names of tests."""
        parts = "all" if self.parts == PARTS else "+".join(self.parts) or "none"
        layout = "nhwc" if self.channels_last else "nchw"
        return f"{self.case.name}-{layout}-{parts}{'-single' * self.single}"

    @property
    def attributes(self) -> dict[str, Any]:
        """What a node has to say: attributes that differ from their defaults."""
        return {**self.case.attributes, **({"channels_last": 1} if self.channels_last else {})}

    def arrays(self) -> tuple[FloatArray, FloatArray, Epilogue]:
        """X, W and the epilogue, float32: the same in every process.

        Where both scale and bias are there, T is around 0 with both signs; in other cases it is
        large and negative, as the sum is.
        """
        x, w, _ = self.case.arrays()
        filters = w.shape[0]
        y_shape = output_shape(self.case.x, w.shape, Attributes(**self.case.attributes))
        rng = np.random.default_rng(zlib.crc32(self.case.name.encode()) + 1)
        draw = {
            "scale": rng.uniform(0.5, 1.5, filters) / np.sqrt(self.case.taps),
            "bias": rng.normal(0.0, 1.0, filters),
            "alpha": rng.uniform(0.3, 1.7, filters),
            "slope": rng.normal(0.0, 0.7, filters),
            "z": rng.normal(0.0, 1.0, y_shape),
            "r": rng.normal(0.0, 1.0, y_shape),
        }
        if "scale" in self.parts:
            scale = draw["scale"][0] if self.single else draw["scale"]
            draw["bias"] += scale * np.abs(w).sum(axis=(1, 2, 3)) * 1.1
        values = dict(zip(Epilogue.__dataclass_fields__, Epilogue.neutral().arrays(), strict=True))
        for name in set(self.parts) - {"clip"}:
            array = self.layout(draw[name]) if name in "zr" else draw[name]
            if self.single:
                array = np.full(values[name].shape, 0.3 if not array.size else array.flat[0])
            values[name] = np.ascontiguousarray(array, np.float32)
        if "clip" in self.parts:
            values["clip_min"], values["clip_max"] = np.float32([-1.25, 1.5])
        return self.layout(x), w, Epilogue(*map(np.asarray, values.values()))

    def layout(self, planes: FloatArray) -> FloatArray:
        """An NCHW array in the layout of the call."""
        return np.ascontiguousarray(np.moveaxis(planes, 1, 3)) if self.channels_last else planes


#: Every case of AdderConv with a whole epilogue. Clipping would hide mistakes of all other parts.
CALLS = tuple(
    Call(one, last, tuple(part for part in PARTS if part != "clip"))
    for one in CASES
    for last in (0, 1)
)

#: Every part alone, none, and all; for a number of channels with a wide and a narrow panel, and one
#: with channels that fill no vector.
PART_CALLS = tuple(
    Call(case(name), last, parts, single)
    for name in ("channels_24_to_24", "groups_3_of_17_filters")
    for last in (0, 1)
    for parts in ((), PARTS, *((part,) for part in PARTS), ("scale", "bias", "clip"))
    for single in (False, True)
)
