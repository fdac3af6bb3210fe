"""A small folder of images and a small configuration."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra 'train'")

from addersr.runtime.images import write_image
from addersr.training import TrainingConfig


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three images: smooth colours with edges, one of them gray."""
    folder = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(0)
    for index in range(3):
        rows, columns = np.mgrid[0:48, 0:64]
        image = (
            100 + 60 * np.sin((rows * (index + 1) + columns) / 9) + random.normal(0, 4, (48, 64))
        )
        image[10:30, 20:40] += 40
        gray = np.clip(image, 0, 255).astype(np.uint8)
        pixels = gray if index == 2 else np.dstack([gray, gray[::-1], gray])
        write_image(folder / f"{index}.png", pixels)
    return folder


@pytest.fixture
def config(photos: Path) -> TrainingConfig:
    return TrainingConfig(
        "mobile",
        "adder",
        photos,
        photos,
        arguments={"channels": 8, "blocks": 1},
        steps=6,
        batch=2,
        patch=8,
        validate_every=2,
        warmup=2,
    )
