"""Debian's Python for 64-bit Arm, unpacked into a folder and run under qemu-user.

apt gets private state, as if an empty Arm machine asked; nothing on the system changes, and no root
is needed.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: onnxruntime reads it, and ends the process when it describes an x86 CPU.
CPUINFO = ROOT / "tests" / "custom_ops" / "cortex_a76_cpuinfo.txt"
#: What the op library finds on the CPU that is emulated, a Cortex-A76.
ISAS = "neon_dotprod neon portable"
#: libstdc++ is what wheels expect of every system.
PACKAGES = ("python3", "libstdc++6")
#: Platforms of wheels that such a system accepts.
PLATFORMS = tuple(f"manylinux_2_{glibc}_aarch64" for glibc in range(28, 16, -1))


def missing() -> str:
    """What this machine lacks for it, as a sentence; usually empty."""
    for tool, package in (("qemu-aarch64", "qemu-user"), ("apt-get", ""), ("dpkg-deb", "")):
        if shutil.which(tool) is None:
            advice = f"; on Debian: apt-get install {package}" if package else ""
            return f"no {tool} on this machine{advice}"
    return ""


def fetch(folder: Path) -> Path:
    """The root folder of the system, fetched when it is not there yet."""
    system = folder / "system"
    if (system / "complete").is_file():
        return system
    print("-- Fetching Debian's Python for 64-bit Arm")
    for name in ("lists/partial", "cache/archives/partial", "system/proc"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    options = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "root",
        "APT::Install-Recommends": "false",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "Dir::State::Lists": str(folder / "lists"),
        "Dir::State::status": str(folder / "status"),
        "Dir::Cache": str(folder / "cache"),
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]
    _run([*apt, "update"])
    _run([*apt, "install", "--yes", "--download-only", *PACKAGES])
    # A system of today has one folder of libraries; some packages still name the other.
    for name in ("lib", "bin", "sbin"):
        (system / "usr" / name).mkdir(parents=True, exist_ok=True)
        if not (system / name).is_symlink():
            (system / name).symlink_to(f"usr/{name}")
    for package in sorted((folder / "cache" / "archives").glob("*.deb")):
        files = subprocess.run(
            ["dpkg-deb", "--fsys-tarfile", str(package)], capture_output=True, check=True
        ).stdout
        unpack = ["tar", "-x", "--keep-directory-symlink", "-C", str(system)]
        subprocess.run(unpack, input=files, check=True)
    shutil.copy(CPUINFO, system / "proc" / "cpuinfo")
    (system / "complete").touch()
    return system


def version(system: Path) -> str:
    """Python's version, like "3.11"."""
    [found] = (system / "usr" / "bin").glob("python3.*[0-9]")
    match = re.fullmatch(r"python(3\.\d+)", found.name)
    assert match is not None
    return match[1]


def install(wheel: Path, packages: Path, system: Path) -> None:
    """A wheel and all that it depends on, into the folder ``packages``, by this machine's pip."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary=:all:"]
    command += [f"--platform={name}" for name in PLATFORMS]
    command += ["--implementation=cp", f"--python-version={version(system)}"]
    _run([*command, f"--target={packages}", str(wheel)])


def emulator(system: Path) -> list[str | Path]:
    """What stands before a program's name."""
    return ["qemu-aarch64", "-cpu", "cortex-a76", "-L", system]


def interpreter(system: Path, packages: Path) -> list[str | Path]:
    """Python with the packages of a folder, to be run by the emulator."""
    variables = [f"PYTHONHOME={system / 'usr'}", f"PYTHONPATH={packages}"]
    settings = [item for variable in variables for item in ("-E", variable)]
    return [*settings, system / "usr" / "bin" / f"python{version(system)}"]


def _run(command: Sequence[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
