"""``addersr bench``: speed, start, memory, energy and quality of models on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from addersr.cli.options import (
    AsJson,
    JsonFile,
    examples,
    parse_affinity,
    parse_size,
    parse_threads,
)
from addersr.cli.output import check_json_file, say_note, show
from addersr.errors import AdderSRError

EXAMPLES = examples(
    "addersr bench tiny-x2-adder",
    "addersr bench tiny-x2-adder tiny-x2-adder-u8 --size 640x360 --threads 1,2 --runs 100",
    "addersr bench tiny-x2-adder-u8 --peer cnn --peer cnn-int8 --peer ncnn --data Set5",
    "addersr bench model.onnx --peer none --mode quick --affinity 0-1 --json -o bench.json",
)


def bench(
    models: Annotated[
        list[str], typer.Argument(metavar="MODEL...", help="Names in the zoo, and .onnx files.")
    ],
    size: Annotated[
        str, typer.Option(metavar="WxH", help="Size of the low-resolution image.")
    ] = "320x180",
    threads: Annotated[
        str,
        typer.Option(metavar="N,...", help="Threads of onnxruntime, one after the other; 0: all."),
    ] = "0",
    runs: Annotated[int | None, typer.Option(min=1, help="Runs of each model that count.")] = None,
    seconds: Annotated[
        float | None, typer.Option(help="Measure for so long instead, for all models together.")
    ] = None,
    mode: Annotated[
        str, typer.Option(help="normal (50 runs), quick (20) or rapid (5, no rest).")
    ] = "normal",
    peer: Annotated[
        list[str] | None,
        typer.Option(
            help="Beside each model: plain (onnxruntime without our library), cnn (its twin), "
            "cnn-int8, ncnn; or none. May be repeated. A single model has plain and cnn."
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of high-resolution images: measures PSNR, too."),
    ] = None,
    affinity: Annotated[
        str | None, typer.Option(metavar="CPUS", help="Run on these alone, for example 0,2-3.")
    ] = None,
    cool_down: Annotated[
        float | None, typer.Option(min=0, help="Seconds of rest before each number of threads.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the order in which models take turns.")] = 0,
    as_json: AsJson = False,
    output: JsonFile = None,
) -> None:
    """Measure models beside each other and beside peers, run by run in turns.

    Latency, start, memory, energy (or an estimate), layers, and agreement with plain onnxruntime.
    The JSON has the form of google/benchmark; 'addersr compare' reads two of them.
    """
    from addersr.cli import bench_tables
    from addersr.cli.bench_run import Request, run_benchmark
    from addersr.runtime.benchmark.modes import find_mode
    from addersr.runtime.benchmark.subjects import FUNCTION_BODY

    check_json_file(output)
    request = Request(
        models=tuple(models),
        size=parse_size(size),
        threads=parse_threads(threads),
        mode_name=mode,
        mode=find_mode(mode),
        runs=runs,
        seconds=seconds,
        peers=None if peer is None else tuple(peer),
        data=data,
        seed=seed,
        cool_down=cool_down,
    )
    if runs is not None and seconds is not None:
        raise AdderSRError("Give --runs or --seconds, not both.")
    if affinity is not None:
        _pin(parse_affinity(affinity))
    report = run_benchmark(request)
    ours = report.measurements[: len(models)]
    if any(one.timing.kernel == FUNCTION_BODY for one in ours):
        say_note("A model ran on the slow path: 'addersr doctor' says why.")
    for flag in report.flags:
        about = "" if flag.benchmark is None else f"{flag.benchmark}: "
        say_note(f"Do not trust this run ({flag.rule}): {about}{flag.detail}.")
    show(report.to_json(), lambda: bench_tables.draw_report(report), as_json=as_json, file=output)


def _pin(cpus: frozenset[int]) -> None:
    """Bind this process, and those that it starts."""
    import os

    if not hasattr(os, "sched_setaffinity"):
        raise AdderSRError("--affinity needs Linux: leave it out.")
    allowed = os.sched_getaffinity(0)
    if not cpus <= allowed:
        known = ",".join(map(str, sorted(allowed)))
        raise AdderSRError(
            f"Expected --affinity from the CPUs {known}, got {','.join(map(str, sorted(cpus)))}."
        )
    os.sched_setaffinity(0, cpus)
