"""The kernels of the ops on pictures, through onnxruntime: equal to the references, bit for bit.

``test_every_isa.py`` repeats these tests with every other kernel that the CPU runs.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addersr.custom_ops import library_info
from addersr.custom_ops.image import cubic_filter

from .adder_conv_model import session
from .image_cases import CALLS, LARGEST, Array, Call, call_name, node_model, to_luma, to_rgb


def run(call: Call, threads: int = 1) -> Array:
    runner = session(node_model(call), library=True, threads=threads)
    return np.asarray(runner.run(None, call.fed)[0])


def assert_same_bits(actual: Array, expected: Array) -> None:
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    np.testing.assert_array_equal(actual, expected)
    assert actual.tobytes() == expected.tobytes()


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
    assert called == [after.kernels["image"]]


@pytest.mark.parametrize("call", LARGEST[1:], ids=call_name)
def test_a_computed_filter_changes_nothing(call: Call) -> None:
    runner = session(node_model(call, fed=tuple(call.inputs)), library=True)
    assert_same_bits(np.asarray(runner.run(None, call.inputs)[0]), call.expected())


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 2), st.integers(0, 40), st.integers(0, 300), st.integers(1, 8), st.booleans())
def test_any_valid_call_equals_the_reference(n: int, h: int, w: int, s: int, cubic: bool) -> None:
    w = min(w, 6000 // max(1, n * h * s))
    for call in (to_luma((n, h, w)), to_rgb((n, h, w), s, cubic=cubic)):
        assert_same_bits(run(call), call.expected())


def test_colours_all_over_the_cube() -> None:
    levels = np.arange(0, 256, 3, np.uint8)
    x = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, len(levels), -1, 3)
    call = Call("RgbToLuma", {"X": x})
    assert_same_bits(run(call), call.expected())


@pytest.mark.parametrize("width", [1, 3, 16, 19])
@pytest.mark.parametrize(
    ("luma", "level"),
    [
        (np.nan, 0),
        (np.inf, 255),
        (-np.inf, 0),
        (0, 0),
        (16 / 255, 0),
        (235 / 255, 255),
        (1, 255),
        (3e38, 255),
        (-3e38, 0),
        (125.5 / 255, 128),  # 127.5 becomes even
    ],
)
def test_one_luma_on_gray(luma: float, level: int, width: int) -> None:
    y = np.full((1, 1, 2, 2 * width), luma, np.float32)
    x = np.full((1, 1, width, 3), 77, np.uint8)
    call = Call("LumaToRgb", {"Y": y, "X": x, "filter": cubic_filter(2)})
    np.testing.assert_array_equal(call.expected(), level)
    np.testing.assert_array_equal(run(call), level)
