"""``addersr doctor``: is everything in place, and is the fast path really used?"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from addersr.cli.options import AsJson, JsonFile, examples
from addersr.cli.output import check_json_file, say_error, show

if TYPE_CHECKING:
    from rich.table import Table

EXAMPLES = examples(
    "addersr doctor", "addersr doctor --json", "ADDERSR_FORCE_ISA=portable addersr doctor"
)


def doctor(
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="Try this model instead of the zoo's default."),
    ] = None,
    as_json: AsJson = False,
    output: JsonFile = None,
) -> None:
    """Show versions and instruction sets, and prove on a tiny image that the fast path is used.

    The exit code is 1 when something is wrong.
    """
    from addersr.runtime.doctor import diagnose

    check_json_file(output)
    result = diagnose(model).to_json()
    show(result, lambda: _table(result), as_json=as_json, file=output)
    for problem in result["problems"]:
        say_error(problem)
    if result["problems"]:
        raise typer.Exit(1)


def _table(result: dict[str, Any]) -> "Table":
    from rich.table import Table

    table = Table(show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for key, value in result.items():
        if key == "problems":
            continue
        if isinstance(value, tuple):
            value = ", ".join(value)
        elif isinstance(value, bool):
            value = "yes" if value else "no"
        table.add_row(key.replace("_", " "), "none" if value in (None, "") else str(value))
    return table
