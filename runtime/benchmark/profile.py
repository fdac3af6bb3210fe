"""Where the time of a model goes: by layer and by type of layer."""

from collections.abc import Sequence
from typing import Any

from addersr.runtime.benchmark.node_times import NodeTime

TOP = 10


def by_type(times: Sequence[NodeTime]) -> list[tuple[str, int, float]]:
    """Type, number of layers and milliseconds of each type, the slowest first."""
    totals: dict[str, tuple[int, float]] = {}
    for one in times:
        count, milliseconds = totals.get(one.op, (0, 0.0))
        totals[one.op] = (count + 1, milliseconds + one.milliseconds)
    rows = [(op, count, milliseconds) for op, (count, milliseconds) in totals.items()]
    return sorted(rows, key=lambda row: -row[2])


def top(times: Sequence[NodeTime], count: int = TOP) -> list[NodeTime]:
    """The slowest layers, the slowest first."""
    return sorted(times, key=lambda one: -one.milliseconds)[:count]


def profile_json(times: Sequence[NodeTime]) -> dict[str, Any]:
    """In the order in which they run, the slowest, and by type; times in milliseconds."""
    total = sum(one.milliseconds for one in times)
    return {
        "total_ms": total,
        "run_order": [_layer(one, total) for one in times],
        "top": [_layer(one, total) for one in top(times)],
        "by_type": [
            {"type": op, "layers": count, "ms": ms, "share": _share(ms, total)}
            for op, count, ms in by_type(times)
        ],
    }


def _layer(one: NodeTime, total: float) -> dict[str, Any]:
    share = _share(one.milliseconds, total)
    return {"name": one.name, "type": one.op, "ms": one.milliseconds, "share": share}


def _share(milliseconds: float, total: float) -> float:
    return milliseconds / total if total else 0.0
