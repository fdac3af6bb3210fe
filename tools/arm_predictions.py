"""Prints what the Arm kernels' inner loops consist of, and how fast llvm-mca expects them to be.

Predictions, never measured on hardware: ``make arm-predictions``. The loop is found in the
disassembly of the cross build: of all innermost loops in functions whose name contains the given
text, the one with the most accumulating instructions. Another kernel is one line in ``KERNELS``.
"""

import argparse
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

BUILD = Path(__file__).resolve().parents[1] / "build" / "cpp" / "arm"
OBJDUMP = "aarch64-linux-gnu-objdump"
CPUS = ("cortex-a55", "neoverse-n1", "cortex-x2", "neoverse-v1")
ITERATIONS = 200


@dataclass(frozen=True)
class Kernel:
    """A kernel: its object file, and the instruction that adds to the accumulators."""

    name: str
    object: str
    #: Part of the demangled name of the function that holds the loop.
    function: str
    accumulate: str
    #: How much of its work one such instruction accounts for.
    lanes: int
    #: An instruction of other loops of the same function, which this one has not.
    never: str = ""
    #: What the work consists of.
    work: str = "absolute differences"


KERNELS = (
    Kernel(
        "AdderConv fp32, neon_max_add",
        "custom_ops/adder_conv/CMakeFiles/addersr_kernels.dir/neon.cc.o",
        "adder_conv::",
        "fadd",
        4,
        never="fmul",
    ),
    Kernel(
        "QLinearAdderConv uint8, neon_uint8",
        "custom_ops/qlinear_adder_conv/CMakeFiles/addersr_qlinear_kernels.dir/neon.cc.o",
        "Uint8, 6, 2>",
        "uadalp",
        16,
    ),
    Kernel(
        "QLinearAdderConv uint8 of up to 6 bits, neon_uint6",
        "custom_ops/qlinear_adder_conv/CMakeFiles/addersr_qlinear_kernels.dir/neon.cc.o",
        "Uint6, 4, 2>",
        "uadalp",
        64,
    ),
    Kernel(
        "QLinearAdderConv uint8, neon_dotprod_uint8",
        "custom_ops/qlinear_adder_conv/CMakeFiles/addersr_qlinear_kernels.dir/neon_dotprod.cc.o",
        "Uint8, 6, 2>",
        "udot",
        16,
    ),
    Kernel(
        "QLinearAdderConv int16, neon_int16",
        "custom_ops/qlinear_adder_conv/CMakeFiles/addersr_qlinear_kernels.dir/neon.cc.o",
        "Int16, 6, 2>",
        "saba",
        8,
    ),
    Kernel(
        "QLinearFusedConv, neon_conv_uint8",
        "custom_ops/qlinear_fused_conv/CMakeFiles/addersr_conv_kernels.dir/neon.cc.o",
        "Tile<addersr::qlinear_fused_conv::(anonymous namespace)::Neon<unsigned char>, 6, 2, 1>",
        "smlal",
        8,  # with the SMLAL2 beside it, which takes the upper halves
        work="products",
    ),
)


@dataclass(frozen=True)
class Instruction:
    """One line of a disassembly; ``target`` is where a branch goes."""

    address: int
    text: str
    target: int | None

    @property
    def mnemonic(self) -> str:
        """``fadd`` of ``fadd v0.4s, v1.4s, v2.4s``."""
        return self.text.split()[0]


def functions(disassembly: str) -> dict[str, list[Instruction]]:
    """The instructions of every function in the output of objdump."""
    found: dict[str, list[Instruction]] = {}
    current: list[Instruction] = []
    for line in disassembly.splitlines():
        if header := re.match(r"[0-9a-f]+ <(.*)>:$", line):
            current = found.setdefault(header[1], [])
        elif code := re.match(r"\s*([0-9a-f]+):\t(.*?)\s*(//.*)?$", line):
            text = code[2].replace("\t", " ")
            branch = re.match(r"(?:b|b\.\w+|cbn?z|tbn?z) (?:.*, )?([0-9a-f]+) <", text)
            target = int(branch[1], 16) if branch else None
            current.append(Instruction(int(code[1], 16), text, target))
    return found


