"""Ctrl-C and polite kills that wait for a moment at which nothing is lost."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from addersr.cli.output import say_note

_POSTPONED = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def postponed_signals(note: str) -> Iterator[Callable[[], int | None]]:
    """Ctrl-C (SIGINT) and SIGTERM are only remembered within; a second one interrupts at once.

    Args:
        note: what is said when the first one arrives.

    Yields:
        A function that gives the number of the signal that arrived, or None.
    """
    arrived: list[int] = []

    def remember(number: int, _frame: FrameType | None) -> None:
        if arrived:
            raise KeyboardInterrupt
        arrived.append(number)
        say_note(note)

    before = {number: signal.signal(number, remember) for number in _POSTPONED}
    try:
        yield lambda: arrived[0] if arrived else None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
