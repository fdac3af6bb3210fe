"""Training of super-resolution models on a CPU: data, loop, weight averaging, checkpoints."""

from addersr.training.config import TrainingConfig
from addersr.training.loop import Trainer

__all__ = ["Trainer", "TrainingConfig"]
