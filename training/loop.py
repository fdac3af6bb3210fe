"""The training loop, with exact resume."""

import csv
import io
import json
import math
import time
from collections.abc import Iterator
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
from addersr.training.data import ImagePair, PatchSampler
from addersr.training.fake_quantization import FakeQuantization, roundings_of
from addersr.training.optimiser import make_optimiser, set_rates
from addersr.training.start import initial_model
from addersr.training.validation import validation_psnr

# Batches over which batch-norm statistics of averaged weights are estimated.
_STATISTICS_BATCHES = 32


@dataclass(frozen=True)
class Progress:
    """State of the run after a step.

    Attributes:
        step: steps done so far, of all sessions of the run together.
        loss: L1 loss of this step's batch.
        psnr: dB on the validation images if the run was validated at this step.
    """

    step: int
    loss: float
    psnr: float | None


def is_begun(folder: Path) -> bool:
    """Whether ``folder`` holds a run that a :class:`Trainer` would resume."""
    return _state_path(folder).exists()


def _state_path(folder: Path) -> Path:
    return folder / "state.pt"


def _scales(model: SuperResolution) -> list[Tensor]:
    """The learned quantisation scales, which are no part of a model's state dict."""
    roundings = roundings_of(model)
    return [] if roundings is None else [p.detach().clone() for p in roundings.learned_scales()]


class Trainer:
    """Trains one model in a folder of its own, which holds everything that resuming needs.

    The folder gets ``model.safetensors`` (averaged weights, batch-norm statistics re-estimated),
    ``state.pt`` (for resuming) and ``log.csv`` (step, loss, psnr), each replaced by renaming.
    A run that was stopped at any moment continues from its last validation, step for step as if it
    had never stopped.

    Args:
        config: the settings; a folder that holds a run with other settings is refused.
        folder: created if need be.
        pairs: training images, from ``load_pairs`` with ``smallest=config.patch``.
        validation: validation images, maybe none.
        quantization: what is rounded in training, needed where ``config.quantize`` is set and the
            run is new; a run that resumes has its own.

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
    ) -> None:
        self.config = config
        self._folder = folder
        self._validation = validation
        self._sampler = PatchSampler(
            pairs, batch=config.batch, patch=config.patch, scale=config.scale, seed=config.seed
        )
        make_folder(folder)
        state = self._read_state() if is_begun(folder) else None
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
        self._average = WeightAverage(self.model, config.average)
        self._optimiser = make_optimiser(self.model, config)
        self.step = 0
        self._log: list[dict[str, Any]] = []
        self._seconds = 0.0
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

    @property
    def _state_path(self) -> Path:
        return _state_path(self._folder)

    def run(self) -> Iterator[Progress]:
        """Train to the end; yields after every step.

        Raises:
            AdderSRError: the loss is not a number any more; the last checkpoint is intact.
        """
        self.model.train()
        losses: list[float] = []
        started = time.monotonic()
        while self.step < self.config.steps:
            loss = self._train_step()
            losses.append(loss)
            psnr = None
            if self.step % self.config.validate_every == 0 or self.step == self.config.steps:
                psnr = self._validate(sum(losses) / len(losses), time.monotonic() - started)
                losses = []
                started = time.monotonic()
            yield Progress(self.step, loss, psnr)

    def _train_step(self) -> float:
        lr, hr = self._sampler.sample(self.step)
        set_rates(self._optimiser, self.step, self.config)
        self._optimiser.zero_grad()
        loss = torch.nn.functional.l1_loss(self.model(lr), hr)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise AdderSRError(
                f"The loss became {value} at step {self.step}. The last checkpoint in "
                f"{self._folder} is intact; start a new run with lower learning rates."
            )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self._optimiser.step()
        self.step += 1
        self._average.update(self.model, self.step)
        return value

    def _validate(self, loss: float, seconds: float) -> float | None:
        """Log, save, and give the validation PSNR of the averaged weights (None without images)."""
        batches = (self._sampler.sample(self.step + i)[0] for i in range(_STATISTICS_BATCHES))
        reestimate_batch_norm(self._average.model, batches)
        self._average.model.eval()
        psnr = validation_psnr(self._average.model, self._validation) if self._validation else None
        self._seconds += seconds
        self._log.append({"step": self.step, "loss": loss, "psnr": psnr})
        self._save(psnr)
        return psnr

    def _save(self, psnr: float | None) -> None:
        state = {
            "config": self.config.to_json(),
            "step": self.step,
            "model": self.model.state_dict(),
            "average": self._average.model.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "log": self._log,
            "seconds": self._seconds,
            "quantization": None if self._quantization is None else self._quantization.to_json(),
            "scales": [_scales(self.model), _scales(self._average.model)],
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
        write_atomically(self._state_path, buffer.getvalue())
        roundings = roundings_of(self._average.model)
        summary = self.config.recipe() | {
            "step": self.step,
            "hours": round(self._seconds / 3600, 2),
        }
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

    def _read_state(self) -> dict[str, Any]:
        """The stored state, if it is one of a run with these settings."""
        try:
            state: dict[str, Any] = torch.load(self._state_path, weights_only=True)
            stored = json.loads(state["config"])
        except Exception as error:  # torch.load raises whatever the damaged file provokes
            raise AdderSRError(
                f"The run in {self._folder} cannot be resumed ({type(error).__name__}: {error}). "
                f"Remove {self._state_path} to start again, or choose another folder."
            ) from error
        own = json.loads(self.config.to_json())
        changed = [
            f"{name} was {stored.get(name)}, now {own.get(name)}"
            for name in sorted({*stored, *own})
            if stored.get(name) != own.get(name)
        ]
        if changed:
            raise AdderSRError(
                f"The folder {self._folder} holds a run with other settings: {'; '.join(changed)}. "
                f"Use the same settings to resume it, or another folder for a new run."
            )
        return state

    def _resume(self, state: dict[str, Any]) -> None:
        self.step = state["step"]
        self.model.load_state_dict(state["model"])
        self._average.model.load_state_dict(state["average"])
        for model, scales in zip(
            (self.model, self._average.model), state.get("scales", ()), strict=False
        ):
            if (roundings := roundings_of(model)) is not None:
                roundings.load_scales(scales)
        self._optimiser.load_state_dict(state["optimiser"])
        self._log = state["log"]
        self._seconds = state["seconds"]
