"""The tests of the kernels, once more for every kernel that is not the default here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from addersr.custom_ops import library_info

HERE = Path(__file__).parent
INFO = library_info()
RUN = """
import hashlib
from addersr.custom_ops.benchmark import layers
chain = layers.Layers(24, 24, 24, 2)
for model, x in (
    layers.adder_conv(chain),
    layers.fused_adder_conv(chain, power=False),
    layers.fused_adder_conv(chain, power=True),
):
    [y] = layers.session(model).run(None, {"x0": x})
    print(hashlib.sha256(y.tobytes()).hexdigest())
"""
OTHERS = [
    kernel
    for kernel in INFO.calls
    if kernel.endswith(("_max_add", "_max_fma"))
    and kernel != INFO.kernel
    and kernel.split("_")[0] in INFO.available_isas
]
INTEGER_TESTS = [
    f"test_{op}_kernels.py" for op in ("qlinear", "fused_conv", "quantization", "image")
]
# In integers each instruction set has one kernel for each type.
OTHER_ISAS = [
    isa
    for isa in INFO.available_isas
    if not all(kernel.startswith(f"{isa}_") for kernel in list(INFO.kernels.values())[1:])
]


def _passes(forced: str, *tests: str) -> None:
    # The library chooses once per process, hence another one.
    files = [str(HERE / name) for name in tests]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    environment = {**os.environ, "ADDERSR_FORCE_ISA": forced}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("kernel", OTHERS)
def test_kernels_pass_with(kernel: str) -> None:
    _passes(kernel, "test_kernels.py", "test_fused_kernels.py")


@pytest.mark.parametrize("isa", OTHER_ISAS)
@pytest.mark.parametrize("tests", INTEGER_TESTS)
def test_integer_kernels_pass_with(tests: str, isa: str) -> None:
    _passes(isa, tests)


def _digest(kernel: str) -> str:
    environment = {**os.environ, "ADDERSR_FORCE_ISA": kernel}
    command = [sys.executable, "-c", RUN]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("kernel", OTHERS)
def test_results_are_those_of_the_default_kernel(kernel: str) -> None:
    # Bit for bit: the choice is made by a measurement and must not change a picture.
    assert _digest(kernel) == _digest(INFO.kernel)
