"""``addersr bench``: how long a model takes here."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from addersr.cli.options import AsJson, JsonFile, Threads, examples, parse_size
from addersr.cli.output import check_json_file, progress, say_note, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from addersr.runtime.benchmark import Timing

EXAMPLES = examples(
    "addersr bench tiny-x2-adder",
    "addersr bench tiny-x2-adder --size 640x360 --threads 1 --runs 50",
    "addersr bench model.onnx --no-bare --json -o bench.json",
)


def bench(
    model: Annotated[str, typer.Argument(help="Name in the zoo, or an .onnx file.")],
    size: Annotated[
        str, typer.Option(metavar="WxH", help="Size of the low-resolution image.")
    ] = "320x180",
    threads: Threads = 0,
    runs: Annotated[
        int, typer.Option(min=1, help="Runs that count, after three that do not.")
    ] = 20,
    twin: Annotated[bool, typer.Option(help="Also time the twin of a model of the zoo.")] = True,
    bare: Annotated[
        bool,
        typer.Option(help="Also time plain onnxruntime, in a process without our library."),
    ] = True,
    as_json: AsJson = False,
    output: JsonFile = None,
) -> None:
    """Time a model beside its twin and beside plain onnxruntime, run by run in turns.

    The JSON has the form of google/benchmark: context and benchmarks; times in milliseconds.
    """
    from addersr.runtime import benchmark
    from addersr.runtime.child_session import ChildSession
    from addersr.runtime.model_info import read_model_info
    from addersr.runtime.network import sample_input
    from addersr.runtime.upscaler import resolve_model

    check_json_file(output)
    width, height = parse_size(size)
    path = resolve_model(model)
    planes = sample_input(read_model_info(path), width, height)
    label = f"{path.stem}/{width}x{height}"
    with ExitStack() as children:
        subjects = [benchmark.session_subject(label, path, planes, threads=threads)]
        other = _twin(model) if twin else None
        if other is not None:
            other_label = f"{other.stem}/{width}x{height}"
            subjects.append(benchmark.session_subject(other_label, other, planes, threads=threads))
        if bare:
            child = children.enter_context(ChildSession(path, threads=threads))
            subjects.append(benchmark.bare_subject(f"{label}/plain", path, planes, child))
        with progress("Timing") as show_progress:
            timings = benchmark.measure(subjects, runs=runs, progress=show_progress)
    result = benchmark.report(timings, width=width, height=height)
    if subjects[0].kernel == benchmark.FUNCTION_BODY:
        say_note("The model ran on the slow path: 'addersr doctor' says why.")
    show(result, lambda: _table(timings, result["context"]), as_json=as_json, file=output)


def _twin(model: str) -> Path | None:
    """The twin's file, if the model is in the zoo and has one."""
    from addersr import zoo

    for entry in zoo.entries():
        if entry.name == model and entry.twin is not None:
            return zoo.find(entry.twin).onnx
    return None


def _table(timings: "Sequence[Timing]", context: dict[str, Any]) -> "Table":
    from rich import box
    from rich.table import Table

    size = f"/{context['width']}x{context['height']}"
    threads = timings[0].threads or context["num_cpus"]
    table = Table(
        title=f"Latency in ms for {size[1:]}, threads: {threads}, {context['cpu']}",
        box=box.SIMPLE,
        pad_edge=False,
    )
    table.add_column("model", overflow="fold")
    table.add_column("kernel")
    for heading in ("p50", "p90", "p99", "frames/s", "relative"):
        table.add_column(heading, justify="right", no_wrap=True)
    first = timings[0].milliseconds["p50"]
    for timing in timings:
        times = timing.milliseconds
        table.add_row(
            timing.name.replace(size, ""),
            timing.kernel,
            *(f"{times[key]:.2f}" for key in ("p50", "p90", "p99")),
            f"{timing.fps:.1f}",
            f"{times['p50'] / first:.2f}",
        )
    return table
