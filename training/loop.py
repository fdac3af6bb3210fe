"""The training loop, with exact resume."""

import csv
import io
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from addersr.errors import AdderSRError
from addersr.files import make_folder, write_atomically
from addersr.models.checkpoint import save_model
from addersr.models.registry import complete
from addersr.models.super_resolution import SuperResolution
from addersr.training.averaging import WeightAverage, reestimate_batch_norm
from addersr.training.config import TrainingConfig
from addersr.training.data import ImagePair, PatchSampler, fingerprint
from addersr.training.distillation import Teacher
from addersr.training.fake_quantization import FakeQuantization, roundings_of
from addersr.training.filter_range import FilterRange
from addersr.training.losses import LOSSES
from addersr.training.optimiser import make_optimiser, set_rates
from addersr.training.start import initial_model
from addersr.training.state import is_begun, read_state, write_state
from addersr.training.validation import validation_psnr

# Batches over which batch-norm statistics of averaged weights are estimated.
_STATISTICS_BATCHES = 32
_CPU = torch.device("cpu")


@dataclass(frozen=True)
class Progress:
    """State of the run after a step.

    Attributes:
        step: steps done so far, of all sessions of the run together.
        loss: of this step's batch.
        psnr: dB on the validation images if the run was validated at this step.
    """

    step: int
    loss: float
    psnr: float | None


def _scales(model: SuperResolution) -> list[Tensor]:
    """The learned quantisation scales, which are no part of a model's state dict."""
    roundings = roundings_of(model)
    return [] if roundings is None else [p.detach().clone() for p in roundings.learned_scales()]


