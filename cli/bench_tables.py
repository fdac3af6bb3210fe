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
    tables = [_latency(report), _rest(report.measurements)]
    if first.layers is not None:
        tables += [_layers(first), _types(first)]
    return Group(*map(draw, tables))


def _latency(report: "Report") -> Table:
    first = report.measurements[0]
    base = first.timing.milliseconds["p50"]
    rows = []
    for one in report.measurements:
        times = one.timing.milliseconds
        rows.append(
            (
                one.timing.name,
                one.timing.kernel,
                str(one.timing.threads or "all"),
                *(f"{times[key]:.2f}" for key in ("p50", "p90", "p99", "min")),
                f"{one.timing.fps:.1f}",
                f"{times['p50'] / base:.2f}",
            )
        )
    numbers = ("threads", "p50", "p90", "p99", "min", "frames/s", "relative")
    return Table(
        title=f"Latency in ms for {first.width}x{first.height}, {machine.cpu_model()}",
        headings=("model", "kernel", *numbers),
        rows=tuple(rows),
        words=2,
    )


def _rest(measurements: Sequence["Measurement"]) -> Table:
    numbers = ("threads", "load ms", "first ms", "peak MiB", "mJ/frame", "PSNR", "off")
    return Table(
        title="Fresh process; energy per frame; PSNR on HR in dB; levels off plain onnxruntime",
        headings=("model", "energy", *numbers),
        rows=tuple(_rest_row(one) for one in measurements),
        words=2,
    )


def _rest_row(one: "Measurement") -> tuple[str, ...]:
    start, quality = one.start, one.quality
    joules = one.energy.joules_per_frame
    peak = None if start is None else start.peak_memory_bytes
    return (
        one.timing.name,
        one.energy.source,
        str(one.timing.threads or "all"),
        _number(None if start is None else start.load_milliseconds, ".1f"),
        _number(None if start is None else start.first_run_milliseconds, ".1f"),
        _number(None if peak is None else peak / _MIB, ".0f"),
        _number(None if joules is None else joules * 1e3, ".3g"),
        _number(None if quality is None else quality.psnr, ".2f"),
        _number(None if quality is None else quality.max_difference, "d"),
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
