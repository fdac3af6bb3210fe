"""``addersr compare``: two benchmark files, and what changed between them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from addersr.cli.options import AsJson, JsonFile, examples
from addersr.cli.output import check_json_file, draw, say_note, show

if TYPE_CHECKING:
    from addersr.runtime.benchmark.comparison import Comparison
    from addersr.tables import Table

EXAMPLES = examples(
    "addersr compare before.json after.json",
    "addersr compare before.json after.json --threshold 2 --alpha 0.01 --json",
)

SLOWER = 3  # 1 is bad input, 2 a usage error


def compare(
    old: Annotated[Path, typer.Argument(metavar="A.json", help="Of 'addersr bench -o'.")],
    new: Annotated[Path, typer.Argument(metavar="B.json", help="The same, later.")],
    threshold: Annotated[
        float, typer.Option(min=0, metavar="PERCENT", help="Smaller differences do not matter.")
    ] = 5.0,
    alpha: Annotated[
        float, typer.Option(min=0, max=1, help="Significant are p values below this.")
    ] = 0.05,
    as_json: AsJson = False,
    output: JsonFile = None,
) -> None:
    """Compare two benchmarks by medians and the Mann-Whitney U test. Exit code 3: slower.

    Slower or faster is what differs by more than the threshold, and not by chance. p values are
    corrected (Holm) for the number of benchmarks. Files of google/benchmark will do, too.
    """
    from addersr.runtime.benchmark.comparison import compare as run_comparison
    from addersr.runtime.benchmark.comparison import read_report

    check_json_file(output)
    found = run_comparison(
        read_report(old), read_report(new), alpha=alpha, threshold=threshold / 100
    )
    for key, (was, now) in found.conditions.items():
        say_note(f"{key} was {was}, and is {now}: times may differ for that alone.")
    for which in found.untrustworthy:
        path = old if which == "old" else new
        say_note(f"{path} is flagged as not trustworthy: its context says why.")
    for name in (*found.only_old, *found.only_new):
        say_note(f"{name} is in one file only.")
    show(found.to_json(), lambda: draw(_table(found)), as_json=as_json, file=output)
    if found.slower:
        raise typer.Exit(SLOWER)


def _table(found: "Comparison") -> "Table":
    from addersr.tables import Table

    rows = [
        (
            one.name,
            one.verdict,
            f"{one.old_milliseconds:.3f}",
            f"{one.new_milliseconds:.3f}",
            f"{one.change:+.1%}",
            f"{one.p:.4f}",
            f"{one.old_runs}/{one.new_runs}",
        )
        for one in found.differences
    ]
    return Table(
        title="Medians, and Mann-Whitney's p (Holm)",
        headings=("benchmark", "verdict", "old ms", "new ms", "change", "p", "runs"),
        rows=tuple(rows),
        words=2,
    )
