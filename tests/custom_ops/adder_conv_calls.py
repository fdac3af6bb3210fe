"""Drawn calls of AdderConv, for property tests."""

from dataclasses import replace

from hypothesis import assume
from hypothesis import strategies as st

from addersr.custom_ops.adder_conv import Attributes

from .adder_conv_cases import Case


@st.composite
def calls(draw: st.DrawFn) -> Case:
    """Any small call of AdderConv that is valid."""

    def pair(low: int, high: int) -> tuple[int, int]:
        return draw(st.integers(low, high)), draw(st.integers(low, high))

    group = draw(st.sampled_from([1, 1, 2, 3]))
    channels, filters = draw(st.integers(1, 12)), draw(st.integers(1, 20))
    one = Case(
        "drawn",
        (draw(st.integers(0, 2)), channels * group, *pair(1, 14)),
        (filters * group, channels, *pair(1, 4)),
        draw(st.sampled_from(["NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"])),
        pair(1, 3),
        dilations=pair(1, 3),
        group=group,
    )
    if one.auto_pad == "NOTSET":
        one = replace(one, pads=(*pair(0, 4), *pair(0, 4)))
    attributes = Attributes(**one.attributes)
    for axis in (0, 1):
        assume(attributes.output_axis(axis, one.x[axis + 2], one.w[axis + 2])[0] >= 1)
    return one
