"""Models of colours train, and are judged as by ``addersr evaluate``."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
pytest.importorskip("skimage", reason="needs the extra 'train'")

from addersr.models.checkpoint import read_metadata
from addersr.runtime.enlarge import enlarge
from addersr.runtime.evaluation import evaluate
from addersr.training import Trainer, TrainingConfig
from addersr.training.data import load_pairs
from addersr.training.validation import validation_psnr

from ..architecture_cases import CASES


def colour_case(config: TrainingConfig, name: str, **changes: Any) -> TrainingConfig:
    arguments = CASES[name].arguments
    return dataclasses.replace(config, architecture=name, arguments=arguments, **changes)


@pytest.mark.parametrize("kind", ["adder", "cnn"])
@pytest.mark.parametrize("name", ["carn", "edsr", "rdn"])
def test_they_train(config: TrainingConfig, tmp_path: Path, name: str, kind: str) -> None:
    config = colour_case(config, name, kind=kind, steps=2)
    pairs = load_pairs(config.data, 2, colour="rgb", smallest=config.patch)
    trainer = Trainer(config, tmp_path, pairs, pairs)
    before = {name: p.detach().clone() for name, p in trainer.model.named_parameters()}
    (_, last) = trainer.run()
    assert last.psnr is not None
    assert read_metadata(trainer.checkpoint)["colour"] == "rgb"
    moved = [
        name for name, p in trainer.model.named_parameters() if not torch.equal(p, before[name])
    ]
    # So narrow a CARN may have layers that no gradient reaches through its ReLUs.
    assert len(moved) > len(before) / 2
    assert next(iter(before)) in moved


@pytest.mark.parametrize("name", ["edsr", "mobile"])
def test_validation_is_that_of_evaluate(config: TrainingConfig, name: str) -> None:
    """One of the images is gray."""
    model = CASES[name].build("cnn")
    pairs = load_pairs(config.data, 2, colour=model.colour)

    def run(planes: Any) -> Any:
        return model(torch.from_numpy(planes)[None])[0].numpy()

    with torch.no_grad():
        expected = evaluate(
            name,
            lambda image: enlarge(image, run, scale=2, colour=model.colour),
            2,
            config.data,
        )
    # A luma model's output passes through RGB of 8 bits in the protocol; in training it does not.
    tolerance = 1e-4 if model.colour == "rgb" else 0.1
    assert validation_psnr(model, pairs) == pytest.approx(expected.psnr, abs=tolerance)
