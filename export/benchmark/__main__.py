"""``python -m addersr.export.benchmark``: whole networks, and where their time goes."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from addersr import zoo
from addersr.export.benchmark.subjects import OURS, PEER, contenders, subjects
from addersr.runtime import machine
from addersr.runtime.benchmark.context import describe_context
from addersr.runtime.benchmark.measure import Plan, Timing, measure
from addersr.runtime.benchmark.node_times import NodeTime, node_times

_ADDER, _INTEGERS = "tiny-x2-adder", "tiny-x2-adder-u8"


@dataclass(frozen=True)
class Row:
    """One contender with one number of threads."""

    name: str
    kernel: str
    threads: int
    milliseconds: float
    """Median."""
    fps: float
    ratio: float
    """Speed relative to the twin in float32, by the medians of the interleaved runs."""
    ratio_fastest: float
    """The same by the fastest run of each."""


def rows(timings: Sequence[Timing]) -> list[Row]:
    """The measurements of one number of threads."""
    (peer,) = (timing for timing in timings if timing.name == PEER)
    return [
        Row(
            name=timing.name,
            kernel=timing.kernel,
            threads=timing.threads,
            milliseconds=timing.milliseconds["p50"],
            fps=timing.fps,
            ratio=peer.milliseconds["p50"] / timing.milliseconds["p50"],
            ratio_fastest=peer.milliseconds["min"] / timing.milliseconds["min"],
        )
        for timing in timings
    ]


def network_table(found: Sequence[Row], title: str) -> Table:
    """What people see of the rows."""
    table = Table(title=title)
    for heading in ("network", "kernel"):
        table.add_column(heading)
    for heading in ("threads", "ms", "frames/s", "x twin", "fastest"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in found:
        table.add_row(
            row.name,
            row.kernel,
            str(row.threads),
            f"{row.milliseconds:.1f}",
            f"{row.fps:.1f}",
            f"{row.ratio:.2f}",
            f"{row.ratio_fastest:.2f}",
        )
    return table


def node_table(name: str, times: Sequence[NodeTime]) -> Table:
    """Where the time of one network goes."""
    total = sum(time.milliseconds for time in times)
    table = Table(title=f"{name}, one thread, node by node (medians)")
    for heading in ("node", "operator"):
        table.add_column(heading)
    for heading in ("ms", "share"):
        table.add_column(heading, justify="right")
    for time in times:
        share = time.milliseconds / total
        table.add_row(time.name, time.op, f"{time.milliseconds:.2f}", f"{share:.0%}")
    table.add_row("sum", "", f"{total:.2f}", "")
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=640, help="of the small picture")
    parser.add_argument("--height", type=int, default=360, help="of the small picture")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--runs", type=int, default=15, help="of each contender, interleaved")
    parser.add_argument("--json", action="store_true", help="print JSON and nothing else")
    options = parser.parse_args(arguments)
    twin = zoo.find(_ADDER).twin
    assert twin is not None
    found = contenders(_ADDER, _INTEGERS)
    size = (1, options.height, options.width, 3)
    picture = np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8)
    measured: list[Row] = []
    console = Console()
    with Progress(console=Console(stderr=True), transient=True) as bar:
        for threads in options.threads:
            task = bar.add_task(f"{threads} thread(s)", total=None)
            ready = list(subjects(found, picture, threads, zoo.find(twin).onnx))
            show = partial(_update, bar, task)
            measured += rows(measure(ready, Plan(options.runs), progress=show))
    nodes = {
        one.name: node_times(one.model, {"input": picture})
        for one in found
        if one.name in (OURS, PEER)
    }
    if options.json:
        context = {**describe_context(), "width": options.width, "height": options.height}
        result = {
            "context": context,
            "networks": [asdict(row) for row in measured],
            "nodes": {name: [asdict(time) for time in of] for name, of in nodes.items()},
        }
        console.print_json(json.dumps(result))
        return
    title = f"{options.width}x{options.height}, picture in to picture out, {machine.cpu_model()}"
    console.print(network_table(measured, title))
    for name, times in nodes.items():
        console.print(node_table(name, times))


def _update(bar: Progress, task: TaskID, done: int, total: int) -> None:
    bar.update(task, completed=done, total=total)


if __name__ == "__main__":
    main()
