"""The inner loops of the Arm kernels, as tools/arm_predictions.py finds them in the cross build."""

import runpy
import shutil
import subprocess
from typing import Any

import pytest

from .aarch64 import ROOT, build

TOOL = runpy.run_path(str(ROOT / "tools" / "arm_predictions.py"))

# Two nested loops as objdump prints them; the inner one loads from the stack.
LISTING = """
0000000000000000 <row(int)>:
   0:\tmov\tx1, #0x0                   \t// #0
   4:\tldr\tq1, [sp, #16]
   8:\tfadd\tv0.4s, v0.4s, v1.4s
   c:\tsubs\tx1, x1, #0x1
  10:\tb.ne\t4 <row(int)+0x4>  // b.any
  14:\tcbnz\tx2, 0 <row(int)>
  18:\tret
"""


def test_the_innermost_loop_is_found() -> None:
    code = TOOL["functions"](LISTING)["row(int)"]
    assert [one.mnemonic for one in code] == ["mov", "ldr", "fadd", "subs", "b.ne", "cbnz", "ret"]
    [loop] = TOOL["innermost_loops"](code)
    assert [one.mnemonic for one in loop] == ["ldr", "fadd", "subs", "b.ne"]
    assert TOOL["spills"](loop) == 1


@pytest.mark.parametrize("kernel", TOOL["KERNELS"], ids=lambda kernel: kernel.name)
def test_accumulators_stay_in_registers(kernel: Any) -> None:
    build()
    compiler = subprocess.check_output(["aarch64-linux-gnu-g++", "-dumpversion"], text=True)
    if int(compiler.split(".")[0]) != 12:
        pytest.skip("the compiler flags against spilling were found for g++ 12")
    if shutil.which(TOOL["OBJDUMP"]) is None:
        pytest.skip(f"no {TOOL['OBJDUMP']} on this machine")
    assert TOOL["spills"](TOOL["inner_loop"](kernel)) == 0
