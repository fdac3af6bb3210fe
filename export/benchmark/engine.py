"""``python -m addersr.export.benchmark.engine``: the embedding library beside a bare session."""

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import onnx
from rich.console import Console
from rich.table import Table

from addersr import zoo
from addersr.errors import AdderSRError
from addersr.export.benchmark.subjects import with_pictures
from addersr.runtime.benchmark.context import describe_context
from addersr.runtime.session import import_onnxruntime

_MODELS = ("tiny-x2-adder-u8", "tiny-x2-adder")
_FRAME, _LARGE_FRAME = (640, 360), (3840, 2160)
_MIB = 1 << 20


@dataclass(frozen=True)
class Overhead:
    """One network in the engine, beside a bare session of the same with pictures in and out."""

    model: str
    threads: int
    session_milliseconds: float
    """Median, as all here."""
    engine_milliseconds: float
    overhead: float
    """Of the engine over the session, by the medians of the ratios of neighbouring runs."""
    overhead_pictures: float
    """The same for an engine that runs the session's own file."""


@dataclass(frozen=True)
class Peak:
    """The most memory of a process that enlarges large frames under a limit."""

    model: str
    limit: int
    tiles: int
    estimate: int
    """What ``addersr_memory`` says."""
    used: int
    """What was resident at most, without the frames and what lay there before the first call."""
    without_frames: int
    """What was resident at most, without the frames: libraries and model too."""


def measure_overhead(program: Path, model: str, threads: int, runs: int) -> Overhead:
    """Run the program in a child process."""
    planes = zoo.find(model).onnx
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures.onnx"
        pictures.write_bytes(with_pictures(onnx.load(str(planes))))
        sizes = [str(side) for side in _FRAME]
        times = _run(program, "time", planes, pictures, *sizes, threads, runs)
    session = times["session"]

    def overhead(contender: str) -> float:
        pairs = zip(times[contender], session, strict=True)
        return float(median(ours / bare for ours, bare in pairs)) - 1

    return Overhead(
        model=model,
        threads=threads,
        session_milliseconds=median(session),
        engine_milliseconds=median(times["engine"]),
        overhead=overhead("engine"),
        overhead_pictures=overhead("engine of pictures"),
    )


def measure_peak(program: Path, model: str, limit: int, threads: int) -> Peak:
    """Two 4K frames in a child process."""
    sizes = [str(side) for side in _LARGE_FRAME]
    found = _run(program, "memory", zoo.find(model).onnx, *sizes, threads, limit, 2)
    return Peak(
        model=model,
        limit=limit,
        tiles=found["tiles"],
        estimate=found["estimate"],
        used=found["peak"] - found["before"],
        without_frames=found["peak"] - found["frames"],
    )


def _run(program: Path, *arguments: object) -> dict[str, Any]:
    capi = Path(import_onnxruntime().__file__).parent / "capi"
    (library,) = capi.glob("libonnxruntime.so*")
    command = [str(program), *map(str, arguments)]
    done = subprocess.run(
        command,
        env={**os.environ, "ADDERSR_ONNXRUNTIME": str(library)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AdderSRError(f"{program.name} failed: {done.stderr.strip()}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _show(console: Console, overheads: Sequence[Overhead], peaks: Sequence[Peak]) -> None:
    width, height = _FRAME
    table = Table(title=f"{width}x{height}, RGB to RGB: engine beside a bare onnxruntime session")
    for heading in ("model", "threads", "session ms", "engine ms", "overhead", "same file"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for one in overheads:
        table.add_row(
            one.model,
            str(one.threads),
            f"{one.session_milliseconds:.2f}",
            f"{one.engine_milliseconds:.2f}",
            f"{one.overhead:+.1%}",
            f"{one.overhead_pictures:+.1%}",
        )
    console.print(table)
    width, height = _LARGE_FRAME
    table = Table(title=f"{width}x{height} in tiles: MiB of a process beside the frames")
    for heading in ("model", "limit", "tiles", "estimate", "used", "with libraries and model"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for peak in peaks:
        numbers = (peak.limit, peak.estimate, peak.used, peak.without_frames)
        limit, *others = (f"{number / _MIB:.0f}" for number in numbers)
        table.add_row(peak.model, limit, str(peak.tiles), *others)
    console.print(table)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m addersr.export.benchmark.engine")
    parser.add_argument("program", type=Path, help="addersr_engine_benchmark; 'make' builds it")
    parser.add_argument("--runs", type=int, default=100, help="of each contender")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--limit", type=int, default=400, help="memory limit of 4K frames in MiB")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    overheads = [
        measure_overhead(given.program, model, threads, given.runs)
        for model in _MODELS
        for threads in given.threads
    ]
    peaks = [
        measure_peak(given.program, model, given.limit * _MIB, max(given.threads))
        for model in _MODELS
    ]
    if given.json:
        described = {
            "context": describe_context(),
            "overheads": [asdict(one) for one in overheads],
            "peaks": [asdict(one) for one in peaks],
        }
        Console().print_json(json.dumps(described))
        return
    _show(Console(), overheads, peaks)


if __name__ == "__main__":
    main()