def innermost_loops(code: list[Instruction]) -> list[list[Instruction]]:
    """The pieces from a backward branch's target to the branch that hold no other such piece."""
    spans = [
        (one.target, one.address)
        for one in code
        if one.target is not None and code[0].address <= one.target <= one.address
    ]
    inner = [
        (first, last)
        for first, last in spans
        if not any(first <= f and end <= last and (f, end) != (first, last) for f, end in spans)
    ]
    return [[one for one in code if first <= one.address <= last] for first, last in inner]


def inner_loop(kernel: Kernel) -> list[Instruction]:
    """The loop of a kernel that does the work."""
    command = [OBJDUMP, "--disassemble", "--demangle", "--no-show-raw-insn"]
    listing = subprocess.run(
        [*command, BUILD / kernel.object], capture_output=True, text=True, check=True
    ).stdout
    loops = [
        loop
        for name, code in functions(listing).items()
        if kernel.function in name and code
        for loop in innermost_loops(code)
        if all(one.mnemonic != kernel.never for one in loop)
    ]
    if not loops:
        raise SystemExit(f"No loop in a function with '{kernel.function}' in {kernel.object}.")
    return max(loops, key=lambda loop: _accumulates(kernel, loop))


def cycles(loop: list[Instruction], mca: str, cpu: str) -> float:
    """Cycles of one turn of the loop, as llvm-mca predicts them for a CPU."""
    first = loop[0].address
    lines = [
        re.sub(r"[0-9a-f]+ <.*", "loop", one.text) if one.target is not None else one.text
        for one in loop
    ]
    assert loop[-1].target == first
    result = subprocess.run(
        [mca, "-mtriple=aarch64-linux-gnu", f"-mcpu={cpu}", f"-iterations={ITERATIONS}"],
        input="\n".join(["loop:", *lines, ""]),
        capture_output=True,
        text=True,
        check=False,
    )
    total = re.search(r"Total Cycles:\s+(\d+)", result.stdout)
    if total is None:
        raise SystemExit(f"{mca} failed for {cpu}: {result.stderr}")
    return int(total[1]) / ITERATIONS


def spills(loop: list[Instruction]) -> int:
    """How many instructions load or store a register that did not fit: those on the stack."""
    return sum("[sp" in one.text for one in loop)


def _accumulates(kernel: Kernel, loop: list[Instruction]) -> int:
    return kernel.lanes * sum(one.mnemonic == kernel.accumulate for one in loop)


def _llvm_mca() -> str:
    """The newest llvm-mca: every version knows more CPUs."""
    for name in [*(f"llvm-mca-{version}" for version in range(40, 12, -1)), "llvm-mca"]:
        if path := shutil.which(name):
            return path
    raise SystemExit("Skipped: no llvm-mca on this machine; on Debian 12: apt-get install llvm-19")


def main() -> None:
    """Print one paragraph per kernel."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="print the loops themselves")
    show = parser.parse_args().show
    mca = _llvm_mca()
    if shutil.which(OBJDUMP) is None or not BUILD.is_dir():
        raise SystemExit("Skipped: `make arm` must have built the kernels first.")
    version = re.search(r"version ([\d.]+)", subprocess.check_output([mca, "--version"], text=True))
    print(f"Predictions by llvm-mca {version[1] if version else '?'}, not measurements.")
    for kernel in KERNELS:
        loop = inner_loop(kernel)
        done = _accumulates(kernel, loop)
        counts = Counter(one.mnemonic for one in loop)
        print(f"\n{kernel.name}: {len(loop)} instructions for {done} {kernel.work}")
        print("  " + ", ".join(f"{count} {name}" for name, count in counts.most_common()))
        print(f"  {spills(loop)} of them load or store spilled registers")
        for cpu in CPUS:
            print(f"  {cpu}: {done / cycles(loop, mca, cpu):.2f} per cycle")
        if show:
            print("\n".join(f"    {one.text}" for one in loop))


if __name__ == "__main__":
    main()
