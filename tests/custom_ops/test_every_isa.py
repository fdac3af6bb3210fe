"""The tests of the kernels, once more for every kernel that is not the default here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from addersr.custom_ops import library_info

TESTS = Path(__file__).with_name("test_kernels.py")
INFO = library_info()
OTHERS = [
    kernel
    for kernel in INFO.calls
    if kernel != INFO.kernel and kernel.split("_")[0] in INFO.available_isas
]


@pytest.mark.parametrize("kernel", OTHERS)
def test_kernels_pass_with(kernel: str) -> None:
    # The library chooses once per process, hence another one.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(TESTS)]
    environment = {**os.environ, "ADDERSR_FORCE_ISA": kernel}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
