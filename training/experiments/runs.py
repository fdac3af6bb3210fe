"""The runs of plans: where they lie, in which order they are made, and what came out of them."""

import csv
import fcntl
import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from addersr.errors import AdderSRError
from addersr.files import make_folder
from addersr.models.super_resolution import Colour
from addersr.training.config import TrainingConfig
from addersr.training.data import ImagePair, load_pairs
from addersr.training.experiments.plan import Plan, Variant
from addersr.training.loop import Trainer

# Sides of LR images below which borders are most of the picture.
_SMALLEST_VALIDATION = 8


@dataclass(frozen=True)
class Point:
    """A validation: mean loss since the one before, and dB of the averaged weights."""

    step: int
    loss: float
    psnr: float | None


@dataclass(frozen=True)
class Run:
    """A variant with a seed.

    Attributes:
        variant, seed: what it is.
        output: the folder of the campaign.
        data: the folder in which the plan's folders lie.
    """

    variant: Variant
    seed: int
    output: Path
    data: Path

    @property
    def title(self) -> str:
        """For people."""
        return f"{self.variant.label}, seed {self.seed}"

    @property
    def folder(self) -> Path:
        """The folder of its own."""
        return self.output / "runs" / self.variant.name / f"seed-{self.seed}"

    @property
    def checkpoint(self) -> Path:
        """The trained model."""
        return self.folder / "model.safetensors"

    @property
    def needs(self) -> "dict[str, Run]":
        """The runs whose models it learns from, by setting."""
        return {
            key: Run(variant, self.seed, self.output, self.data)
            for key, variant in self.variant.needs.items()
        }

    @property
    def config(self) -> TrainingConfig:
        """The settings."""
        checkpoints = {key: need.checkpoint for key, need in self.needs.items()}
        return self.variant.config(self.seed, self.data, checkpoints)

    def curve(self) -> list[Point]:
        """The validations so far."""
        log = self.folder / "log.csv"
        if not log.exists():
            return []
        with log.open(newline="") as file:
            return [
                Point(
                    int(row["step"]),
                    float(row["loss"]),
                    float(row["psnr"]) if row["psnr"] else None,
                )
                for row in csv.DictReader(file)
            ]

    @property
    def finished(self) -> bool:
        """Whether it was trained to its end."""
        curve = self.curve()
        return bool(curve) and curve[-1].step >= self.config.steps


def order(plans: Sequence[Plan], output: Path, data: Path, seeds: Sequence[int] = ()) -> list[Run]:
    """All runs of some plans, each once: the first seed of everything before the second.

    So a campaign that is interrupted is balanced. Within a seed the short runs come first, else all
    have the order of the plans; a run stands behind those that it needs.

    Args:
        plans: their variants.
        output, data: see :class:`Run`.
        seeds: in place of the plans' own.
    """
    runs: dict[tuple[str, int], Run] = {}
    for rank in range(max((len(seeds or plan.seeds) for plan in plans), default=0)):
        of_rank = [
            Run(variant, seed, output, data)
            for plan in plans
            for seed in tuple(seeds or plan.seeds)[rank : rank + 1]
            for variant in plan.variants
        ]
        for run in sorted(of_rank, key=lambda run: run.variant.cost):
            _add(runs, run)
    return list(runs.values())


def _add(runs: dict[tuple[str, int], Run], run: Run) -> None:
    for need in run.needs.values():
        _add(runs, need)
    runs.setdefault((run.variant.digest, run.seed), run)


def carry_out(run: Run, progress: Callable[[int], None] | None = None) -> None:
    """Train to the end, from where an earlier attempt stopped.

    Args:
        run: it may be finished already.
        progress: called with the steps done.

    Raises:
        AdderSRError: what training raises, a run that it needs is not finished, or another process
            is at it.
    """
    for need in run.needs.values():
        if not need.finished:
            raise AdderSRError(f"It needs {need.title}, which is not finished. Run that first.")
    config = run.config
    make_folder(run.folder)
    with _alone(run.folder):
        if run.finished:
            return
        assert config.validation is not None  # plans without are refused
        colour = config.create_model().colour
        trainer = Trainer(
            config,
            run.folder,
            _images(config.data, config.scale, colour, config.patch),
            _images(config.validation, config.scale, colour, _SMALLEST_VALIDATION),
        )
        for state in trainer.run():
            if progress is not None:
                progress(state.step)


@functools.lru_cache(maxsize=4)
def _images(folder: Path, scale: int, colour: Colour, smallest: int) -> list[ImagePair]:
    return load_pairs(folder, scale, colour=colour, smallest=smallest)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a run, which goes with the process that holds it."""
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AdderSRError(
                f"Another process trains in {folder}. Let it finish, or end it."
            ) from error
        yield
