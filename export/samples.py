"""The inputs on which an exported model is compared: small, always the same, of odd sizes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Sample:
    """One input of a network."""

    name: str
    x: Values
    """[N, C, H, W], 0…1."""


def samples(channels: int) -> tuple[Sample, ...]:
    """Photo-like and noisy images with ``channels`` channels.

    A single pixel sees nothing but padding, a flat black area puts exact zeros into the layers,
    noise drives every tap, two images at once show that the batch is free.
    """
    return (
        _sample("photo", _photo(1, channels, 24, 40)),
        _sample("photo", _photo(1, channels, 17, 23)),
        _sample("photo", _photo(1, channels, 1, 1)),
        _sample("black", np.zeros((1, channels, 6, 5))),
        _sample("noise", np.random.default_rng(2).random((2, channels, 9, 14))),
    )


def _sample(kind: str, x: npt.NDArray[np.float64]) -> Sample:
    batch, _, height, width = x.shape
    return Sample(f"{batch}x {kind} {width}x{height}", x.astype(np.float32))


def _photo(batch: int, channels: int, height: int, width: int) -> npt.NDArray[np.float64]:
    """Smooth shading, a sharp edge, a fine texture and a little noise."""
    rows, columns = np.mgrid[0:height, 0:width]
    shading = 0.4 + 0.2 * np.sin(columns / 7) * np.cos(rows / 5)
    edge = 0.3 * (columns + rows > (height + width) / 2)
    texture = 0.05 * ((columns // 2 + rows) % 2)
    tint = 1 - 0.2 * np.arange(channels).reshape(-1, 1, 1)
    noise = np.random.default_rng(1).normal(0, 0.01, (batch, channels, height, width))
    image: npt.NDArray[np.float64] = np.clip((shading + edge + texture) * tint + noise, 0, 1)
    return image
