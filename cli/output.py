"""Where results, notes and errors go: results to stdout, the rest to stderr."""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from addersr.files import check_writable, write_atomically

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table as RichTable

    from addersr.tables import Table


def say_error(message: str) -> None:
    """One line on stderr."""
    typer.echo(f"Error: {' '.join(message.split())}", err=True)


def say_note(message: str) -> None:
    """One line on stderr about something that went differently than expected."""
    typer.echo(f"Note: {' '.join(message.split())}", err=True)


def check_json_file(path: Path | None) -> None:
    """Fail before the work, not after it, when ``-o`` cannot be written."""
    if path is not None:
        check_writable(path)


def show(
    result: Any,
    table: "Callable[[], RenderableType]",
    *,
    as_json: bool,
    file: Path | None = None,
) -> None:
    """Print the result, as JSON or as a table, and write it to ``file`` if one is given.

    Args:
        result: for JSON; numbers that JSON does not have become null.
        table: makes what people see.
        as_json: print JSON instead of the table.
        file: of ``-o``.
    """
    if as_json:
        if file is not None:
            write_atomically(file, (_json(result) + "\n").encode())
        typer.echo(_json(result))
        return
    from rich.console import Console

    # No markup: names of files may hold brackets.
    Console(highlight=False, markup=False).print(table())
    show_file(result, file)


def show_file(result: Any, file: Path | None) -> None:
    """Write the result as JSON to the file of ``-o``, if one is given, and say so."""
    if file is not None:
        write_atomically(file, (_json(result) + "\n").encode())
        say_note(f"Written to {file}.")


def _json(result: Any) -> str:
    return json.dumps(_finite(result), indent=2, ensure_ascii=False, allow_nan=False)


def draw(table: "Table") -> "RichTable":
    """A table for the terminal: where there is no room, words are cut into lines, numbers never."""
    from rich import box
    from rich.table import Table as RichTable

    drawn = RichTable(
        title=table.title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    for index, heading in enumerate(table.headings):
        if index < table.words:
            drawn.add_column(heading, overflow="fold", min_width=8)
        else:
            drawn.add_column(heading, justify="right", no_wrap=True)
    for row in table.rows:
        drawn.add_row(*row)
    return drawn


@contextmanager
def progress(description: str, unit: str = "") -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr while it is a terminal; call the result with done and total.

    Args:
        description: left of the bar.
        unit: of what is counted: then its speed is shown, too.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _ignore
        return
    columns = (
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()),
        *(TimeElapsedColumn(), TextColumn("{task.fields[speed]}")),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(description, total=None, speed="")

        def show_part(done: int, total: int) -> None:
            seconds = bar.tasks[0].elapsed
            speed = f"{done / seconds:.1f} {unit}/s" if unit and seconds else ""
            bar.update(task, completed=done, total=total, speed=speed)

        yield show_part


def _ignore(_done: int, _total: int) -> None:
    pass


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value
