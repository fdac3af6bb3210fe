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
    return Table(
        ("model", "kernel", "threads", "p50", "p90", "p99", "min", "frames/s", "relative"),
        tuple(rows),
        words=2,
        title=f"Latency in ms for {first.width}x{first.height}, {machine.cpu_model()}",
    )


def _rest(measurements: Sequence["Measurement"]) -> Table:
    rows = []
    for one in measurements:
        start, quality = one.start, one.quality
        rows.append(
            (
                one.timing.name,
                one.energy.source,
                str(one.timing.threads or "all"),
                _number(start and start.load_milliseconds, ".1f"),
                _number(start and start.first_run_milliseconds, ".1f"),
                _number(start and start.peak_memory_bytes, ".0f", 1 / _MIB),
                _number(one.energy.joules_per_frame, ".2f", 1e3),
                _number(quality and quality.psnr, ".2f"),
                _number(quality and quality.max_difference, "d"),
            )
        )
    return Table(
        (
            *("model", "energy from", "threads", "load ms", "first ms", "peak MiB"),
            *("mJ/frame", "PSNR dB", "off plain"),
        ),
        tuple(rows),
        words=2,
        title="In a fresh process; energy; PSNR on HR, levels off plain onnxruntime",
    )


def _number(value: float | None, form: str, unit: float = 1) -> str:
    return ABSENT if value is None else format(value if unit == 1 else value * unit, form)


def _layers(one: "Measurement") -> Table:
    assert one.layers is not None
    total = sum(layer.milliseconds for layer in one.layers) or 1.0
    rows = [
        (layer.name, layer.op, f"{layer.milliseconds:.2f}", f"{layer.milliseconds / total:.0%}")
        for layer in top(one.layers)
    ]
    title = f"The slowest of {len(one.layers)} layers of {one.run_name}"
    return Table(("layer", "type", "ms", "share"), tuple(rows), words=2, title=title)


def _types(one: "Measurement") -> Table:
    assert one.layers is not None
    total = sum(layer.milliseconds for layer in one.layers) or 1.0
    rows = [
        (op, str(count), f"{milliseconds:.2f}", f"{milliseconds / total:.0%}")
        for op, count, milliseconds in by_type(one.layers)
    ]
    return Table(("type", "layers", "ms", "share"), tuple(rows), words=1, title="Layers by type")
