"""The table of ``make bench-kernels``: ``python -m addersr.custom_ops.benchmark``.

All contenders of a row run in turns in one process; times are thread CPU times on one thread, and
wall times where two threads are compared with one.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import onnxruntime
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from addersr.custom_ops.benchmark.contenders import PEER, Contender, contenders, unfold
from addersr.custom_ops.benchmark.layers import LAYERS, Layers
from addersr.custom_ops.benchmark.limits import X86_LIMITS, assemble, limits_of_this_cpu
from addersr.custom_ops.benchmark.timing import measure

_INT8_PEER = "onnxruntime QLinearConv"


@dataclass(frozen=True)
class Row:
    """What was measured of one contender in one chain."""

    layers: str
    contender: str
    kernel: str
    taps_per_second: float
    """By the fastest run."""
    to_conv: float
    """Speed relative to onnxruntime's Conv, by the fastest runs; below by the medians."""
    to_conv_median: float
    to_int8: float
    """Speed relative to onnxruntime's QLinearConv, by the fastest runs."""
    of_limit: float | None
    """Share of what the kernel's instructions reach in registers."""


def rows(layers: Layers, runs: int, limits: dict[str, Callable[[], None]]) -> list[Row]:
    """One chain, its contenders and the limits of their kernels in one measurement."""
    found = contenders(layers)
    if layers == LAYERS[3] and any(one.name == "torch conv2d" for one in found):
        found.append(unfold(layers))
    bounds = sorted({one.kernel for one in found if one.kernel in limits})
    ways = [*(one.run for one in found), *(limits[name] for name in bounds)]
    seconds = measure(ways, runs, time.thread_time)
    best = [min(values) for values in seconds]
    rates = {name: X86_LIMITS[name].taps / best[len(found) + i] for i, name in enumerate(bounds)}
    medians = [statistics.median(values) for values in seconds]
    names = [one.name for one in found]
    conv, int8 = names.index(PEER), names.index(_INT8_PEER)
    return [
        Row(
            layers=str(layers),
            contender=one.name,
            kernel=one.kernel,
            taps_per_second=layers.taps / best[i],
            to_conv=best[conv] / best[i],
            to_conv_median=medians[conv] / medians[i],
            to_int8=best[int8] / best[i],
            of_limit=layers.taps / best[i] / rates[one.kernel] if one.kernel in rates else None,
        )
        for i, one in enumerate(found)
    ]


def scaling(layers: Layers, runs: int) -> dict[str, float]:
    """Speed on two threads relative to one, by wall time, of our ops."""
    pairs: list[tuple[Contender, Contender]] = [
        (one, two)
        for one, two in zip(contenders(layers), contenders(layers, 2), strict=True)
        if one.kernel
    ]
    # One op after the other: threads of other sessions would still spin, waiting for work.
    ratios = {}
    for one, two in pairs:
        alone, together = measure((one.run, two.run), runs, time.perf_counter)
        ratios[one.name] = min(alone) / min(together)
    return ratios


def limit_rates(functions: dict[str, Callable[[], None]], runs: int) -> dict[str, float]:
    """Taps per second of the loops in registers, by the fastest of ``runs`` runs."""
    seconds = measure(list(functions.values()), runs, time.thread_time)
    return {
        name: X86_LIMITS[name].taps / min(values)
        for name, values in zip(functions, seconds, strict=True)
    }


def limit_table(rates: dict[str, float]) -> Table:
    """The loops in registers."""
    table = Table(title="Register limits of this CPU")
    for heading in ("loop", "10⁹ taps/s"):
        table.add_column(heading, justify="left" if heading == "loop" else "right")
    for name, rate in rates.items():
        table.add_row(name, f"{rate / 1e9:.0f}")
    return table


_HEADINGS = ("layers", "by", "kernel", "10⁹ taps/s", "× Conv", "(median)", "× int8", "of limit")
_LEFT = 3


def cells(row: Row) -> tuple[str, ...]:
    """A row as it is printed."""
    return (
        row.layers,
        row.contender,
        row.kernel,
        f"{row.taps_per_second / 1e9:.1f}",
        f"{row.to_conv:.2f}",
        f"{row.to_conv_median:.2f}",
        f"{row.to_int8:.2f}",
        "" if row.of_limit is None else f"{row.of_limit:.0%}",
    )


def result_table(found: Sequence[Row], runs: int) -> Table:
    """All rows."""
    table = Table(
        title=f"3x3 layers on one thread, {runs} runs in turns, thread CPU time\n"
        f"onnxruntime {onnxruntime.__version__}"
    )
    for index, heading in enumerate(_HEADINGS):
        table.add_column(heading, justify="left" if index < _LEFT else "right")
    last = ""
    for row in found:
        if row.layers != last:
            table.add_section()
        layers, *rest = cells(row)
        table.add_row(layers if row.layers != last else "", *rest)
        last = row.layers
    return table


def markdown(found: Sequence[Row], limits: dict[str, float]) -> str:
    """Limits and rows as Markdown."""
    lines = ["| loop in registers | 10⁹ taps/s |", "|---|--:|"]
    lines += [f"| {name} | {rate / 1e9:.0f} |" for name, rate in limits.items()]
    lines += ["", "| " + " | ".join(_HEADINGS) + " |", "|" + "---|" * _LEFT + "--:|" * 5]
    last = ""
    for row in found:
        layers, *rest = cells(row)
        lines.append(f"| {layers if row.layers != last else ''} | " + " | ".join(rest) + " |")
        last = row.layers
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=31, help="runs of each contender")
    parser.add_argument("--only", type=int, nargs="*", help="numbers of the chains, from 0")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the rows as JSON")
    form.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    options = parser.parse_args(arguments)
    functions = assemble(limits_of_this_cpu())
    chosen = [LAYERS[i] for i in options.only] if options.only else LAYERS
    console = Console(stderr=options.json or options.markdown)
    found: list[Row] = []
    with Progress(console=console, transient=True) as progress:
        for layers in progress.track(chosen, description="Measuring"):
            found += rows(layers, options.runs, functions)
        rates = limit_rates(functions, options.runs)
        threads = scaling(chosen[0], options.runs)
    if options.json:
        answer = {"rows": [vars(row) for row in found], "limits": rates, "two_threads": threads}
        print(json.dumps(answer, indent=1, ensure_ascii=False))  # noqa: T201
        return
    faster = ", ".join(f"{name} {ratio:.2f} ×" for name, ratio in threads.items())
    if options.markdown:
        print(markdown(found, rates))  # noqa: T201
        print(f"\nTwo threads against one, {chosen[0]}: {faster}")  # noqa: T201
        return
    console.print(limit_table(rates))
    console.print(result_table(found, options.runs))
    console.print(f"Two threads against one, {chosen[0]}: {faster}")


if __name__ == "__main__":
    main()
