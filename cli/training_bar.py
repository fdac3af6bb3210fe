"""How a training run shows where it is."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from addersr.cli.output import say_note

Report = Callable[[int, float, float | None, bool], None]
"""Takes the step, its loss, the last PSNR and whether the step was just validated."""


@contextmanager
def training_bar(steps: int, done: int) -> Iterator[Report]:
    """A bar on stderr while it is a terminal, else a line at every validation.

    Args:
        steps: of the whole run.
        done: by earlier sessions.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    if not console.is_terminal:

        def say(step: int, loss: float, psnr: float | None, validated: bool) -> None:
            if validated:
                say_note(f"step {step} of {steps}, loss {loss:.5f}, {decibels(psnr)}")

        yield say
        return
    columns = (TextColumn("Training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[state]}"), console=console) as bar:
        task = bar.add_task("", total=steps, completed=done, state="")
        smooth = math.nan

        def draw(step: int, loss: float, psnr: float | None, _validated: bool) -> None:
            nonlocal smooth
            smooth = loss if math.isnan(smooth) else 0.99 * smooth + 0.01 * loss
            bar.update(task, completed=step, state=f"loss {smooth:.5f}  {decibels(psnr)}")

        yield draw


def decibels(psnr: float | None) -> str:
    """For people."""
    return "not validated" if psnr is None else f"{psnr:.2f} dB"
