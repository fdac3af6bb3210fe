"""Options that several commands have."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

AsJson: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON and nothing else on stdout.")
]
JsonFile: TypeAlias = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the result as JSON.")
]
Threads: TypeAlias = Annotated[
    int, typer.Option(min=0, help="Threads of onnxruntime; 0: as many as there are cores.")
]


def examples(*commands: str) -> str:
    """The end of a command's help: one example per line."""
    return "\n\n".join(["[bold]Examples[/bold]", *(f"  {command}" for command in commands)])
