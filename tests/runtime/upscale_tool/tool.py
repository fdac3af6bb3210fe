"""Runs ``addersr-upscale``, and says by other ways what it must give."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
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


@dataclass
class Tool:
    """The built program, with a model and an onnxruntime."""

    program: Path
    runtime: Path
    session: Any = field(default_factory=lambda: create_session(MODEL, threads=1))

    def command(self, *arguments: str | Path) -> list[str]:
        start = [self.program, "-m", MODEL, "--onnxruntime", self.runtime, "--threads", "1"]
        return [str(one) for one in (*start, *arguments)]

    def __call__(
        self, *arguments: str | Path, stdin: bytes = b"", status: int = 0
    ) -> subprocess.CompletedProcess[bytes]:
        result = subprocess.run(
            self.command(*arguments), input=stdin, capture_output=True, check=False, timeout=120
        )
        assert result.returncode == status, result.stderr.decode()
        return result

    def fails(self, *arguments: str | Path, stdin: bytes = b"") -> str:
        """The one sentence, or few, that a failure must end in."""
        words = self(*arguments, stdin=stdin, status=1).stderr.decode()
        assert words.startswith("error: ")
        assert words.endswith(".\n")
        assert words.count("\n") == 1
        return words

    def luma(self, gray: Bytes) -> Bytes:
        """What the network makes of a plane of luma."""
        [name] = [one.name for one in self.session.get_inputs()]
        small = (gray.astype(np.float32) / np.float32(255))[None, None]
        [large] = run_session(self.session, {name: small}).values()
        return np.rint(np.clip(large[0, 0] * np.float32(255), 0, 255)).astype(np.uint8)

    def rgb(self, picture: Bytes) -> Bytes:
        """What the network and the cubic filter make of colours."""
        [name] = [one.name for one in self.session.get_inputs()]
        small = np.ascontiguousarray(picture)[None]
        [luma] = run_session(self.session, {name: rgb_to_luma(small)}).values()
        large: Bytes = luma_to_rgb(luma, small, cubic_filter(SCALE))[0]
        return large


def picture(height: int, width: int, channels: int = 3, seed: int = 0) -> Bytes:
    """A smooth picture with some noise."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (4, 4, channels)).astype(np.float32)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    noisy = smooth.reshape(height, width, channels) + random.normal(0, 8, (height, width, channels))
    result: Bytes = np.clip(noisy, 0, 255).astype(np.uint8)
    return result[:, :, 0] if channels == 1 else result


def png(rgb: Bytes) -> bytes:
    """RGB, RGBA or gray as a PNG by OpenCV."""
    swap = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    image = rgb if rgb.ndim == 2 else cv2.cvtColor(rgb, swap[rgb.shape[2]])
    return bytes(cv2.imencode(".png", image)[1])


def decoded(file: bytes) -> Bytes:
    """RGB, RGBA or gray of a picture by OpenCV, as it was stored."""
    swap = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}
    image: Bytes = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_UNCHANGED)
    return image if image.ndim == 2 else cv2.cvtColor(image, swap[image.shape[2]])


def nothing_left(folder: Path, *names: str) -> None:
    """Neither results nor temporary files lie beside the inputs."""
    assert sorted(os.listdir(folder)) == sorted(names)
