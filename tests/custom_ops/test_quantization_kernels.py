"""The kernels of the ops that quantise, through onnxruntime: equal to the references, bit for bit.

``test_every_isa.py`` repeats these tests with every other kernel that the CPU runs.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addersr.custom_ops import library_info

from .adder_conv_model import session
from .quantization_cases import (
    CALLS,
    TYPES,
    Array,
    Call,
    call_name,
    dequantize,
    node_model,
    quantize,
    requantize,
)

LARGEST = [
    quantize((2, 3, 41, 300), "uint8", 8, per_channel=True),
    dequantize((2, 41, 300, 1), "int16", 2, per_channel=True, anchor=True),
    requantize((2, 41, 300, 5), "int16", "uint8", 8, per_channel=True),
]


def run(call: Call, threads: int = 1) -> Array:
    runner = session(node_model(call), library=True, threads=threads)
    (y,) = runner.run(None, {"X": call.inputs["X"]})
    return np.asarray(y)


def assert_same_bits(actual: Array, expected: Array) -> None:
    """Also zeros of both signs."""
    assert actual.dtype == expected.dtype
    np.testing.assert_array_equal(actual, expected)
    np.testing.assert_array_equal(np.signbit(actual), np.signbit(expected))


@pytest.mark.parametrize("call", [*CALLS, *LARGEST], ids=call_name)
def test_kernels_equal_the_references(call: Call) -> None:
    assert_same_bits(run(call), call.expected())


@pytest.mark.parametrize("call", LARGEST, ids=call_name)
def test_the_number_of_threads_changes_nothing(call: Call) -> None:
    for threads in (2, 5):
        assert_same_bits(run(call, threads), call.expected())


@pytest.mark.parametrize("call", LARGEST, ids=call_name)
def test_the_chosen_kernel_and_no_other_runs(call: Call) -> None:
    before = library_info()
    run(call)
    after = library_info()
    called = [name for name, calls in after.calls.items() if calls > before.calls[name]]
    assert called == [after.kernels["quantization"]]


@pytest.mark.parametrize("call", LARGEST, ids=call_name)
def test_computed_parameters_change_nothing(call: Call) -> None:
    runner = session(node_model(call, fed=tuple(call.inputs)), library=True)
    assert_same_bits(np.asarray(runner.run(None, call.inputs)[0]), call.expected())


SIZES = st.tuples(*(st.integers(0, most) for most in (2, 5, 5, 70)))


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(SIZES, st.sampled_from(TYPES), st.integers(1, 8), st.booleans(), st.booleans())
def test_any_valid_call_equals_the_reference(
    sizes: tuple[int, int, int, int],
    kind: tuple[str, int],
    block: int,
    per_channel: bool,
    anchor: bool,
) -> None:
    n, c, h, w = sizes
    dtype, bits = kind
    c = max(c, 1)
    for call in (
        quantize((n, c, h, w), dtype, bits, per_channel=per_channel),
        dequantize((n, h, w, c), dtype, block, per_channel=per_channel, anchor=anchor),
        requantize((n, h, w, c), "int16", dtype, bits, per_channel=per_channel),
        requantize((n, h, w, c), "uint8", dtype, bits, per_channel=per_channel),
    ):
        assert_same_bits(run(call), call.expected())


@pytest.mark.parametrize("width", [1, 3, 16, 19])
@pytest.mark.parametrize(
    ("x", "multiplier", "expected"),
    [
        (np.nan, 1, 0),
        (np.inf, 1, 255),
        (-np.inf, 1, 0),
        (np.inf, 0, 0),  # not a number
        (1e38, 2.0**64, 255),
        (-1e38, 2.0**64, 0),
        (0.5, 1, 100),
        (1.5, 1, 102),
        (-0.5, 1, 100),
        (2.5, -1, 98),
        (-1e-40, 1, 100),
    ],
)
def test_one_value(x: float, multiplier: float, expected: int, width: int) -> None:
    call = Call(
        "QuantizeChannelsLast",
        {
            "X": np.full((1, 1, 1, width), x, np.float32),
            "multiplier": np.full(1, multiplier, np.float32),
            "zero_point": np.full(1, 100, np.uint8),
        },
        {"bits": 8},
    )
    np.testing.assert_array_equal(call.expected(), expected)
    np.testing.assert_array_equal(run(call), expected)


def test_product_and_sum_are_rounded_one_after_the_other() -> None:
    # In a fused multiply-add the sum would not be 0.
    x = np.full((1, 1, 37, 1), 3, np.uint8)
    multiplier = np.full(1, 1 / 3, np.float32)
    product = np.float32(3) * multiplier[0]
    assert float(product) != 3 * float(multiplier[0])
    call = Call(
        "DequantizeChannelsFirst",
        {
            "X": x,
            "multiplier": multiplier,
            "zero_point": np.zeros(1, np.uint8),
            "anchor": np.full((1, 1, 1, 1), -product, np.float32),
        },
        {"blocksize": 1},
    )
    np.testing.assert_array_equal(run(call), 0)
