"""QLinearAdderConv on 64-bit Arm, in onnxruntime's aarch64 library, emulated (``aarch64.py``)."""

from pathlib import Path

import numpy as np
import pytest

from .aarch64 import Aarch64, machine
from .adder_conv_cases import Case, case
from .qlinear_cases import KINDS, Kind, layer, node_model

CASES = [
    Case("large_on_arm", (1, 17, 19, 55), (35, 17, 3, 3), pads=(1, 1, 1, 1)),
    *map(case, ("channels_1_to_1", "groups_3_of_17_filters", "batch_3_groups_2")),
]
FORCED = {
    "neon": {"neon_uint6", "neon_uint8", "neon_int16"},
    "neon_dotprod": {"neon_dotprod_uint8", "neon_int16"},
    "portable": {"portable_uint8", "portable_int16"},
}


@pytest.fixture(scope="module")
def aarch64() -> Aarch64:
    return machine()


@pytest.mark.parametrize("forced", FORCED)
@pytest.mark.parametrize("kind", [KINDS[1], KINDS[2], KINDS[4]], ids=lambda kind: kind.name)
@pytest.mark.parametrize("one", CASES, ids=lambda one: one.name)
def test_arm_equals_the_reference(
    aarch64: Aarch64, tmp_path: Path, one: Case, kind: Kind, forced: str
) -> None:
    made = layer(one, kind)
    fed = {"X": made.x, "Z": made.z, "R": made.r}
    model = node_model(made, fed=tuple(fed)).SerializeToString()
    on_arm = aarch64.run(model, fed, ["Y"], tmp_path, forced=forced, threads=2)
    np.testing.assert_array_equal(on_arm.outputs[0], made.expected())
    assert len(on_arm.kernels) == 1
    assert on_arm.kernels <= FORCED[forced]


def test_a_cpu_without_dot_products_takes_the_other_kernel(
    aarch64: Aarch64, tmp_path: Path
) -> None:
    made = layer(CASES[0], KINDS[0])
    model = node_model(made).SerializeToString()
    on_arm = aarch64.run(model, {"X": made.x}, ["Y"], tmp_path, cpu="cortex-a53")
    np.testing.assert_array_equal(on_arm.outputs[0], made.expected())
    assert "neon_dotprod" not in on_arm.after["available_isas"]