class Trainer:
    """Trains one model in a folder of its own, which holds everything that resuming needs.

    The folder gets ``model.safetensors`` (averaged weights, batch-norm statistics re-estimated),
    ``log.csv`` (step, loss, psnr) and ``state.pt`` (for resuming), each replaced by renaming.
    A run that was stopped at any moment continues from its last validation, or from where
    :meth:`save_state` was called, step for step as if it had never stopped.

    Args:
        config: the settings; a folder that holds a run with other settings is refused.
        folder: created if need be.
        pairs: training images, from ``load_pairs`` with ``smallest=config.patch`` and the colour
            of the model; a folder that holds a run with other images is refused.
        validation: validation images, maybe none.
        quantization: what is rounded in training, needed where ``config.quantize`` is set and the
            run is new; a run that resumes has its own.
        device: where to compute. A run can resume on another one, but only on one and the same is
            it exact.

    Attributes:
        model: the model in training, with the weights of the last step.
        fresh: names of the tensors that ``config.start`` could not give a new run.
        step: steps done so far.
    """

    def __init__(
        self,
        config: TrainingConfig,
        folder: Path,
        pairs: list[ImagePair],
        validation: list[ImagePair],
        quantization: FakeQuantization | None = None,
        device: torch.device = _CPU,
    ) -> None:
        self.config = config
        self._folder = folder
        self._validation = validation
        self._device = device
        self._images = fingerprint(pairs)
        make_folder(folder)
        state = read_state(folder, config) if is_begun(folder) else None
        self.fresh: tuple[str, ...] = ()
        if state is None:
            self.model, self.fresh = initial_model(config)
        else:  # it has all weights and needs no start checkpoint
            self.model = config.create_model()
            stored = state.get("quantization")
            quantization = None if stored is None else FakeQuantization.from_json(stored)
        if (quantization is None) != (config.quantize is None):
            raise ValueError("Expected a quantization if, and only if, config.quantize is set.")
        self._quantization = quantization
        if quantization is not None:
            quantization.attach(self.model)
        self.model.to(device)
        self._sampler = PatchSampler(
            pairs, batch=config.batch, patch=config.patch, scale=config.scale, seed=config.seed,
            colour=self.model.colour,
        )  # fmt: skip
        self._teacher = None
        if config.teacher is not None:
            self._teacher = Teacher(config.teacher, self.model).to(device)
        self._loss = LOSSES[config.loss]
        self._average = WeightAverage(self.model, config.average)
        self._optimiser = make_optimiser(self.model, config)
        # After the average was copied from the model: it is not watched.
        self._range = FilterRange(self.model, config.filter_range) if config.filter_range else None
        self.step = self._saved = 0
        self._losses: list[float] = []  # of the steps since the last validation
        self._log: list[dict[str, Any]] = []
        self._seconds = 0.0
        self._started = time.monotonic()
        if state is not None:
            self._resume(state)

    @property
    def checkpoint(self) -> Path:
        """Where the trained model lies."""
        return self._folder / "model.safetensors"

    @property
    def psnr(self) -> float | None:
        """dB of the last validation, if there was one."""
        value: float | None = self._log[-1]["psnr"] if self._log else None
        return value

    def run(self) -> Iterator[Progress]:
        """Train to the end; yields after every step.

        Raises:
            AdderSRError: the loss, the gradient or the weights are not numbers any more, or a
                checkpoint cannot be written; the last one is intact.
        """
        self.model.train()
        self._started = time.monotonic()
        while self.step < self.config.steps:
            loss = self._train_step()
            self._losses.append(loss)
            psnr = None
            if self.step % self.config.validate_every == 0 or self.step == self.config.steps:
                psnr = self._validate()
            yield Progress(self.step, loss, psnr)

    def _train_step(self) -> float:
        lr, hr = (planes.to(self._device) for planes in self._sampler.sample(self.step))
        set_rates(self._optimiser, self.step, self.config)
        self._optimiser.zero_grad()
        output = self.model(lr)
        loss = self._loss(output, hr)
        if self._teacher is not None:
            weight = self.config.teacher_weight
            loss = (1 - weight) * loss + weight * self._loss(output, self._teacher(lr))
        value = float(loss.detach())
        self._expect_number("loss", value)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self._expect_number("gradient", float(norm))
        self._optimiser.step()
        if self._range is not None:
            self._range.clamp()
        self.step += 1
        self._average.update(self.model, self.step)
        return value

    def _expect_number(self, what: str, value: float) -> None:
        if not math.isfinite(value):
            saved = (
                f"The checkpoint in {self._folder}, of step {self._saved}, is intact"
                if self._saved
                else "No checkpoint was written yet"
            )
            raise AdderSRError(
                f"The {what} became {value} at step {self.step}. {saved}; start a new run with "
                f"lower learning rates."
            )

    def _validate(self) -> float | None:
        """Log, save, and give the validation PSNR of the averaged weights (None without images)."""
        largest = torch.stack([p.detach().abs().max() for p in self._average.model.parameters()])
        self._expect_number("largest weight", float(largest.max()))
        batches = (
            self._sampler.sample(self.step + i)[0].to(self._device)
            for i in range(_STATISTICS_BATCHES)
        )
        reestimate_batch_norm(self._average.model, batches)
        self._average.model.eval()
        psnr = validation_psnr(self._average.model, self._validation) if self._validation else None
        loss = sum(self._losses) / len(self._losses)
        self._log.append({"step": self.step, "loss": loss, "psnr": psnr})
        self._losses = []
        with self._advice():
            self._save_checkpoint(psnr)
        self.save_state()  # last: what was written before counts with the state only
        return psnr

    @contextmanager
    def _advice(self) -> Iterator[None]:
        """What to do is added to the sentence on a file that cannot be written."""
        try:
            yield
        except AdderSRError as error:
            then = f"continues after step {self._saved}" if self._saved else "starts anew"
            raise AdderSRError(
                f"{error} Make room, or mend what else it was, and give the same command again: the"
                f" run {then}."
            ) from error

    def save_state(self) -> None:
        """Let the run be resumed after the last step, validated or not.

        Raises:
            AdderSRError: the file cannot be written.
        """
        now = time.monotonic()
        self._seconds += now - self._started
        self._started = now
        state = {
            "config": self.config.to_json(),
            "images": self._images,
            "teacher": None if self._teacher is None else self._teacher.digest,
            "step": self.step,
            "model": self.model.state_dict(),
            "average": self._average.model.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "filter_range": None if self._range is None else self._range.state_dict(),
            "losses": self._losses,
            "log": self._log,
            "seconds": self._seconds,
            "quantization": None if self._quantization is None else self._quantization.to_json(),
            "scales": [_scales(self.model), _scales(self._average.model)],
        }
        with self._advice():
            write_state(self._folder, state)
        self._saved = self.step

    def _save_checkpoint(self, psnr: float | None) -> None:
        roundings = roundings_of(self._average.model)
        seconds = self._seconds + time.monotonic() - self._started
        summary = self.config.recipe() | {"step": self.step, "hours": round(seconds / 3600, 2)}
        if self._teacher is not None:
            summary["teacher"] = f"{self._teacher.name} ({self._teacher.description})"
        save_model(
            self.checkpoint,
            self._average.model,
            architecture=self.config.architecture,
            arguments=complete(self.config.architecture, self.config.arguments),
            training=summary,
            psnr={} if psnr is None else {"validation": round(psnr, 3)},
            plan=None if roundings is None else roundings.current_plan().to_json(),
        )
        table = io.StringIO()
        writer = csv.DictWriter(table, ["step", "loss", "psnr"])
        writer.writeheader()
        writer.writerows(self._log)
        write_atomically(self._folder / "log.csv", table.getvalue().encode())

    def _resume(self, state: dict[str, Any]) -> None:
        # States of older versions lack what came later.
        self._expect_the_same("images", state.get("images", self._images), self._images)
        if self._teacher is not None:
            self._expect_the_same("teacher", state["teacher"], self._teacher.digest)
        self.step = self._saved = state["step"]
        self.model.load_state_dict(state["model"])
        self._average.model.load_state_dict(state["average"])
        for model, scales in zip(
            (self.model, self._average.model), state.get("scales", ()), strict=False
        ):
            if (roundings := roundings_of(model)) is not None:
                roundings.load_scales(scales)
        self._optimiser.load_state_dict(state["optimiser"])
        if self._range is not None:
            self._range.load_state_dict(state["filter_range"])
        self._losses = state.get("losses", [])
        self._log = state["log"]
        self._seconds = state["seconds"]

    def _expect_the_same(self, what: str, stored: str, own: str) -> None:
        if stored != own:
            raise AdderSRError(
                f"The run in {self._folder} cannot be resumed, since the content of its {what} has "
                f"changed. Restore the {what}, or choose another folder for a new run; with "
                f"--start {self.checkpoint} it goes on from the weights of this one."
            )
