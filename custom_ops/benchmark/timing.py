"""Runs contenders in turns, so that a busy moment of the machine slows all of them."""

from collections.abc import Callable, Sequence


def measure(
    ways: Sequence[Callable[[], object]], runs: int, clock: Callable[[], float]
) -> list[list[float]]:
    """Seconds of ``runs`` runs of each, in turns, after one to warm up."""
    seconds: list[list[float]] = [[] for _ in ways]
    for run in range(runs + 1):
        for way, of_way in zip(ways, seconds, strict=True):
            start = clock()
            way()
            if run > 0:
                of_way.append(clock() - start)
    return seconds
