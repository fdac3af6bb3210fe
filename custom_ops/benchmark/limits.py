"""What the arithmetic units allow: the kernels' instructions in registers, without any load.

The loops are written as assembly, so that no compiler changes them, and assembled when they are
needed. Input and filter are zero: no instruction here depends on values, except for denormals.
"""

import ctypes
import re
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from addersr.errors import AdderSRError

STEPS = 400_000


@dataclass(frozen=True)
class Limit:
    """One loop: for each accumulator ``instructions``, in AT&T order.

    ``{a}`` is the accumulator, ``{x}``, ``{w}``, ``{c}`` input, filter and a constant, ``{t}`` a
    temporary.
    """

    register: str
    accumulators: int
    values: int
    """Taps that one accumulator takes per step."""
    instructions: tuple[str, ...]
    flag: str
    """What /proc/cpuinfo calls the instruction set."""

    @property
    def taps(self) -> int:
        """Taps of one run."""
        return STEPS * self.accumulators * self.values


def _avx2(values: int, *instructions: str) -> Limit:
    return Limit("ymm", 12, values, instructions, "avx2")


def _avx512(values: int, *instructions: str, flag: str = "avx512bw") -> Limit:
    return Limit("zmm", 24, values, instructions, flag)


# Up to 6 bits: four maxima of uint8 in 8 bits, then their sum to 32 bits.
_MAX_UINT6: tuple[str, ...] = (*("vpmaxub {x}, {w}, {t}", "vpaddb {t}, {a}, {a}") * 4,)
_MAX_UINT6 += ("vpsadbw {x}, {a}, {t}", "vpaddd {t}, {t}, {t}")

#: By the name of the kernel that they bound; and those of other ways, to compare with.
X86_LIMITS: dict[str, Limit] = {
    "avx2_max_add": _avx2(8, "vmaxps {x}, {w}, {t}", "vaddps {t}, {a}, {a}"),
    "avx2_max_fma": _avx2(8, "vmaxps {x}, {w}, {t}", "vfmadd231ps {t}, {c}, {a}"),
    "avx2_sad": _avx2(32, "vpsadbw {x}, {w}, {t}", "vpaddd {t}, {a}, {a}"),
    "avx2_max_int16": _avx2(16, "vpmaxsw {x}, {w}, {t}", "vpaddw {t}, {a}, {a}"),
    "avx512_ymm_max_fma": Limit(
        "ymm", 20, 8, ("vmaxps {x}, {w}, {t}", "vfmadd231ps {t}, {c}, {a}"), "avx512vl"
    ),
    "avx512_max_add": _avx512(16, "vmaxps {x}, {w}, {t}", "vaddps {t}, {a}, {a}"),
    "avx512_max_fma": _avx512(16, "vmaxps {x}, {w}, {t}", "vfmadd231ps {t}, {c}, {a}"),
    "avx512_sad": _avx512(64, "vpsadbw {x}, {w}, {t}", "vpaddd {t}, {a}, {a}"),
    "avx512_max_int16": _avx512(32, "vpmaxsw {x}, {w}, {t}", "vpaddw {t}, {a}, {a}"),
    "convolution fp32, avx2": _avx2(8, "vfmadd231ps {x}, {w}, {a}"),
    "convolution int8, avx2": _avx2(
        32, "vpmaddubsw {x}, {w}, {t}", "vpmaddwd {c}, {t}, {t}", "vpaddd {t}, {a}, {a}"
    ),
    "convolution int8, avx512 vnni": _avx512(64, "vpdpbusd {x}, {w}, {a}", flag="avx512_vnni"),
    "max of 6 bits, avx2": _avx2(4 * 32, *_MAX_UINT6),
    "max of 6 bits, avx512": _avx512(4 * 64, *_MAX_UINT6),
}


def limits_of_this_cpu() -> dict[str, Limit]:
    """Those whose instructions this CPU has, by what the kernel of the system says."""
    try:
        flags = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return {}
    return {name: limit for name, limit in X86_LIMITS.items() if limit.flag in flags}


def assemble(limits: dict[str, Limit]) -> dict[str, Callable[[], None]]:
    """Functions that run each loop ``STEPS`` times.

    Raises:
        AdderSRError: there is no C compiler.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder) / "limits.s", Path(folder) / "limits.so"
        source.write_text("".join(_function(name, limit) for name, limit in limits.items()))
        try:
            subprocess.run(["cc", "-shared", "-o", library, source], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise AdderSRError(f"The limits need a C compiler named cc: {error}") from error
        loaded = ctypes.CDLL(str(library))
    return {name: _bind(loaded, name) for name in limits}


def _bind(library: ctypes.CDLL, name: str) -> Callable[[], None]:
    function = library[_label(name)]
    function.argtypes = [ctypes.c_long]
    function.restype = None
    return lambda: function(STEPS)


def _label(name: str) -> str:
    return "limit_" + re.sub(r"\W", "_", name)


def _function(name: str, limit: Limit) -> str:
    count = limit.accumulators
    names = {key: f"%{limit.register}{count + i}" for i, key in enumerate(("x", "w", "c", "t"))}
    # Only registers from 16 on need AVX-512, to be cleared as well.
    clear = [
        f"vpxor{'d' * (i > 15)} %{limit.register}{i}, %{limit.register}{i}, %{limit.register}{i}"
        for i in range(count + 4)
        if limit.register != "zmm" or i > 15
    ]
    if limit.register == "zmm":
        clear += [f"vpxor %ymm{i}, %ymm{i}, %ymm{i}" for i in range(16)]
    body = [
        instruction.format(a=f"%{limit.register}{i}", **names)
        for i in range(count)
        for instruction in limit.instructions
    ]
    label = _label(name)
    lines = [*clear, "1:", *body, "dec %rdi", "jnz 1b", "vzeroupper", "ret"]
    head = f".globl {label}\n.type {label}, @function\n{label}:\n"
    return head + "\n".join(lines) + '\n.section .note.GNU-stack,"",@progbits\n.text\n'
