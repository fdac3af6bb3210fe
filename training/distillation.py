"""A trained model whose output a student learns from, beside the HR images."""

import hashlib
from pathlib import Path

import torch
from torch import Tensor

from addersr.errors import AdderSRError
from addersr.models.checkpoint import load_model
from addersr.models.super_resolution import SuperResolution


class Teacher:
    """A checkpoint of any architecture and kind, frozen and in evaluation mode.

    Args:
        path: the checkpoint.
        student: whose scale and colour the teacher must have.

    Attributes:
        name: of the file, without its folder.
        digest: of its content, so that a run that resumes can tell another teacher.

    Raises:
        AdderSRError: it is no checkpoint, or one of another scale or colour.
    """

    def __init__(self, path: Path, student: SuperResolution) -> None:
        self._model = load_model(path)
        self.name = path.name
        self.digest = hashlib.sha256(path.read_bytes()).hexdigest()
        for attribute in ("scale", "colour"):
            own, wanted = getattr(self._model, attribute), getattr(student, attribute)
            if own != wanted:
                raise AdderSRError(
                    f"The teacher {path} has the {attribute} {own}, the model in training {wanted}:"
                    f" expected the same. Choose another teacher."
                )

    @property
    def description(self) -> str:
        """Class and kind, as "Mobile, cnn"."""
        return f"{type(self._model).__name__}, {self._model.kind}"

    def to(self, device: torch.device) -> "Teacher":
        """The same teacher, moved."""
        self._model.to(device)
        return self

    @torch.no_grad()
    def __call__(self, lr: Tensor) -> Tensor:
        """HR [N, c, scale·H, scale·W] as the teacher sees it, of LR [N, c, H, W]."""
        output: Tensor = self._model(lr)
        return output
