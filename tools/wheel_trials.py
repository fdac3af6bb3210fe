"""Installs a wheel where nothing else of the checkout is, and uses it from Python and from C.

A trial returns one line that is the same for every processor: checksums of a picture that the
installed command enlarged, and of one that a program in C enlarged with the wheel's library.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import emulated_python

ROOT = Path(__file__).resolve().parents[1]

# In integers and in gray, so that all processors agree in every bit.
MODEL = "tiny-x2-adder-u8"
PICTURE = """
import cv2, numpy
rows, columns = numpy.mgrid[0:64, 0:96]
cv2.imwrite("small.png", (2 * rows + columns + 40 * (columns // 16 % 2)).astype(numpy.uint8))
"""
CHECKSUM = """
import cv2, hashlib
pixels = cv2.imread("large.png", cv2.IMREAD_UNCHANGED)
print(pixels.shape, hashlib.sha256(pixels.tobytes()).hexdigest())
"""
COMMAND = "from addersr.cli import main; main()"
KERNELS = "from addersr.custom_ops import library as l; print(*l.library_info().available_isas)"
FOLDERS = "import addersr.runtime as r, addersr.zoo as z; print(r.cmake_dir()); print(z.__file__)"


def native(wheel: Path, folder: Path, zig: Path, target: str) -> str | None:
    """On this machine, in a virtual environment of its own."""
    if platform.machine() != "x86_64":
        print("-- Skipped the trial of the x86-64 wheel: this is another processor")
        return None
    environment = folder / "venv"
    shutil.rmtree(environment, ignore_errors=True)
    _run([sys.executable, "-m", "venv", environment])
    python = environment / "bin" / "python"
    _run([python, "-m", "pip", "install", "--quiet", wheel])
    # The checkout's own library sees the same CPU.
    isas = _run([sys.executable, "-c", KERNELS])
    return _use([python], folder, zig, target, [], isas)


def emulated(wheel: Path, folder: Path, zig: Path, target: str) -> str | None:
    """Under qemu, in Debian's Python for 64-bit Arm."""
    missing = emulated_python.missing()
    if missing:
        print(f"-- Skipped the trial of the aarch64 wheel: {missing}")
        return None
    system = emulated_python.fetch(folder / "debian")
    packages = folder / "packages"
    shutil.rmtree(packages, ignore_errors=True)
    emulated_python.install(wheel, packages, system)
    emulator = emulated_python.emulator(system)
    python = [*emulator, *emulated_python.interpreter(system, packages)]
    return _use(python, folder, zig, target, emulator, emulated_python.ISAS)


#: By the processor that a wheel is for.
TRIALS: Mapping[str, Callable[[Path, Path, Path, str], str | None]] = {
    "x86_64": native,
    "aarch64": emulated,
}


def _use(
    python: Sequence[str | Path],
    folder: Path,
    zig: Path,
    target: str,
    emulator: Sequence[str | Path],
    isas: str,
) -> str:
    trial = folder / "trial"
    shutil.rmtree(trial, ignore_errors=True)
    trial.mkdir()
    print(_run([*python, "-c", COMMAND, "doctor"], trial).rstrip())
    seen = _run([*python, "-c", KERNELS], trial)
    if set(seen.split()) != set(isas.split()):
        sys.exit(f"The wheel's library sees the instruction sets {seen!r}; there are {isas!r}.")
    _run([*python, "-c", PICTURE], trial)
    command = ["upscale", "small.png", "-o", "large.png", "--model", MODEL]
    _run([*python, "-c", COMMAND, *command], trial)
    picture = _run([*python, "-c", CHECKSUM], trial).strip()

    # A program in C, by the CMake package that the wheel carries.
    cmake_dir, zoo = map(Path, _run([*python, "-c", FOLDERS], trial).split())
    cmake = shutil.which("cmake", path=f"{folder.parent}/tools/bin") or "cmake"
    options = [
        f"--toolchain={ROOT / 'cmake' / 'zig.cmake'}",
        f"-DADDERSR_ZIG={zig}",
        f"-DADDERSR_ZIG_TARGET={target}",
        f"-DAdderSR_DIR={cmake_dir}",
    ]
    source = ROOT / "tests" / "runtime" / "consumers" / "c"
    _run([cmake, "-S", source, "-B", trial / "c", *options], trial)
    _run([cmake, "--build", trial / "c"], trial)
    # Without a word on where onnxruntime is.
    consumer = _run([*emulator, trial / "c" / "consumer", zoo.parent / f"{MODEL}.onnx"], trial)
    print(f"-- Python: {picture}\n-- C: {consumer.strip()}")
    return hashlib.sha256(f"{picture} {consumer}".encode()).hexdigest()


def _run(command: Sequence[str | Path], folder: Path | None = None) -> str:
    """What a program prints, run without what this checkout's environment might tell it."""
    environment = {name: value for name, value in os.environ.items() if not _is_ours(name)}
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout


def _is_ours(variable: str) -> bool:
    return variable.startswith(("ADDERSR_", "PYTHON", "VIRTUAL_ENV", "CMAKE_", "LD_"))
