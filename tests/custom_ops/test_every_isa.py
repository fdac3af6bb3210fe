"""The tests of the kernels, once more for every instruction set that is not the default here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from addersr.custom_ops import library_info

TESTS = Path(__file__).with_name("test_kernels.py")
OTHERS = [isa for isa in library_info().available_isas if isa != library_info().isa]


@pytest.mark.parametrize("isa", OTHERS)
def test_kernels_pass_with(isa: str) -> None:
    # The library chooses once per process, hence another one.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(TESTS)]
    environment = {**os.environ, "ADDERSR_FORCE_ISA": isa}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
