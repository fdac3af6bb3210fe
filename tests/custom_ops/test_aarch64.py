"""The op library on 64-bit Arm, inside onnxruntime's aarch64 library, emulated (``aarch64.py``)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from .aarch64 import Aarch64, machine
from .adder_conv_cases import Case, case
from .adder_conv_model import assert_matches, expected, node_model, run, session

# Several panels and tiles, each with a remainder, and several blocks of rows.
LARGE = Case("large_on_arm", (1, 17, 19, 15), (35, 17, 3, 3), pads=(1, 1, 1, 1))
SMALL = case("channels_17_to_23")
MODELS = [
    LARGE,
    SMALL,
    *map(
        case,
        (
            "channels_1_to_1",
            "image_1x1_padded",
            "stride_drops_the_rest",
            "dilation_3x2_stride_2x1",
            "groups_3_of_17_filters",
            "same_lower_2x3_stride_2_dilation_2x3",
            "batch_3_groups_2",
            "batch_empty",
        ),
    ),
]


@pytest.fixture(scope="module")
def aarch64() -> Aarch64:
    return machine()


def model(one: Case, *, function: bool = False) -> bytes:
    return bytes(node_model(one, function=function).SerializeToString())


@pytest.mark.parametrize("one", MODELS, ids=lambda one: one.name)
def test_arm_matches_the_reference_and_equals_this_machine(
    aarch64: Aarch64, tmp_path: Path, one: Case
) -> None:
    x = one.arrays()[0]
    # Forced, since the dispatcher measures, and under an emulator portable code may be fastest.
    on_arm = aarch64.run(model(one), {"X": x}, ["Y"], tmp_path, forced="neon", threads=2)
    assert on_arm.onnxruntime == onnxruntime.__version__
    assert on_arm.kernels <= {"neon_max_add"}  # none for an empty batch
    assert_matches(one, on_arm.outputs[0], expected(one))
    # Bit for bit: all kernels sum in the same order, on every platform.
    here = run(session(node_model(one, function=False), library=True), X=x)
    np.testing.assert_array_equal(on_arm.outputs[0], here)


def test_zeros_of_both_signs_and_tiny_values_equal_this_machine(
    aarch64: Aarch64, tmp_path: Path
) -> None:
    # Arm and x86 differ in the maximum of +0 and -0; no sum may show it.
    special = np.array([0.0, -0.0, 1e-40, -1e-40, 1.0, -2.0], np.float32)
    x = np.random.default_rng(0).choice(special, SMALL.x)
    inner = node_model(SMALL, function=False)
    w = np.random.default_rng(1).choice(special, SMALL.w)
    inner.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(w, "W"))
    on_arm = aarch64.run(inner.SerializeToString(), {"X": x}, ["Y"], tmp_path, forced="neon")
    here = run(session(inner, library=True), X=x)
    assert on_arm.outputs[0].tobytes() == here.tobytes()


@pytest.mark.parametrize(
    ("cpu", "forced", "isa"),
    [
        ("cortex-a53", None, None),  # a measurement chooses, and an emulator has other favourites
        ("cortex-a76", None, None),
        ("cortex-a53", "neon", "neon"),
        ("max", "portable", "portable"),
        # Floats gain nothing from dot products: the best kernel below runs.
        ("max", "neon_dotprod", "neon"),
    ],
)
def test_the_right_kernel_runs(
    aarch64: Aarch64, tmp_path: Path, cpu: str, forced: str | None, isa: str | None
) -> None:
    x = SMALL.arrays()[0]
    one = aarch64.run(model(SMALL), {"X": x}, ["Y"], tmp_path, cpu=cpu, forced=forced)
    assert isa in (None, one.after["isa"])
    assert {"neon", "portable"} <= set(one.after["available_isas"])
    assert one.kernels == {one.after["kernel"]}
    assert one.after["kernel"].startswith(one.after["isa"])
    assert_matches(SMALL, one.outputs[0], expected(SMALL))


@pytest.mark.parametrize(
    ("forced", "sentence"),
    [("neon_dotprod", "this CPU cannot run"), ("avx2", "not the name of an instruction set")],
)
def test_what_this_cpu_lacks_ends_in_a_sentence(
    aarch64: Aarch64, tmp_path: Path, forced: str, sentence: str
) -> None:
    with pytest.raises(RuntimeError, match=sentence):
        aarch64.run(
            model(SMALL),
            {"X": SMALL.arrays()[0]},
            ["Y"],
            tmp_path,
            cpu="cortex-a53",
            forced=forced,
        )


def test_the_function_body_gives_way_to_the_kernel(aarch64: Aarch64, tmp_path: Path) -> None:
    x = SMALL.arrays()[0]
    one = aarch64.run(model(SMALL, function=True), {"X": x}, ["Y"], tmp_path)
    assert one.kernels == {one.after["kernel"]}
    assert_matches(SMALL, one.outputs[0], expected(SMALL))


def test_the_comparison_notices_another_filter(aarch64: Aarch64, tmp_path: Path) -> None:
    other = replace(SMALL, name="channels_17_to_23_with_other_numbers")
    one = aarch64.run(model(other), {"X": SMALL.arrays()[0]}, ["Y"], tmp_path)
    with pytest.raises(AssertionError):
        assert_matches(SMALL, one.outputs[0], expected(SMALL))
