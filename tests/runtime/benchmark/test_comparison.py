import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("scipy", reason="needs the extra 'bench'")

from addersr.errors import AdderSRError
from addersr.runtime.benchmark.comparison import Comparison, compare, holm, read_report


def report(context: dict[str, Any] | None = None, **times: list[float]) -> dict[str, Any]:
    """A report with the times in milliseconds of each benchmark."""
    entries: list[dict[str, Any]] = []
    for name, of in times.items():
        common = {"run_name": name, "time_unit": "ms"}
        entries += [
            {"name": name, "run_type": "iteration", "real_time": time, **common} for time in of
        ]
        # An aggregate must not be taken for one more run.
        aggregate = {"name": f"{name}_median", "run_type": "aggregate", "real_time": 1e6}
        entries.append({**aggregate, **common})
    return {"context": context or {}, "benchmarks": entries}


def verdicts(found: Comparison) -> dict[str, str]:
    return {one.name: one.verdict for one in found.differences}


BASE = [10.0 + i / 10 for i in range(20)]


def test_slower_faster_and_same() -> None:
    old = report(a=BASE, b=BASE, c=BASE, d=BASE)
    new = report(
        a=[time * 1.3 for time in BASE],
        b=[time * 0.7 for time in BASE],
        c=list(reversed(BASE)),
        # Beyond chance, and below the threshold.
        d=[time + 0.5 for time in BASE],
    )
    found = compare(old, new, threshold=0.05)
    assert verdicts(found) == {"a": "slower", "b": "faster", "c": "same", "d": "same"}
    assert found.slower
    assert found.differences[0].change == pytest.approx(0.3)
    assert (found.differences[0].old_runs, found.differences[0].new_runs) == (20, 20)
    assert found.differences[2].p == pytest.approx(1)
    assert verdicts(compare(old, new, threshold=0.01, alpha=0.2))["d"] == "slower"
    assert not compare(old, old).slower


def test_a_large_difference_by_chance_is_none() -> None:
    old = report(a=[10.0, 30.0] * 5)
    new = report(a=[30.0, 10.0] * 4 + [30.0, 30.0])
    found = compare(old, new)
    assert found.differences[0].change == pytest.approx(0.5)
    assert verdicts(found) == {"a": "same"}


def test_p_is_that_of_mann_and_whitney() -> None:
    # Three against three, apart: 2 of the 20 ways to order them are as extreme.
    found = compare(report(a=[1, 2, 3]), report(a=[4, 5, 6]))
    assert found.differences[0].p == pytest.approx(2 / 20)
    assert verdicts(found) == {"a": "too few runs"}
    # Five against five: 2 of 252.
    found = compare(report(a=[1, 2, 3, 4, 5]), report(a=[6, 7, 8, 9, 10]))
    assert found.differences[0].p == pytest.approx(2 / 252)
    assert verdicts(found) == {"a": "slower"}


def test_several_benchmarks_are_corrected_for() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
    few, more = [1.0, 2.0, 3.0, 4.0], [6.0, 7.0, 8.0, 9.0]
    assert verdicts(compare(report(a=few), report(a=more)))["a"] == "slower"
    names = ("a", "b", "c")
    found = compare(report(**dict.fromkeys(names, few)), report(**dict.fromkeys(names, more)))
    assert set(verdicts(found).values()) == {"too few runs"}


def test_units_conditions_and_what_only_one_has() -> None:
    old = report({"cpu": "x", "trustworthy": False}, a=BASE, gone=BASE)
    new = report({"cpu": "y", "trustworthy": True}, a=BASE, fresh=BASE)
    for entry in new["benchmarks"]:
        entry.update(time_unit="us", real_time=entry["real_time"] * 1e3)
    found = compare(old, new)
    assert verdicts(found) == {"a": "same"}
    assert (found.only_old, found.only_new) == (("gone",), ("fresh",))
    assert found.conditions == {"cpu": ("x", "y")}
    assert found.untrustworthy == ("old",)
    assert json.loads(json.dumps(found.to_json()))["conditions"]["cpu"] == {"old": "x", "new": "y"}


def test_bad_files(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with pytest.raises(AdderSRError, match="cannot be read"):
        read_report(path)
    for text, said in (
        ("{", "is no JSON"),
        ("[]", "has no context"),
        ('{"context": {}}', "no cont"),
    ):
        path.write_text(text)
        with pytest.raises(AdderSRError, match=said):
            read_report(path)
    with pytest.raises(AdderSRError, match="no benchmark in common"):
        compare(report(a=BASE), report(b=BASE))
    broken = report(a=BASE)
    del broken["benchmarks"][3]["real_time"]
    with pytest.raises(AdderSRError, match="no name, real_time"):
        compare(broken, report(a=BASE))
    with pytest.raises(AdderSRError, match="more than 0"):
        compare(report(a=[0.0, 1.0]), report(a=BASE))
