"""Builds wheels for other Linux machines, checks them, and tries them out: ``make wheels``.

zig compiles against the C library of an old system and links its own C++ library, so that one wheel
per processor runs on nearly every Linux. ``auditwheel`` says whether that came true, and
``wheel_trials.py`` installs each wheel where nothing else of this checkout is: natively, and for
64-bit Arm under an emulator. The wheels come to lie in ``dist``.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import wheel_trials

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "wheels"
DIST = ROOT / "dist"
#: ziglang is pinned, since it is the compiler.
TOOLS = (
    "auditwheel>=6.4",
    "cmake",
    "ninja>=1.11",
    "scikit-build-core>=0.11",
    "wheel>=0.45",
    "ziglang==0.17.1",
)


@dataclass(frozen=True)
class Target:
    """A processor, and the oldest C library that its wheel runs with."""

    processor: str
    glibc: tuple[int, int]
    #: What pip calls such systems, the name by glibc's version first.
    platforms: tuple[str, ...]

    @property
    def zig(self) -> str:
        """The target as zig names it."""
        return f"{self.processor}-linux-gnu.{self.glibc[0]}.{self.glibc[1]}"


TARGETS = (
    Target("x86_64", (2, 17), ("manylinux_2_17_x86_64", "manylinux2014_x86_64")),
    Target("aarch64", (2, 17), ("manylinux_2_17_aarch64", "manylinux2014_aarch64")),
)


def run(*command: str | Path, env: Mapping[str, str] | None = None) -> str:
    """What a program prints; ends this one with its words when it fails."""
    result = subprocess.run(
        command,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{result.stdout}")
    return result.stdout


def tools() -> Path:
    """The Python of a virtual environment that has all tools."""
    python = FOLDER / "tools" / "bin" / "python"
    if not python.is_file():
        print("-- Installing the tools: zig, auditwheel")
        run(sys.executable, "-m", "venv", FOLDER / "tools")
    run(python, "-m", "pip", "install", "--quiet", *TOOLS)
    return python


def zig(python: Path) -> Path:
    """The compiler's binary itself: builds are isolated from the module ziglang."""
    answer = run(python, "-c", "import ziglang; print(ziglang.__path__[0])")
    return Path(answer.strip()) / "zig"


def build(target: Target, python: Path) -> Path:
    """The wheel for a target, in ``dist``."""
    print(f"-- Building the wheel for {target.zig}")
    folder = FOLDER / target.processor
    unnamed = folder / "unnamed"
    for old in unnamed.glob("*.whl"):
        old.unlink()
    defines = {"ADDERSR_ZIG": zig(python), "ADDERSR_ZIG_TARGET": target.zig}
    arguments = [f"--toolchain={ROOT / 'cmake' / 'zig.cmake'}"]
    arguments += [f"-D{name}={value}" for name, value in defines.items()]
    settings = [f"--config-settings=cmake.args={';'.join(arguments)}"]
    settings += [f"--config-settings=build-dir={folder / 'cmake'}"]
    pip = ("-m", "pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps")
    environment = {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "ZIG_GLOBAL_CACHE_DIR": str(FOLDER / "zig-cache"),
        "ZIG_LOCAL_CACHE_DIR": str(FOLDER / "zig-cache"),
    }
    run(python, *pip, *settings, f"--wheel-dir={unnamed}", ROOT, env=environment)
    [wheel] = unnamed.glob("*.whl")
    # It bears this machine's name, whatever it was compiled for.
    tag = f"--platform-tag={'.'.join(target.platforms)}"
    name = run(python, "-m", "wheel", "tags", "--remove", tag, wheel).split()[-1]
    DIST.mkdir(exist_ok=True)
    return (unnamed / name).replace(DIST / name)


def audit(target: Target, wheel: Path, python: Path) -> None:
    """Refuse a wheel that needs more than its name says."""
    words = " ".join(run(python, "-m", "auditwheel", "show", wheel).split())
    found = re.search(r'consistent with the following platform tag: "(\w+)"', words)
    if found is None or found[1] != target.platforms[0]:
        sys.exit(f"auditwheel does not find {wheel.name} to be {target.platforms[0]}:\n{words}")
    print(f"-- auditwheel: {found[1]}, {wheel.stat().st_size / 1e6:.1f} MB")


def main() -> None:
    """Build, audit and try."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("processors", nargs="*", default=[t.processor for t in TARGETS])
    parser.add_argument("--no-trials", action="store_true", help="build and audit only")
    arguments = parser.parse_args()
    python = tools()
    lines = {}
    for target in TARGETS:
        if target.processor not in arguments.processors:
            continue
        wheel = build(target, python)
        audit(target, wheel, python)
        if not arguments.no_trials:
            trial = wheel_trials.TRIALS[target.processor]
            line = trial(wheel, FOLDER / target.processor, zig(python), target.zig)
            if line is not None:
                lines[target.processor] = line
    if len(set(lines.values())) > 1:
        sys.exit(f"The wheels do not give the same pixels: {lines}")


if __name__ == "__main__":
    main()
