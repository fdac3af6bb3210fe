"""Keeping OpenCV quiet: our sentence about a bad file is the one that helps."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Of the ffmpeg inside OpenCV, read when it opens its first video: nothing, not even what is fatal.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import cv2


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing from OpenCV on stderr meanwhile."""
    logging: Any = getattr(cv2.utils, "logging", cv2)  # OpenCV 5 moved it there
    level = logging.getLogLevel()
    logging.setLogLevel(0)  # silent
    try:
        yield
    finally:
        logging.setLogLevel(level)
