"""Programs that use the embedding library as applications do: installed, moved, cross-compiled."""

import re
from pathlib import Path

import pytest

import addersr.runtime

from ...custom_ops import aarch64
from .package import (
    FOLDER,
    ROOT,
    TOOLCHAIN,
    arm_package,
    configures,
    consumer,
    native_package,
    need,
    run,
)
from .picture import MODEL, expected_line, onnxruntime_library

HEADER = ROOT / "runtime" / "embedding" / "include" / "addersr.h"


@pytest.fixture(scope="module")
def line() -> str:
    return expected_line()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return native_package(tmp_path_factory.mktemp("native") / "prefix")


@pytest.fixture(scope="module")
def arm(tmp_path_factory: pytest.TempPathFactory) -> tuple[aarch64.Aarch64, Path]:
    """An emulated machine, and the package for it."""
    machine = aarch64.system()
    return machine, arm_package(tmp_path_factory.mktemp("arm") / "prefix")


@pytest.mark.parametrize("name", ["c", "cpp"])
def test_find_package(package: Path, tmp_path: Path, line: str, name: str) -> None:
    program = consumer(name, tmp_path, f"-DCMAKE_PREFIX_PATH={package}")
    assert run(program, MODEL, onnxruntime_library()) == line


def test_pkg_config(package: Path, tmp_path: Path, line: str) -> None:
    need("pkg-config", "pkg-config")
    [folder] = package.glob("lib*/**/pkgconfig")
    environment = {"PKG_CONFIG_PATH": str(folder)}
    run("make", f"PROGRAM={tmp_path}/consumer", cwd=FOLDER / "pkg_config", env=environment)
    assert run(tmp_path / "consumer", MODEL, onnxruntime_library()) == line
    version = run("pkg-config", "--modversion", "addersr", env=environment).strip()
    assert version in run("strings", next(package.glob("lib*/**/libaddersr.so.1"))).split()


def test_subdirectory_with_a_linked_onnxruntime(tmp_path: Path, line: str) -> None:
    library = onnxruntime_library()
    soname = re.search(r"\(SONAME\).*\[(.*)\]", run("readelf", "-d", "-W", library))
    assert soname is not None
    # Linker and loader look for the soname, and a wheel has the file under its full version alone.
    linked = tmp_path / soname[1]
    linked.symlink_to(library)
    options = (f"-DADDERSR_SOURCE={ROOT}", f"-DADDERSR_LINK_ONNXRUNTIME={linked}")
    # Debug: compiled in a fraction of the time, and to the same pixels.
    program = consumer("subdirectory", tmp_path / "build", *options, "-DCMAKE_BUILD_TYPE=Debug")
    assert "Werror" not in (tmp_path / "build" / "CMakeCache.txt").read_text()
    assert not list((tmp_path / "build").rglob("libaddersr_ops.so"))
    assert run(program, MODEL, "/not/asked/for") == line


@pytest.mark.parametrize("name", ["c", "cpp"])
def test_cross_compiled_for_arm(
    arm: tuple[aarch64.Aarch64, Path], tmp_path: Path, line: str, name: str
) -> None:
    machine, package = arm
    program = consumer(name, tmp_path, TOOLCHAIN, f"-DAdderSR_DIR={package}/lib/cmake/AdderSR")
    emulator = ("qemu-aarch64", "-cpu", "max", "-L", machine.sysroot)
    assert run(*emulator, program, MODEL, machine.onnxruntime) == line


def test_the_installed_python_package(tmp_path: Path, line: str) -> None:
    folder = addersr.runtime.cmake_dir()
    program = consumer("c", tmp_path, f"-DAdderSR_DIR={folder}")
    # The program looks for the library where it lies in the package.
    assert f"[{addersr.runtime.library_path().parent}]" in run("readelf", "-d", "-W", program)
    assert addersr.runtime.include_dir().joinpath("addersr.h").read_text() == HEADER.read_text()
    # A wheel holds no archive, and says so.
    fine, words = configures(
        "find_package(AdderSR CONFIG REQUIRED COMPONENTS static)",
        tmp_path / "static",
        [f"-DAdderSR_DIR={folder}"],
    )
    assert not fine
    assert "no component 'static'" in " ".join(words.split())
    assert run(program, MODEL, onnxruntime_library()) == line
    # Where both are installed in one folder, it finds onnxruntime by itself.
    site = addersr.runtime.library_path().parents[3]
    if onnxruntime_library().parents[2] == site:
        assert run(program, MODEL) == line


@pytest.mark.parametrize(
    ("wish", "fine"), [("0.1", True), ("0.0.9", True), ("0.1...<1", True), ("1.0", False)]
)
def test_versions(package: Path, tmp_path: Path, wish: str, fine: bool) -> None:
    project = f"find_package(AdderSR {wish} CONFIG REQUIRED)"
    accepted, words = configures(project, tmp_path / "p", [f"-DCMAKE_PREFIX_PATH={package}"])
    assert accepted == fine, words


def test_the_library_shows_its_interface_alone(package: Path) -> None:
    declared = set(re.findall(r"^ADDERSR_API .*?\b(addersr_\w+)\(", HEADER.read_text(), re.M))
    [library] = package.glob("lib*/**/libaddersr.so.1")
    symbols = run("nm", "-D", "--defined-only", library).splitlines()
    assert {s.split()[-1].split("@")[0] for s in symbols if " A " not in s} == declared
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", "-W", library))
    assert all(re.match(r"(libc|libm|libdl|libpthread|ld-linux.*)\.so", one) for one in needed)
    # Names without a name space could clash with a program's own.
    [archive] = package.glob("lib*/**/libaddersr.a")
    symbols = run("nm", "--extern-only", "--defined-only", archive).splitlines()
    names = {s.split()[-1] for s in symbols if len(s.split()) == 3}
    assert declared < names
    assert {name for name in names if not name.startswith(("_Z", "DW.ref."))} == declared


def test_nothing_installed_remembers_a_folder(package: Path) -> None:
    files = [file for file in package.rglob("*") if file.is_file()]
    first = package.with_name(package.name + "-first")
    assert len(files) >= 8
    for file in files:
        content = file.read_bytes()
        assert str(first).encode() not in content, file
        assert str(ROOT).encode() not in content, file
    links = [file for file in package.rglob("*") if file.is_symlink()]
    assert [str(link.readlink()) for link in links] == ["libaddersr.so.1"]
