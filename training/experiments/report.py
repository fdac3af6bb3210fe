"""The report of a plan: its question, the command, a table and a chart, as Markdown."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from addersr.files import make_folder, write_atomically
from addersr.tables import UNKNOWN, Table
from addersr.training.experiments.charts import chart
from addersr.training.experiments.plan import Plan, Variant
from addersr.training.experiments.results import Result, Spread, difference
from addersr.training.experiments.sections import replace_section

COMMAND = "python -m addersr.training.experiments"


def write_report(
    document: Path, plan: Plan, found: Mapping[str, Sequence[Result]], seeds: Sequence[int] = ()
) -> None:
    """Write a plan's part of the document, and its chart into the folder ``images`` beside it.

    Args:
        document: a Markdown file; what other plans and people wrote in it stays.
        plan: the question.
        found: finished runs by variant, at least one.
        seeds: which were wanted, if not the plan's own.

    Raises:
        AdderSRError: a file cannot be written, or matplotlib is not installed.
    """
    image = Path("images") / f"science-{plan.name}.svg"
    make_folder(document.parent / image.parent)
    write_atomically(document.parent / image, chart(plan, found))
    planned = len(plan.variants) * len(seeds or plan.seeds)
    replace_section(document, plan.name, _body(plan, found, planned, image))


def _body(plan: Plan, found: Mapping[str, Sequence[Result]], planned: int, image: Path) -> str:
    finished = sum(map(len, found.values()))
    missing = f" So far {finished} of {planned} runs are finished." if finished < planned else ""
    return "\n\n".join(
        (
            f"## {plan.title}",
            plan.question + missing,
            f"    {COMMAND} docs/experiments/{plan.path.name} -o runs/science",
            _table(plan, found).markdown(),
            f"![{plan.title}]({image.as_posix()})",
        )
    )


def _table(plan: Plan, found: Mapping[str, Sequence[Result]]) -> Table:
    base = found.get(plan.base.label, ())
    rows = []
    for variant in plan.variants:
        results = found.get(variant.label)
        if results is None:
            continue
        own = variant is plan.base
        rows.append(
            (
                variant.label,
                _settings(variant, plan),
                _text(Spread.of([result.psnr for result in results]), "{:.3f}"),
                UNKNOWN if own else _text(difference(results, base), "{:+.3f}"),
                str(results[0].parameters),
                str(len(results)),
            )
        )
    return Table(
        f"dB on the validation photos at the end: mean ± standard deviation over the seeds; "
        f"differences to “{plan.base.label}” by pairs of equal seeds",
        ("variant", "settings", "dB", "difference", "parameters", "seeds"),
        tuple(rows),
        2,
    )


def _text(spread: Spread | None, form: str) -> str:
    if spread is None:
        return UNKNOWN
    mean = form.format(spread.mean)
    return mean if spread.deviation is None else f"{mean} ± {spread.deviation:.3f}"


def _settings(variant: Variant, plan: Plan) -> str:
    """What this variant does not share with all others."""
    all_settings = [_flat(other) for other in plan.variants]
    own = _flat(variant)
    differing = [key for key in own if any(other.get(key) != own[key] for other in all_settings)]
    return ", ".join(f"{key} {own[key]}" for key in differing) or UNKNOWN


def _flat(variant: Variant) -> dict[str, Any]:
    settings = dict(variant.settings)
    arguments = settings.pop("arguments", {})
    needs = {key: need.label for key, need in variant.needs.items()}
    return {key: str(value) for key, value in (settings | arguments | needs).items()}
