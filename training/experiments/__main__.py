"""Run plans of experiments, and report: ``python -m addersr.training.experiments PLAN.toml …``.

What is finished is not run again; stop it at any moment, and the same command goes on.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from addersr.errors import AdderSRError
from addersr.files import make_folder
from addersr.training.experiments.campaign import one_by_one, together
from addersr.training.experiments.plan import Plan, load_plan
from addersr.training.experiments.report import write_report
from addersr.training.experiments.results import collect, write_results
from addersr.training.experiments.runs import Run, order

EXAMPLES = """examples:
  python -m addersr.training.experiments docs/experiments/components.toml -o runs/science
  python -m addersr.training.experiments docs/experiments/*.toml -o runs/science --jobs 2
  python -m addersr.training.experiments docs/experiments/*.toml -o runs/science \\
      --report docs/science.md
"""

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 if all went well."""
    options = _parser().parse_args(arguments)
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    try:
        return _main(options, console)
    except AdderSRError as error:
        console.print(f"Error: {error}")
        return 1
    except KeyboardInterrupt:
        console.print("Stopped. The same command goes on from the last validation of each run.")
        return _INTERRUPTED


def _main(options: argparse.Namespace, console: Console) -> int:
    plans = [load_plan(path) for path in options.plans]
    make_folder(options.output)
    torch.set_num_threads(options.threads)
    failed = False
    if options.report is None:
        runs = order(plans, options.output, options.data, options.seeds)
        runs = [run for run in runs if _wanted(run, options.only)]
        if not runs:
            raise AdderSRError(f"No variant is called {options.only}. Choose one of the plan's.")
        failed = not _campaign(runs, options, console, lambda: _collect(plans, options))
    _collect(plans, options)
    if options.report is not None:
        _report(plans, options, console)
    return int(failed)


def _wanted(run: Run, only: str | None) -> bool:
    return only is None or run.variant.label == only


def _collect(plans: Sequence[Plan], options: argparse.Namespace) -> None:
    """Write all results of these plans beside those of others."""
    found = {
        plan.name: collect(plan, options.output, options.data, options.seeds) for plan in plans
    }
    write_results(options.output, found)


def _report(plans: Sequence[Plan], options: argparse.Namespace, console: Console) -> None:
    make_folder(options.report.parent)
    for plan in plans:
        found = collect(plan, options.output, options.data, options.seeds)
        if found:
            write_report(options.report, plan, found, options.seeds)
            console.print(f"{plan.name}: written into {options.report}.")
        else:
            console.print(f"{plan.name}: no run is finished, nothing to report.")


def _campaign(
    runs: Sequence[Run],
    options: argparse.Namespace,
    console: Console,
    save: Callable[[], None],
) -> bool:
    """Carry out all runs; whether none failed."""
    left = [run for run in runs if not run.finished]
    console.print(f"{len(runs)} runs, {len(runs) - len(left)} of them finished before.")
    good = True
    with _bar(console, len(runs), len(runs) - len(left)) as (steps, count):
        one = options.jobs == 1
        attempts = one_by_one(left, steps) if one else together(left, options.jobs, options.threads)
        for run, error in attempts:
            count()
            if error is None:
                console.print(f"{run.title}: {run.curve()[-1].psnr:.3f} dB, {run.folder}")
                save()
            else:
                good = False
                console.print(f"{run.title} failed: {error}")
    return good


@contextmanager
def _bar(
    console: Console, total: int, done: int
) -> Iterator[tuple[Callable[[Run, int], None], Callable[[], None]]]:
    """Shows (run, steps) of the current run and counts runs, where there is a terminal."""
    if not console.is_terminal:
        yield (lambda _run, _step: None), (lambda: None)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as bar:
        campaign = bar.add_task("Runs", total=total, completed=done)
        current = bar.add_task("", total=None)

        def steps(run: Run, step: int) -> None:
            total = run.config.steps
            bar.update(current, description=run.title, completed=step, total=total)

        yield steps, lambda: bar.advance(campaign)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m addersr.training.experiments",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("plans", type=Path, nargs="+", metavar="PLAN.toml", help="the order is that of the runs")
    add("-o", "--output", type=Path, required=True, metavar="DIR", help="of runs and results")
    add(
        "--data",
        type=Path,
        default=Path(os.environ.get("ADDERSR_DATA", ".")),
        metavar="DIR",
        help="where the plans' folders of images lie; default: $ADDERSR_DATA, else here",
    )
    add("--only", metavar="VARIANT", help="run this variant alone")
    add("--seeds", type=_seeds, default=(), metavar="0,1,2", help="in place of the plans' own")
    add("--jobs", type=_count, default=1, metavar="N", help="runs at a time (default 1)")
    add("--threads", type=_count, default=1, metavar="N", help="threads of each run (default 1)")
    add("--report", type=Path, metavar="FILE.md", help="run nothing; write tables and charts")
    return parser


def _seeds(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("expected 1 or more")
    return value


if __name__ == "__main__":
    sys.exit(main())
