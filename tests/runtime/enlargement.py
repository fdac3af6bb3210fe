"""Pictures, and what programs on the embedding library must make of them, by numpy."""

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from addersr.custom_ops.image import cubic_filter, luma_to_rgb, rgb_to_luma
from addersr.runtime.session import create_session, run_session
from addersr.runtime.upscaler import resolve_model

#: In integers, so that the result is the same on every processor.
MODEL = resolve_model("tiny-x2-adder-u8")
SCALE = 2

Bytes = NDArray[np.uint8]


@cache
def _session() -> Any:
    return create_session(MODEL, threads=1)


def _run(tensor: NDArray[Any]) -> NDArray[np.float32]:
    [name] = [one.name for one in _session().get_inputs()]
    [large] = run_session(_session(), {name: tensor}).values()
    return large


def enlarged_luma(gray: Bytes) -> Bytes:
    """What the network makes of a plane of luma."""
    small = (gray.astype(np.float32) / np.float32(255))[None, None]
    return np.rint(np.clip(_run(small)[0, 0] * np.float32(255), 0, 255)).astype(np.uint8)


def enlarged_rgb(rgb: Bytes) -> Bytes:
    """What the network and the cubic filter make of colours."""
    small = np.ascontiguousarray(rgb)[None]
    large: Bytes = luma_to_rgb(_run(rgb_to_luma(small)), small, cubic_filter(SCALE))[0]
    return large


def picture(height: int, width: int, channels: int = 3, seed: int = 0) -> Bytes:
    """A smooth picture with some noise."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (4, 4, channels)).astype(np.float32)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    noisy = smooth.reshape(height, width, channels) + random.normal(0, 8, (height, width, channels))
    result: Bytes = np.clip(noisy, 0, 255).astype(np.uint8)
    return result[:, :, 0] if channels == 1 else result
