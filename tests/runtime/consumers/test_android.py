"""Everything that a program on Android would link compiles for it; nothing runs (no NDK here)."""

import os
import re
from importlib import util
from pathlib import Path

import pytest

from ...custom_ops.aarch64 import cmake
from .package import ROOT, need, run

BUILD = ROOT / "build" / "android"
TARGET = "aarch64-linux-android.28"


@pytest.fixture(scope="module")
def zig() -> Path:
    """zig's binary, with its headers beside it, as the Python package ziglang has it."""
    places = [Path(os.environ["ADDERSR_ZIG"])] if "ADDERSR_ZIG" in os.environ else []
    if (package := util.find_spec("ziglang")) is not None and package.origin is not None:
        places.append(Path(package.origin).parent / "zig")
    places += (ROOT / "build" / "wheels" / "tools").glob("lib/python3*/site-packages/ziglang/zig")
    for place in places:
        if place.is_file() and (place.parent / "lib" / "libc" / "include").is_dir():
            return place.absolute()
    pytest.skip("no zig on this machine; pip install ziglang, or make wheels, brings it")


def test_all_sources_compile(zig: Path) -> None:
    need("ninja", "ninja-build")
    toolchain = f"--toolchain={ROOT / 'cmake' / 'zig.cmake'}"
    options = (f"-DADDERSR_ZIG={zig}", f"-DADDERSR_ZIG_TARGET={TARGET}", "-DCMAKE_BUILD_TYPE=Debug")
    caches = {f"ZIG_{kind}_CACHE_DIR": str(BUILD / "zig") for kind in ("GLOBAL", "LOCAL")}
    run(cmake(), "-S", ROOT, "-B", BUILD, "-G", "Ninja", toolchain, *options, env=caches)
    run(cmake(), "--build", BUILD, "--target", "addersr_static", env=caches)
    # The kernels for Arm are among them.
    archive = BUILD / "runtime" / "embedding" / "libaddersr.a"
    members = run(zig, "ar", "t", archive).split()
    assert {"neon.cc.o", "neon_dotprod.cc.o", "api.cc.o"} <= set(members)
    # And the compiler thought of Android.
    names = archive.parent / "macros.txt"
    names.write_text("")
    macros = run(zig, "c++", "-target", TARGET, "-dM", "-E", "-x", "c++", names, env=caches)
    assert re.search(r"#define __ANDROID_MIN_SDK_VERSION__ 28\b", macros)
