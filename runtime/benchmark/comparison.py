"""Two reports beside each other: what became slower or faster, and whether that is chance.

The Mann-Whitney U test asks nothing of the distribution of times, which is far from normal. Runs of
one process resemble each other more than chance has it, so tiny differences are soon "significant":
what counts is also at least as large as a threshold.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from addersr.errors import AdderSRError

ALPHA = 0.05
THRESHOLD = 0.05
#: Parts of the context whose difference makes times hard to compare.
_CONDITIONS = (
    *("cpu", "num_cpus", "cpu_scaling_governor", "system", "onnxruntime", "addersr"),
    *("forced", "affinity", "mode"),
)
_UNITS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True)
class Difference:
    """One benchmark in both reports."""

    name: str
    old_milliseconds: float
    """Medians."""
    new_milliseconds: float
    old_runs: int
    new_runs: int
    p: float
    """By Mann and Whitney, two-sided, corrected by Holm for the number of benchmarks."""
    verdict: str
    """``slower``, ``faster``, ``same``, or ``too few runs``: no result could be significant."""

    @property
    def change(self) -> float:
        """New over old, less one."""
        return self.new_milliseconds / self.old_milliseconds - 1

    def to_json(self) -> dict[str, Any]:
        """All fields and the change by name."""
        return {**asdict(self), "change": self.change}


@dataclass(frozen=True)
class Comparison:
    """All that two reports have in common, and what only one has."""

    differences: tuple[Difference, ...]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    conditions: Mapping[str, tuple[Any, Any]]
    """What was not the same, old and new."""
    untrustworthy: tuple[str, ...]
    """``old`` and ``new``, where a report was flagged."""

    @property
    def slower(self) -> bool:
        """Whether anything became slower."""
        return any(one.verdict == "slower" for one in self.differences)

    def to_json(self) -> dict[str, Any]:
        """Everything by name."""
        return {
            "slower": self.slower,
            "differences": [one.to_json() for one in self.differences],
            "only_old": list(self.only_old),
            "only_new": list(self.only_new),
            "conditions": {
                key: {"old": old, "new": new} for key, (old, new) in self.conditions.items()
            },
            "untrustworthy": list(self.untrustworthy),
        }


def read_report(path: Path) -> dict[str, Any]:
    """A file of google/benchmark's form, ours or another's.

    Raises:
        AdderSRError: it cannot be read, or is something else.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AdderSRError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise AdderSRError(
            f"{path} is no JSON: expected a file of 'addersr bench -o FILE'."
        ) from error
    if not (
        isinstance(report, dict)
        and isinstance(report.get("context"), dict)
        and isinstance(report.get("benchmarks"), list)
        and all(isinstance(entry, dict) for entry in report["benchmarks"])
    ):
        raise AdderSRError(
            f"{path} has no context and benchmarks: expected a file of 'addersr bench -o FILE'."
        )
    return report


def compare(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    alpha: float = ALPHA,
    threshold: float = THRESHOLD,
) -> Comparison:
    """Compare the benchmarks that two reports share.

    Args:
        old, new: from :func:`read_report`.
        alpha: p below which a difference is no chance.
        threshold: relative difference of the medians below which it does not matter.

    Raises:
        AdderSRError: they share none, an entry has no times, or scipy is not installed.
    """
    old_times, new_times = _times(old), _times(new)
    shared = [name for name in old_times if name in new_times]
    if not shared:
        raise AdderSRError(
            "The files have no benchmark in common: expected the same models, sizes and threads."
        )
    pairs = [(old_times[name], new_times[name]) for name in shared]
    corrected = holm([_p(*pair) for pair in pairs])
    # With so few runs even complete separation would not be significant.
    floors = holm([_p(range(len(a)), range(len(a), len(a) + len(b))) for a, b in pairs])
    differences = []
    for name, (a, b), p, floor in zip(shared, pairs, corrected, floors, strict=True):
        change = float(np.median(b) / np.median(a)) - 1
        verdict = "same"
        if floor >= alpha:
            verdict = "too few runs"
        elif p < alpha and abs(change) > threshold:
            verdict = "slower" if change > 0 else "faster"
        medians = float(np.median(a)), float(np.median(b))
        differences.append(Difference(name, *medians, len(a), len(b), p, verdict))
    contexts = old["context"], new["context"]
    values = {key: (contexts[0].get(key), contexts[1].get(key)) for key in _CONDITIONS}
    flagged = zip(("old", "new"), contexts, strict=True)
    return Comparison(
        differences=tuple(differences),
        only_old=tuple(name for name in old_times if name not in new_times),
        only_new=tuple(name for name in new_times if name not in old_times),
        conditions={key: pair for key, pair in values.items() if pair[0] != pair[1]},
        untrustworthy=tuple(name for name, of in flagged if of.get("trustworthy") is False),
    )


def holm(p: Sequence[float]) -> list[float]:
    """p values corrected for how many there are: Holm, Scandinavian J. of Statistics 6, 1979."""
    corrected, largest = [1.0] * len(p), 0.0
    for rank, index in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        largest = max(largest, min(1.0, (len(p) - rank) * p[index]))
        corrected[index] = largest
    return corrected


def _p(old: Sequence[float], new: Sequence[float]) -> float:
    try:
        from scipy.stats import mannwhitneyu
    except ImportError as error:
        raise AdderSRError(
            "Comparing needs scipy, which is not installed: pip install 'addersr[bench]'."
        ) from error
    return float(mannwhitneyu(old, new, alternative="two-sided").pvalue)


def _times(report: Mapping[str, Any]) -> dict[str, list[float]]:
    """Milliseconds of every run by run name."""
    times: dict[str, list[float]] = {}
    for entry in report["benchmarks"]:
        if entry.get("run_type", "iteration") != "iteration":
            continue
        name, time = entry.get("run_name", entry.get("name")), entry.get("real_time")
        unit = _UNITS.get(str(entry.get("time_unit")))
        if not isinstance(name, str) or not isinstance(time, (int, float)) or unit is None:
            raise AdderSRError(f"A benchmark has no name, real_time or time_unit: {entry}.")
        if time <= 0:
            raise AdderSRError(f"The benchmark {name} has a time of {time}: expected more than 0.")
        times.setdefault(name, []).append(time * unit)
    return times
