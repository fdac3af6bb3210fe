"""Options that several commands have."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from addersr.errors import AdderSRError

AsJson: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON and nothing else on stdout.")
]
JsonFile: TypeAlias = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the result as JSON.")
]
Threads: TypeAlias = Annotated[
    int, typer.Option(min=0, help="Threads of onnxruntime; 0: as many as there are cores.")
]
Arguments: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--argument", "-a", metavar="KEY=VALUE", help="Of the architecture."),
]


def parse_arguments(texts: list[str] | None) -> dict[str, Any]:
    """What ``--argument`` was given: each value as JSON if it is any, else as text.

    Raises:
        AdderSRError: one is not KEY=VALUE.
    """
    return dict(_argument(text) for text in texts or ())


def _argument(text: str) -> tuple[str, Any]:
    key, separator, value = text.partition("=")
    if not separator or not key:
        raise AdderSRError(
            f"Expected --argument as KEY=VALUE, for example channels=16, got {text}."
        )
    try:
        return key, json.loads(value)
    except json.JSONDecodeError:
        return key, value


def parse_size(size: str) -> tuple[int, int]:
    """``320x180`` as width and height.

    Raises:
        AdderSRError: something else was given.
    """
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", size)
    if match is None:
        raise AdderSRError(f"Expected --size as WIDTHxHEIGHT, for example 320x180, got {size!r}.")
    return int(match[1]), int(match[2])


def parse_threads(text: str) -> tuple[int, ...]:
    """``1,2`` as numbers of threads, each once.

    Raises:
        AdderSRError: something else was given.
    """
    if not re.fullmatch(r"\d{1,4}(,\d{1,4})*", text):
        raise AdderSRError(f"Expected --threads as numbers, for example 1,2, got {text!r}.")
    return tuple(dict.fromkeys(map(int, text.split(","))))


def parse_affinity(text: str) -> frozenset[int]:
    """``0,2-3`` as numbers of CPUs.

    Raises:
        AdderSRError: something else was given.
    """
    cpus: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first:
            raise AdderSRError(
                f"Expected --affinity as numbers of CPUs, for example 0,2-3, got {text!r}."
            )
        cpus.update(range(first, last + 1))
    return frozenset(cpus)


def parse_bytes(size: str | None) -> int | None:
    """``500M`` as a number of bytes: decimal units k, M, G and T; None stays None.

    Raises:
        AdderSRError: something else was given.
    """
    if size is None:
        return None
    match = re.fullmatch(r"(\d{1,12})([kMGT]?)B?", size)
    if match is None or int(match[1]) == 0:
        raise AdderSRError(f"Expected --memory-limit as bytes, for example 500M, got {size!r}.")
    factors = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
    return int(match[1]) * factors[match[2]]


def examples(*commands: str) -> str:
    """The end of a command's help: one example per line."""
    return "\n\n".join(["[bold]Examples[/bold]", *(f"  {command}" for command in commands)])
