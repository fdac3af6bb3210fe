"""Runs ``addersr-upscale``, and reads and writes pictures by other means."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..enlargement import MODEL, Bytes

# What onnxruntime never frees is not ours to find.
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}


@dataclass
class Tool:
    """The built program, with a model and an onnxruntime."""

    program: Path
    runtime: Path

    def command(self, *arguments: str | Path) -> list[str]:
        start = [self.program, "-m", MODEL, "--onnxruntime", self.runtime, "--threads", "1"]
        return [str(one) for one in (*start, *arguments)]

    def __call__(
        self, *arguments: str | Path, stdin: bytes = b"", status: int = 0
    ) -> subprocess.CompletedProcess[bytes]:
        result = subprocess.run(
            self.command(*arguments),
            input=stdin,
            capture_output=True,
            env=ENVIRONMENT,
            check=False,
            timeout=120,
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
    assert sorted(file.name for file in folder.iterdir()) == sorted(names)
