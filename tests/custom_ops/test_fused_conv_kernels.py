"""The kernels of QLinearFusedConv through onnxruntime: equal to the reference, bit for bit.

``test_every_isa.py`` repeats these tests with every other kernel that the CPU runs. The models
carry no function body: only a kernel can run them.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from addersr.custom_ops import library_info

from .adder_conv_calls import calls
from .adder_conv_cases import CASES, Case, case
from .adder_conv_model import session
from .fused_conv_cases import CONV_KINDS, ConvKind, conv_layer
from .qlinear_cases import INPUTS, node_model
from .test_kernels import LARGE, LARGE_VARIANTS
from .test_qlinear_kernels import WIDE, kernel, run

EVERYTHING = CONV_KINDS[1]
# Heads and tails: few channels in or out, and what is left over for a vector of every width.
FEW = [
    *(
        Case(f"{c}_to_{o}_{size}x{size}", (1, c, 6, 50), (o, c, size, size), pads=(size // 2,) * 4)
        for c in (1, 3, 17)
        for o in (1, 2, 4, 5, 9, 12, 17, 27, 36)
        for size in (1, 3)
    ),
    Case("dilated_tail", (1, 16, 7, 20), (4, 16, 3, 3), pads=(2, 2, 2, 2), dilations=(2, 2)),
    Case("dilated_head", (1, 3, 7, 20), (9, 3, 3, 3), pads=(2, 2, 2, 2), dilations=(2, 2)),
    Case("grouped_tail", (1, 48, 5, 20), (12, 16, 3, 3), pads=(1, 1, 1, 1), group=3),
]


def name(kind: ConvKind) -> str:
    return kind.name


@pytest.mark.parametrize("kind", CONV_KINDS, ids=name)
@pytest.mark.parametrize("one", [*CASES, *LARGE_VARIANTS, WIDE], ids=lambda one: one.name)
def test_kernels_equal_the_reference(one: Case, kind: ConvKind) -> None:
    made = conv_layer(one, kind)
    y = run(kernel(made), made)
    assert y.dtype == made.parameters.dtype
    np.testing.assert_array_equal(y, made.expected())


@pytest.mark.parametrize("kind", [CONV_KINDS[1], CONV_KINDS[3]], ids=name)
@pytest.mark.parametrize("one", FEW, ids=lambda one: one.name)
def test_heads_and_tails_equal_the_reference(one: Case, kind: ConvKind) -> None:
    made = conv_layer(one, kind)
    np.testing.assert_array_equal(run(kernel(made), made), made.expected())


@pytest.mark.parametrize("kind", CONV_KINDS, ids=name)
def test_the_cases_use_the_whole_range(kind: ConvKind) -> None:
    y = conv_layer(LARGE, kind).expected()
    assert len(np.unique(y)) > min(2**kind.bits, 4096) / 4
    ends = (y == y.min()) | (y == y.max())
    assert ends.mean() < 0.5


@pytest.mark.parametrize("kind", CONV_KINDS, ids=name)
def test_constant_residuals_and_computed_parameters_change_nothing(kind: ConvKind) -> None:
    made = conv_layer(case("groups_2"), kind)
    for fed in (("X",), INPUTS, ("X", "table"), ("X", "r_zero_point")):
        runner = session(node_model(made, fed=fed), library=True)
        (y,) = runner.run(None, {key: made.inputs()[key] for key in fed})
        np.testing.assert_array_equal(y, made.expected())


@pytest.mark.parametrize("kind", CONV_KINDS, ids=name)
def test_the_chosen_kernel_and_no_other_runs(kind: ConvKind) -> None:
    made = conv_layer(WIDE, kind)
    before = library_info()
    run(kernel(made), made)
    after = library_info()
    called = [name for name, calls in after.calls.items() if calls > before.calls[name]]
    assert called == [after.kernels[f"QLinearFusedConv {kind.dtype}"]]


@pytest.mark.parametrize("one", [*LARGE_VARIANTS, WIDE], ids=lambda one: one.name)
def test_the_number_of_threads_changes_nothing(one: Case) -> None:
    made = conv_layer(one, EVERYTHING)
    for threads in (2, 5):
        np.testing.assert_array_equal(run(kernel(made, threads), made), made.expected())


@pytest.mark.parametrize("kind", CONV_KINDS, ids=name)
def test_the_place_in_the_image_changes_nothing(kind: ConvKind) -> None:
    made = conv_layer(WIDE, replace(kind, z="none", r="none"))
    runner = kernel(made)
    whole = run(runner, made)
    for top, left, height, width in ((0, 1, 35, 120), (3, 2, 20, 31), (17, 47, 13, 9)):
        part = replace(made, x=made.x[:, top : top + height, left : left + width])
        np.testing.assert_array_equal(
            run(runner, part)[:, 1:-1, 1:-1],
            whole[:, top + 1 : top + height - 1, left + 1 : left + width - 1],
        )


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(calls())
def test_any_valid_call_equals_the_reference(one: Case) -> None:
    for kind in CONV_KINDS:
        made = conv_layer(one, kind)
        np.testing.assert_array_equal(run(kernel(made), made), made.expected())


@pytest.mark.parametrize("outputs", [1, 4, 9, 32])
@pytest.mark.parametrize(
    ("dtype", "bits", "weight"), [("uint8", 8, 32767), ("int16", 12, 2000), ("int16", 16, 16383)]
)
def test_the_largest_sums_are_exact(dtype: str, bits: int, weight: int, outputs: int) -> None:
    # Ends of all ranges together, with offsets at theirs: the most that anything ever holds.
    taps = (2**30 - 1) // ((2**bits - 1) * weight)
    one = Case("ends", (1, taps, 1, 3), (outputs, taps, 1, 1))
    made = conv_layer(one, ConvKind("e", "int16", 16, x_dtype=dtype, x_bits=bits))
    low, high = (0, 2**bits - 1) if dtype == "uint8" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    for x, zero_point, sign in ((high, low, 1), (low, high, 1), (high, low, -1), (low, high, -1)):
        total = taps * (x - zero_point) * sign * weight
        p = replace(
            made.parameters,
            w=np.full_like(made.parameters.w, sign * weight),
            x_zero_point=np.full(1, zero_point, dtype),
            offset=np.full(1, 2**30 if total > 0 else -(2**30), np.int32),
            multiplier=np.full(1, 2.0**-16, np.float32),
            bias=np.full(1, 32768, np.float32),
        )
        extreme = replace(made, x=np.full_like(made.x, x), parameters=p)
        expected = extreme.expected()
        assert abs(int(expected.flat[0])) > 30000
        np.testing.assert_array_equal(run(kernel(extreme), extreme), expected)
