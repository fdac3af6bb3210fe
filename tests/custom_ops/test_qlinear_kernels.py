"""The integer kernels through onnxruntime: equal to the reference, bit for bit.

``test_every_isa.py`` repeats these tests with every other kernel that the CPU runs. The models
carry no function body: only a kernel can run them.
"""

import os
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings

from addersr.custom_ops import library_info
from addersr.custom_ops.requantization.parameters import IntArray

from .adder_conv_calls import calls
from .adder_conv_cases import CASES, Case, case
from .adder_conv_model import session
from .qlinear_cases import INPUTS, KINDS, Kind, Layer, layer, node_model
from .test_kernels import LARGE, LARGE_VARIANTS

PLAIN, EVERYTHING = KINDS[0], KINDS[1]
# The width and the height at which a node is cut into several items, chunks and tiles.
WIDE = Case("wide", (1, 9, 35, 121), (19, 9, 3, 3), pads=(1, 1, 1, 1))


def kernel(one: Layer, threads: int = 1) -> onnxruntime.InferenceSession:
    return session(node_model(one, fed=("X", "Z", "R")), library=True, threads=threads)


def run(runner: onnxruntime.InferenceSession, one: Layer) -> IntArray:
    (y,) = runner.run(None, {"X": one.x, "Z": one.z, "R": one.r})
    return np.asarray(y)


def name(kind: Kind) -> str:
    return kind.name


@pytest.mark.parametrize("kind", KINDS, ids=name)
@pytest.mark.parametrize("one", [*CASES, *LARGE_VARIANTS, WIDE], ids=lambda one: one.name)
def test_kernels_equal_the_reference(one: Case, kind: Kind) -> None:
    made = layer(one, kind)
    y = run(kernel(made), made)
    assert y.dtype == made.x.dtype
    np.testing.assert_array_equal(y, made.expected())


@pytest.mark.parametrize("kind", KINDS, ids=name)
def test_the_cases_use_the_whole_range(kind: Kind) -> None:
    y = layer(LARGE, kind).expected()
    # Not all values at one end, where a wrong sum would go unnoticed.
    assert len(np.unique(y)) > min(2**kind.bits, 4096) / 4
    ends = (y == y.min()) | (y == y.max())
    assert ends.mean() < 0.5


@pytest.mark.parametrize("kind", KINDS, ids=name)
def test_constant_residuals_and_computed_parameters_change_nothing(kind: Kind) -> None:
    made = layer(case("groups_2"), kind)
    for fed in (("X",), INPUTS, ("X", "table"), ("X", "r_zero_point")):
        runner = session(node_model(made, fed=fed), library=True)
        (y,) = runner.run(None, {key: made.inputs()[key] for key in fed})
        np.testing.assert_array_equal(y, made.expected())


@pytest.mark.parametrize("dtype", ["uint8", "int16"])
def test_the_chosen_kernel_and_no_other_runs(dtype: str) -> None:
    made = layer(WIDE, next(kind for kind in KINDS if kind.dtype == dtype))
    runner = kernel(made)  # which measures kernels for this shape
    before = library_info()
    run(runner, made)
    after = library_info()
    [called] = [name for name, calls in after.calls.items() if calls > before.calls[name]]
    candidates = {
        one
        for one in after.calls
        if one.endswith(dtype if dtype == "int16" else ("_uint8", "_sad"))
    }
    assert called in candidates
    forced = os.environ.get("ADDERSR_FORCE_ISA")
    if forced is not None:
        assert called.startswith(forced)
        assert called == after.kernels[f"QLinearAdderConv {dtype}"]


@pytest.mark.parametrize("one", [*LARGE_VARIANTS, WIDE], ids=lambda one: one.name)
def test_the_number_of_threads_changes_nothing(one: Case) -> None:
    made = layer(one, EVERYTHING)
    for threads in (2, 5):
        np.testing.assert_array_equal(run(kernel(made, threads), made), made.expected())


@pytest.mark.parametrize("kind", KINDS, ids=name)
def test_the_place_in_the_image_changes_nothing(kind: Kind) -> None:
    made = layer(WIDE, replace(kind, z="none", r="none"))
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
    for kind in KINDS:
        made = layer(one, kind)
        np.testing.assert_array_equal(run(kernel(made), made), made.expected())


@pytest.mark.parametrize(("dtype", "bits"), [("uint8", 8), ("int16", 11), ("int16", 16)])
def test_the_largest_sums_are_exact(dtype: str, bits: int) -> None:
    # Opposite ends everywhere: the most that any accumulator ever holds.
    taps = min(2**30 >> bits, 7 * 7 * 400)
    channels = taps // 49
    made = layer(Case("ends", (1, channels, 7, 9), (3, channels, 7, 7)), Kind("e", dtype, bits))
    low, high = (0, 2**bits - 1) if dtype == "uint8" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    total = channels * 49 * (high - low)
    for x, w in ((low, high), (high, low)):
        p = replace(
            made.parameters,
            w=np.full_like(made.parameters.w, w),
            offset=np.full(1, total + low, np.int32),
            multiplier=np.ones(1, np.float32),
            bias=np.full(1, 7 - low, np.float32),
        )
        extreme = replace(made, x=np.full_like(made.x, x), parameters=p)
        np.testing.assert_array_equal(run(kernel(extreme), extreme), low + 7)


@pytest.mark.parametrize("offset", [-(2**30), 2**30])
@pytest.mark.parametrize("factor", [2.0**64, -(2.0**64), 1e-30])
def test_values_far_outside_the_domain_are_clamped(offset: int, factor: float) -> None:
    made = layer(case("channels_8_to_8"), EVERYTHING)
    p = made.parameters
    extreme = replace(
        made,
        parameters=replace(
            p,
            offset=np.full(1, offset, np.int32),
            multiplier=np.full(1, factor, np.float32),
            bias=np.full(1, -(2.0**63), np.float32),
            z_multiplier=np.full(1, -factor, np.float32),
            r_multiplier=np.full(1, factor, np.float32),
        ),
    )
    np.testing.assert_array_equal(run(kernel(extreme), extreme), extreme.expected())
    plain = replace(
        extreme, parameters=replace(extreme.parameters, table=np.arange(256)[None].astype(np.int16))
    )
    np.testing.assert_array_equal(run(kernel(plain), plain), plain.expected())
