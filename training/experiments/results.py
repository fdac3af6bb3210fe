"""What runs came to: one row for each, and what the seeds of a variant have in common."""

import dataclasses
import json
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import addersr
from addersr.errors import AdderSRError
from addersr.files import write_atomically
from addersr.tables import Table
from addersr.training.experiments.plan import Plan, Variant
from addersr.training.experiments.runs import Point, Run


@dataclass(frozen=True)
class Result:
    """A finished run.

    Attributes:
        plan, variant, seed: which one.
        psnr: dB on the validation images at the end; of the averaged weights, not of the best step.
        loss: mean L1 loss since the validation before.
        steps: trained.
        parameters: of the model.
        folder: in the folder of the campaign.
        curve: all validations.
    """

    plan: str
    variant: str
    seed: int
    psnr: float
    loss: float
    steps: int
    parameters: int
    folder: str
    curve: tuple[Point, ...]


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation (None of a single value) of values in dB."""

    mean: float
    deviation: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of one value or more."""
        deviation = statistics.stdev(values) if len(values) > 1 else None
        return cls(statistics.fmean(values), deviation)


def collect(
    plan: Plan, output: Path, data: Path, seeds: Sequence[int] = ()
) -> dict[str, list[Result]]:
    """The finished runs of a plan, by the label of their variant; those without are left out."""
    found: dict[str, list[Result]] = {}
    for variant in plan.variants:
        results = [
            _result(plan, run)
            for run in (Run(variant, seed, output, data) for seed in seeds or plan.seeds)
            if run.finished
        ]
        if results:
            found[variant.label] = results
    return found


def _result(plan: Plan, run: Run) -> Result:
    curve = run.curve()
    psnr = curve[-1].psnr
    assert psnr is not None  # plans without validation images are refused
    return Result(
        plan=plan.name,
        variant=run.variant.label,
        seed=run.seed,
        psnr=psnr,
        loss=curve[-1].loss,
        steps=curve[-1].step,
        parameters=parameters(run.variant),
        folder=str(run.folder.relative_to(run.output)),
        curve=tuple(curve),
    )


def parameters(variant: Variant) -> int:
    """Numbers that training changes in a variant's model."""
    config = variant.config(0, Path(), dict.fromkeys(variant.needs, Path()))
    return sum(p.numel() for p in config.create_model().parameters())


def difference(results: Sequence[Result], base: Sequence[Result]) -> Spread | None:
    """dB above the base, by pairs of equal seeds, which see equal patches; None without a pair."""
    of_base = {result.seed: result.psnr for result in base}
    pairs = [r.psnr - of_base[r.seed] for r in results if r.seed in of_base]
    return Spread.of(pairs) if pairs else None


def write_results(output: Path, found: Mapping[str, Mapping[str, Sequence[Result]]]) -> None:
    """``results.csv`` and ``results.json`` (with the learning curves and what they were made on).

    Args:
        output: their folder; what they hold of other plans stays.
        found: results by plan and by variant.

    Raises:
        AdderSRError: they cannot be read or written.
    """
    results = [row for row in _read(output / "results.json") if row["plan"] not in found]
    for by_variant in found.values():
        results += [dataclasses.asdict(one) for several in by_variant.values() for one in several]
    headings = ("plan", "variant", "seed", "psnr", "loss", "steps", "parameters", "folder")
    rows = tuple(tuple(str(row[name]) for name in headings) for row in results)
    write_atomically(output / "results.csv", Table("", headings, rows, 2).csv().encode())
    content = {
        "context": {
            "addersr": addersr.__version__,
            "torch": torch.__version__,
            "machine": platform.machine(),
        },
        "results": results,
    }
    text = json.dumps(content, indent=1, ensure_ascii=False)
    write_atomically(output / "results.json", (text + "\n").encode())


def _read(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    try:
        results: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["results"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AdderSRError(
            f"{path} cannot be read ({type(error).__name__}: {error}). Remove it: what it holds is "
            f"read from the runs again."
        ) from error
    return results
