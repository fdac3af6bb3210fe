"""The shapes and attributes with which every implementation of AdderConv is tested."""

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from addersr.custom_ops.adder_conv.reference import FloatArray

DEFAULTS: dict[str, Any] = {
    "auto_pad": "NOTSET",
    "strides": (1, 1),
    "pads": (0, 0, 0, 0),
    "dilations": (1, 1),
    "group": 1,
}


@dataclass(frozen=True)
class Case:
    """One call of AdderConv: ``x`` is [N, C, H, W], ``w`` is [O, C/group, kh, kw]."""

    name: str
    x: tuple[int, int, int, int]
    w: tuple[int, int, int, int]
    auto_pad: str = "NOTSET"
    strides: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilations: tuple[int, int] = (1, 1)
    group: int = 1

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes that differ from their defaults: what a node has to say."""
        given = {name: getattr(self, name) for name in DEFAULTS}
        return {name: value for name, value in given.items() if value != DEFAULTS[name]}

    @property
    def taps(self) -> int:
        """Taps of one filter."""
        return int(np.prod(self.w[1:]))

    def arrays(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Input, filter and bias, float32: the same in every process. W is wider than X, as in
        trained adder layers, and all three have both signs."""
        rng = np.random.default_rng(zlib.crc32(self.name.encode()))
        x = rng.normal(size=self.x)
        w = 2.0 * rng.normal(size=self.w)
        b = 3.0 * rng.normal(size=self.w[0])
        return x.astype(np.float32), w.astype(np.float32), b.astype(np.float32)


_ALL_ONE = (1, 1, 1, 1)

