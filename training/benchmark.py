"""One training step, adder beside CNN twin: ``python -m addersr.training.benchmark``.

Forward, backward and optimiser of the zoo's architecture, interleaved in one process, beside the
same with layers that compute as AdderNet's code does; and the memory that each needs, in processes
of their own.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from typing import get_args

import torch
from rich.console import Console
from rich.table import Table

from addersr.training.peak_memory import peak_bytes
from addersr.training.steps import Kind, training_step

BATCH = 16
#: Channels and patch of the models.
SIZES = ((16, 24), (24, 24), (32, 32))


def measure(
    steps: dict[Kind, Callable[[], None]], runs: int, warming: int = 2
) -> dict[Kind, float]:
    """Median seconds of ``runs`` interleaved runs of each step, after some to warm up."""
    seconds: dict[Kind, list[float]] = {name: [] for name in steps}
    for run in range(warming + runs):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            if run >= warming:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def compare(channels: int, patch: int, runs: int) -> tuple[dict[Kind, float], dict[Kind, int]]:
    """Seconds of a step and bytes of memory, by contender."""
    steps = {kind: training_step(kind, channels, BATCH, patch) for kind in get_args(Kind)}
    unfold = steps.pop("unfold")  # so slow that one run tells
    seconds = measure(steps, runs) | measure({"unfold": unfold}, 1, 0)
    return seconds, {kind: peak_bytes(kind, channels, BATCH, patch) for kind in seconds}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=31, help="steps of adder and twin")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch")
    parser.add_argument(
        "--size",
        type=int,
        nargs=2,
        action="append",
        metavar=("CHANNELS", "PATCH"),
        help="a model to measure, in place of the usual ones; may be given several times",
    )
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    table = Table(
        title=f"Training step of mobile x2, batch {BATCH}, on {options.threads} thread(s): medians "
        f"of {options.runs} interleaved runs; memory beyond model and libraries, on 1 thread\n"
        f"torch {torch.__version__}"
    )
    headings = (
        "channels, patch",
        "",
        "CNN twin",
        "adder",
        "/ twin",
        "AdderNet's unfold",
        "/ adder",
    )
    for heading in headings:
        table.add_column(heading, justify="left" if heading in headings[:2] else "right")
    console = Console()
    with console.status("Measuring") as status:
        for channels, patch in options.size or SIZES:
            name = f"{channels}, {patch}x{patch}"
            status.update(f"Measuring {name}")
            seconds, memory = compare(channels, patch, options.runs)
            for row, unit, values in (
                (name, "ms", {kind: value * 1e3 for kind, value in seconds.items()}),
                ("", "MiB", {kind: value / 2**20 for kind, value in memory.items()}),
            ):
                table.add_row(
                    row,
                    unit,
                    f"{values['cnn']:.1f}",
                    f"{values['adder']:.1f}",
                    f"{values['adder'] / values['cnn']:.2f}",
                    f"{values['unfold']:.0f}",
                    f"{values['unfold'] / values['adder']:.0f}",
                )
    console.print(table)


if __name__ == "__main__":
    main()
