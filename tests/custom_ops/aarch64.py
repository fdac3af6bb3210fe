"""Runs models on 64-bit Arm: the op library and onnxruntime's aarch64 library under qemu-user.

The programs come from ``make arm``, onnxruntime from its aarch64 wheel, in the version of the one
that is installed here. Any op can be run: see :meth:`Aarch64.run`.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "cpp" / "arm"
FOLDER = ROOT / "build" / "aarch64"
CROSS_LIBRARIES = Path("/usr/aarch64-linux-gnu")

# Numbers of ONNXTensorElementDataType.
ELEMENT_TYPES = {1: "float32", 2: "uint8", 3: "int8", 5: "int16", 6: "int32"}

# onnxruntime reads /proc/cpuinfo, and ends the process when it describes an x86 CPU.
CPUINFO = Path(__file__).with_name("cortex_a76_cpuinfo.txt")


@dataclass(frozen=True)
class Run:
    """One run of a model."""

    outputs: list[npt.NDArray[Any]]
    #: What ``AddersrInfo`` said before and after the run.
    before: dict[str, Any]
    after: dict[str, Any]
    #: Version of the onnxruntime that ran.
    onnxruntime: str

    @property
    def kernels(self) -> set[str]:
        """The kernels that were called, by their own counters."""
        return {k for k, n in self.after["calls"].items() if n > self.before["calls"][k]}


@dataclass(frozen=True)
class Aarch64:
    """An emulated Arm machine with onnxruntime and our op library."""

    onnxruntime: Path
    sysroot: Path

    def run(
        self,
        model: bytes,
        inputs: Mapping[str, npt.NDArray[Any]],
        outputs: Sequence[str],
        folder: Path,
        *,
        cpu: str = "max",
        forced: str | None = None,
        threads: int = 1,
    ) -> Run:
        """Run a model once on the CPU that qemu calls ``cpu``; files go into ``folder``.

        Raises:
            RuntimeError: the run failed; with the sentence that the program printed.
        """
        (folder / "model.onnx").write_bytes(model)
        tensors = []
        for i, (name, values) in enumerate(inputs.items()):
            file = folder / f"input{i}"
            file.write_bytes(np.ascontiguousarray(values).tobytes())
            [number] = [n for n, element in ELEMENT_TYPES.items() if element == values.dtype]
            sizes = "x".join(str(size) for size in values.shape)
            tensors.append(f"{name}:{number}:{sizes}:{file}")
        command = ["qemu-aarch64", "-cpu", cpu, "-L", self.sysroot]
        command += [BUILD / "tests" / "custom_ops" / "cpp" / "addersr_model_runner"]
        command += [self.onnxruntime, BUILD / "custom_ops" / "onnxruntime" / "libaddersr_ops.so"]
        command += [folder / "model.onnx", str(threads), folder, *tensors, "--", *outputs]
        environment = {**os.environ, "ADDERSR_FORCE_ISA": forced or ""}
        result = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )
        if result.returncode != 0:
            raise RuntimeError(result.stderr)
        answer = json.loads(result.stdout)
        arrays = [
            np.frombuffer((folder / str(i)).read_bytes(), ELEMENT_TYPES[one["type"]]).reshape(
                one["sizes"]
            )
            for i, one in enumerate(answer["outputs"])
        ]
        return Run(arrays, answer["before"], answer["after"], answer["onnxruntime"])


def machine() -> Aarch64:
    """Build, fetch and arrange everything; skips the test where something is missing."""
    build()
    return system()


def system() -> Aarch64:
    """The machine without what is built here; skips the test where something is missing."""
    need_tools()
    library = _onnxruntime(onnxruntime.__version__)
    sysroot = FOLDER / "sysroot"
    (sysroot / "proc").mkdir(parents=True, exist_ok=True)
    shutil.copy(CPUINFO, sysroot / "proc" / "cpuinfo")
    if not (sysroot / "lib").is_symlink():
        (sysroot / "lib").symlink_to(CROSS_LIBRARIES / "lib")
    return Aarch64(library, sysroot)


def _onnxruntime(version: str) -> Path:
    """libonnxruntime for aarch64, out of the wheel on the package index."""
    folder = FOLDER / f"onnxruntime-{version}"
    found = list(folder.glob("libonnxruntime.so*"))
    if found:
        return found[0]
    folder.mkdir(parents=True, exist_ok=True)
    platforms = [f"--platform=manylinux_2_{glibc}_aarch64" for glibc in (28, 27, 17)]
    python = f"--python-version={sys.version_info.major}.{sys.version_info.minor}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *platforms, python]
    command += ["--only-binary=:all:", f"--dest={folder}", f"onnxruntime=={version}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if result.returncode != 0 or not wheels:
        pytest.skip(f"no aarch64 wheel of onnxruntime {version} to be had: {result.stderr[-300:]}")
    with zipfile.ZipFile(wheels[0]) as wheel:
        names = [n for n in wheel.namelist() if Path(n).name.startswith("libonnxruntime.so")]
        if not names:
            pytest.skip(f"the aarch64 wheel of onnxruntime {version} holds no libonnxruntime")
        library = folder / Path(names[0]).name
        partial = folder / "partial"
        partial.write_bytes(wheel.read(names[0]))
    partial.rename(library)
    wheels[0].unlink()
    return library


def need_tools() -> None:
    """Skip the test where there is no cross compiler or no emulator."""
    for tool, package in (
        ("aarch64-linux-gnu-g++", "g++-aarch64-linux-gnu"),
        ("qemu-aarch64", "qemu-user"),
    ):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} on this machine; on Debian: apt-get install {package}")


def build() -> None:
    """Bring the cross build up to date; skips the test where a tool is missing."""
    need_tools()
    command = [ROOT / "tests" / "custom_ops" / "cpp" / "run.sh", "arm"]
    environment = {**os.environ, "CMAKE": cmake(), "ADDERSR_BUILD_ONLY": "1"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    if "Skipped" in result.stdout:
        pytest.skip(result.stdout)


def cmake() -> str:
    """The program cmake; skips the test where there is none."""
    # The only one may be that of `make install`.
    places = [str(Path(sys.executable).parent), str(ROOT / ".venv" / "bin")]
    program = shutil.which("cmake", path=os.pathsep.join([*places, os.environ["PATH"]]))
    if program is None:
        pytest.skip("no cmake on this machine")
    return program