CASES: tuple[Case, ...] = (
    # Channels in and out: below, at, between and above the widths of vectors and panels.
    *(
        Case(f"channels_{c}_to_{o}", (1, c, 5, 9), (o, c, 3, 3), pads=_ALL_ONE)
        for c, o in (
            *((1, 1), (3, 3), (1, 16), (16, 1), (3, 8), (8, 8), (7, 9), (16, 16)),
            *((16, 17), (17, 16), (17, 23), (24, 24), (33, 32), (32, 33)),
        )
    ),
    # Widths around every tile border.
    *(Case(f"width_{w}", (1, 3, 2, w), (17, 3, 3, 3), pads=_ALL_ONE) for w in range(1, 41)),
    *(Case(f"height_{h}", (1, 2, h, 5), (3, 2, 3, 3), pads=_ALL_ONE) for h in (1, 2, 16, 17, 33)),
    # Kernels, also those larger than the image.
    Case("kernel_1x1", (1, 17, 4, 6), (9, 17, 1, 1)),
    Case("kernel_1x1_padded", (1, 4, 4, 6), (9, 4, 1, 1), pads=_ALL_ONE),
    Case("kernel_2x3", (1, 3, 5, 7), (8, 3, 2, 3)),
    Case("kernel_2x3_padded", (1, 3, 5, 7), (8, 3, 2, 3), pads=(1, 0, 0, 2)),
    Case("kernel_3x1", (1, 8, 5, 7), (8, 8, 3, 1), pads=(1, 0, 1, 0)),
    Case("kernel_3x3", (1, 8, 5, 7), (8, 8, 3, 3)),
    Case("kernel_5x5", (1, 5, 9, 8), (6, 5, 5, 5), pads=(2, 2, 2, 2)),
    Case("kernel_7x7", (1, 3, 9, 11), (17, 3, 7, 7), pads=(3, 3, 3, 3)),
    Case("kernel_1x5_over_image", (1, 2, 3, 5), (3, 2, 1, 5)),
    Case("image_1x1", (1, 8, 1, 1), (16, 8, 1, 1)),
    Case("image_1x1_padded", (1, 3, 1, 1), (4, 3, 3, 3), pads=_ALL_ONE),
    Case("image_smaller_than_kernel", (1, 3, 2, 3), (4, 3, 5, 7), pads=(2, 3, 2, 3)),
    Case("image_between_its_pads", (1, 2, 1, 2), (3, 2, 2, 2), pads=(4, 3, 2, 5)),
    # Pads on one side only, each with another width.
    Case("pads_top", (1, 2, 4, 5), (3, 2, 3, 3), pads=(2, 0, 0, 0)),
    Case("pads_left", (1, 2, 4, 5), (3, 2, 3, 3), pads=(0, 2, 0, 0)),
    Case("pads_bottom", (1, 2, 4, 5), (3, 2, 3, 3), pads=(0, 0, 2, 0)),
    Case("pads_right", (1, 2, 4, 5), (3, 2, 3, 3), pads=(0, 0, 0, 2)),
    Case("pads_all_different", (1, 3, 6, 7), (8, 3, 3, 3), pads=(0, 1, 2, 3)),
    Case("pads_wider_than_kernel", (1, 1, 3, 3), (2, 1, 2, 2), pads=(3, 3, 3, 3)),
    # Strides and dilations, alone and together.
    Case("stride_2", (1, 8, 9, 12), (16, 8, 3, 3), strides=(2, 2), pads=_ALL_ONE),
    Case("stride_1x3", (1, 3, 6, 20), (8, 3, 3, 3), strides=(1, 3), pads=_ALL_ONE),
    Case("stride_3x1", (1, 3, 11, 6), (8, 3, 3, 3), strides=(3, 1), pads=_ALL_ONE),
    Case("stride_over_kernel", (1, 3, 9, 10), (5, 3, 2, 2), strides=(4, 3)),
    Case("stride_drops_the_rest", (1, 3, 8, 9), (5, 3, 3, 3), strides=(2, 4)),
    Case("dilation_2", (1, 3, 9, 11), (8, 3, 3, 3), dilations=(2, 2), pads=(2, 2, 2, 2)),
    Case("dilation_1x3", (1, 3, 5, 12), (8, 3, 3, 3), dilations=(1, 3), pads=(1, 3, 1, 3)),
    Case(
        "dilation_3x2_stride_2x1",
        (1, 4, 12, 9),
        (3, 4, 2, 3),
        "NOTSET",
        (2, 1),
        (1, 0, 2, 1),
        (3, 2),
    ),
    # Groups up to one filter per channel.
    Case("groups_2", (1, 6, 5, 7), (8, 3, 3, 3), pads=_ALL_ONE, group=2),
    Case("groups_3_of_17_filters", (1, 6, 4, 9), (51, 2, 3, 3), pads=_ALL_ONE, group=3),
    Case("depthwise", (1, 17, 5, 7), (17, 1, 3, 3), pads=_ALL_ONE, group=17),
    Case("depthwise_two_filters", (1, 8, 5, 7), (16, 1, 3, 3), pads=_ALL_ONE, group=8),
    Case(
        "groups_stride_dilation", (2, 4, 9, 9), (6, 2, 3, 3), "NOTSET", (2, 3), _ALL_ONE, (2, 1), 2
    ),
    # auto_pad.
    *(
        Case(
            f"{mode.lower()}_{label}",
            (1, 3, 7, 10),
            (8, 3, *kernel),
            mode,
            strides,
            (0, 0, 0, 0),
            dilations,
        )
        for mode in ("SAME_UPPER", "SAME_LOWER", "VALID")
        for label, kernel, strides, dilations in (
            ("3x3", (3, 3), (1, 1), (1, 1)),
            ("2x4", (2, 4), (1, 1), (1, 1)),
            ("stride_2", (3, 3), (2, 2), (1, 1)),
            ("1x1_stride_3x2", (1, 1), (3, 2), (1, 1)),
            ("2x3_dilation_3x2", (2, 3), (1, 1), (3, 2)),
            ("2x3_stride_2_dilation_2x3", (2, 3), (2, 2), (2, 3)),
        )
    ),
    # Batches, and inputs without a single value.
    Case("batch_3", (3, 8, 5, 9), (9, 8, 3, 3), pads=_ALL_ONE),
    Case("batch_3_groups_2", (3, 6, 5, 9), (4, 3, 3, 3), pads=_ALL_ONE, group=2),
    Case("batch_empty", (0, 3, 5, 9), (8, 3, 3, 3), pads=_ALL_ONE),
    Case("image_empty", (1, 2, 0, 5), (3, 2, 1, 1), pads=_ALL_ONE),
    Case("batch_empty_groups_2", (0, 4, 5, 9), (8, 2, 3, 3), pads=_ALL_ONE, group=2),
)


def case(name: str) -> Case:
    """The case of that name."""
    return next(one for one in CASES if one.name == name)
