"""What people see of a benchmark."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from addersr.cli.output import draw
from addersr.runtime import machine
from addersr.runtime.benchmark.profile import by_type, top
from addersr.tables import Table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from addersr.runtime.benchmark.report import Measurement, Report

ABSENT = "absent"
_MIB = 1 << 20


def draw_report(report: "Report") -> "RenderableType":
    """Latency, then what else was measured, then layers of the first model."""
    from rich.console import Group

    first = report.measurements[0]
    tables = [_latency(report), _start(report.measurements), _results(report.measurements)]
    if first.layers is not None:
        tables += [_layers(first), _types(first)]
    return Group(*map(draw, tables))


def _name(one: "Measurement", among: Sequence["Measurement"]) -> str:
    """With the number of threads, if there are several."""
    if len({other.timing.threads for other in among}) == 1:
        return one.timing.name
    return f"{one.timing.name}, threads: {one.timing.threads or 'all'}"


def _latency(report: "Report") -> Table:
    measured = report.measurements
    first = measured[0]
    base = first.timing.milliseconds["p50"]
    keys = ("p50", "p90", "p95", "p99", "min")
    rows = []
    for one in measured:
        times = one.timing.milliseconds
        numbers = *(times[key] for key in keys), times["p50"] / base
        rows.append(
            (
                _name(one, measured),
                *(f"{number:.2f}" for number in numbers),
                f"{one.timing.fps:.1f}",
            )
        )
    size, threads = (
        f"{first.width}x{first.height}",
        sorted({one.timing.threads for one in measured}),
    )
    named = ", ".join(str(count or "all") for count in threads)
    return Table(
        title=f"Latency in ms for {size}, threads: {named}, {machine.cpu_model()}",
        headings=("model", *keys, "relative", "frames/s"),
        rows=tuple(rows),
        words=1,
    )


def _start(measured: Sequence["Measurement"]) -> Table:
    rows = []
    for one in measured:
        start = one.start
        memory: tuple[int | None, int | None] = (None, None)
        if start is not None:
            memory = (start.peak_memory_bytes, start.model_memory_bytes)
        rows.append(
            (
                _name(one, measured),
                _number(None if start is None else start.load_milliseconds, ".1f"),
                _number(None if start is None else start.first_run_milliseconds, ".1f"),
                *(_number(None if size is None else size / _MIB, ".0f") for size in memory),
            )
        )
    return Table(
        title="In a process of its own, once",
        headings=("model", "load ms", "first run ms", "peak MiB", "for the model"),
        rows=tuple(rows),
        words=1,
    )


def _results(measured: Sequence["Measurement"]) -> Table:
    rows = []
    for one in measured:
        joules, quality = one.energy.joules_per_frame, one.quality
        rows.append(
            (
                _name(one, measured),
                one.timing.kernel,
                one.energy.source,
                _number(None if joules is None else joules * 1e3, ".3g"),
                _number(None if quality is None else quality.psnr, ".2f"),
                _number(None if quality is None else quality.max_difference, "d"),
            )
        )
    return Table(
        title="What ran; energy; PSNR on HR in dB; levels off plain onnxruntime",
        headings=("model", "kernel", "energy", "mJ/frame", "PSNR", "off plain"),
        rows=tuple(rows),
        words=3,
    )


def _number(value: float | None, form: str) -> str:
    return ABSENT if value is None else format(value, form)


def _layers(one: "Measurement") -> Table:
    layers = one.layers or ()
    total = sum(layer.milliseconds for layer in layers) or 1.0
    return Table(
        title=f"The slowest of {len(layers)} layers of {one.run_name}",
        headings=("layer", "type", "ms", "share"),
        rows=tuple(
            (of.name, of.op, f"{of.milliseconds:.2f}", f"{of.milliseconds / total:.0%}")
            for of in top(layers)
        ),
        words=2,
    )


def _types(one: "Measurement") -> Table:
    layers = one.layers or ()
    total = sum(layer.milliseconds for layer in layers) or 1.0
    return Table(
        title="Layers by type",
        headings=("type", "layers", "ms", "share"),
        rows=tuple(
            (op, str(count), f"{milliseconds:.2f}", f"{milliseconds / total:.0%}")
            for op, count, milliseconds in by_type(layers)
        ),
        words=1,
    )
