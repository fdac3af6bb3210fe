"""What the benchmark of the embedding library makes of its program's times."""

from pathlib import Path

import pytest

pytest.importorskip("onnx_ir", reason="needs the extra 'export'")

from addersr.errors import AdderSRError
from addersr.export.benchmark.engine import measure_overhead, measure_peak


def program(folder: Path, *lines: str) -> Path:
    path = folder / "program"
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    path.chmod(0o755)
    return path


def test_overhead_is_of_neighbouring_runs(tmp_path: Path) -> None:
    # A busy moment slows a whole round, and must not show.
    times = '{"session": [10, 40, 20], "engine": [11, 48, 22], "engine of pictures": [9, 36, 18]}'
    echo = program(tmp_path, f"printf '%s ' \"$@\" > {tmp_path}/arguments", f"echo '{times}'")
    found = measure_overhead(echo, "tiny-x2-adder", 2, 50)
    assert found.overhead == pytest.approx(0.1)
    assert found.overhead_pictures == pytest.approx(-0.1)
    assert (found.session_milliseconds, found.engine_milliseconds) == (20, 22)
    arguments = (tmp_path / "arguments").read_text().split()
    assert arguments[0] == "time"
    assert arguments[3:] == ["640", "360", "2", "50"]


def test_frames_are_not_counted_as_memory_of_the_library(tmp_path: Path) -> None:
    result = '{"peak": 500, "before": 300, "frames": 250, "estimate": 220, "tiles": 4}'
    found = measure_peak(program(tmp_path, f"echo '{result}'"), "tiny-x2-adder", 999, 2)
    assert (found.used, found.without_frames, found.tiles) == (200, 250, 4)


def test_a_program_that_fails_is_heard(tmp_path: Path) -> None:
    failing = program(tmp_path, "echo 'no model' >&2", "exit 1")
    with pytest.raises(AdderSRError, match="program failed: no model"):
        measure_peak(failing, "tiny-x2-adder", 999, 2)
