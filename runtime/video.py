"""Video files, frame by frame: OpenCV reads them; ffmpeg, if it is there, adds the sound."""

import math
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from addersr.errors import AdderSRError
from addersr.files import check_writable, replacing
from addersr.runtime import video_writer
from addersr.runtime.opencv import quiet
from addersr.runtime.upscaler import Upscaler

SUFFIXES = (*video_writer.SUFFIXES, ".webm")
"""Endings of files that can be read, in lower case."""

_USUAL_RATE = 25.0


@dataclass(frozen=True)
class Enlarged:
    """What was made of a video."""

    width: int
    height: int
    frames: int
    rate: float
    """Frames per second when it is played: those of the source."""
    seconds: float
    """That it took."""
    notes: tuple[str, ...]
    """What was changed or left out, one sentence each."""


def check_output(path: Path) -> None:
    """Fail early if :func:`upscale_video` could not write ``path``.

    Raises:
        AdderSRError: unknown ending, or the folder is missing or not writable.
    """
    if path.suffix.lower() not in video_writer.SUFFIXES:
        raise AdderSRError(
            f"Cannot write {path}: expected a name ending in {', '.join(video_writer.SUFFIXES)}."
        )
    check_writable(path)


def upscale_video(
    upscaler: Upscaler,
    source: Path,
    target: Path,
    progress: Callable[[int, int], None] | None = None,
) -> Enlarged:
    """Enlarge a video, at the rate of the source and 8 bits.

    Where the program ``ffmpeg`` is installed it is H.264, and the sound is copied as it is; else
    OpenCV writes MPEG-4 or, in AVI, MJPEG. The file is written under another name, and renamed when
    it is complete.

    Args:
        upscaler: enlarges the frames.
        source: any file that OpenCV reads.
        target: of one of ``video_writer.SUFFIXES``.
        progress: called with the frames done, and with those that the source says it has.

    Raises:
        AdderSRError: ``source`` is no video, or ``target`` cannot be written.
        KeyboardInterrupt: with a sentence that says where the frames are that were done: beside
            ``target``, with ``.part`` in the name.
    """
    check_output(target)
    notes: list[str] = []
    ffmpeg = video_writer.find_ffmpeg()
    with _reader(source) as reader, replacing(target, target.suffix) as temporary:
        frames, announced = 0, int(reader.get(cv2.CAP_PROP_FRAME_COUNT))
        rate = float(reader.get(cv2.CAP_PROP_FPS))
        if not (math.isfinite(rate) and rate > 0):
            rate = _USUAL_RATE
            notes.append(f"{source.name} does not say its frame rate: {rate:g} is used.")
        start = time.perf_counter()
        done, frame = reader.read()
        if not done:
            raise AdderSRError(f"{source} has no frames that can be read: get a complete copy.")
        large = np.empty((*(side * upscaler.scale for side in frame.shape[:2]), 3), np.uint8)
        # Their chroma is that of 2x2 pixels.
        height, width = (side - side % 2 for side in large.shape[:2])
        if (height, width) != large.shape[:2]:
            notes.append(
                f"{target.name} is {width}x{height}: videos have even sizes, so the last row or "
                "column was cut off."
            )
        try:
            with _writer(ffmpeg, temporary, rate, width, height) as write:
                while done:
                    upscaler.upscale(frame, out=large, order="bgr")
                    write(np.ascontiguousarray(large[:height, :width]))
                    frames += 1
                    if progress is not None:
                        progress(frames, max(announced, frames))
                    done, frame = reader.read(frame)
            seconds = time.perf_counter() - start
            _check_written(temporary, target, frames)
            if frames + 1 < announced:  # containers count roughly
                notes.append(
                    f"{source.name} says that it has {announced} frames; {frames} could be read."
                )
            if ffmpeg is None:
                notes.append(
                    f"{target.name} has no sound, and its picture loses a little detail: install "
                    "ffmpeg for the sound and H.264."
                )
            elif problem := video_writer.copy_sound(ffmpeg, source, temporary):
                notes.append(
                    f"{target.name} has no sound, since it could not be copied: {problem}."
                )
        except KeyboardInterrupt as interrupt:
            raise KeyboardInterrupt(_keep(temporary, target, frames)) from interrupt
    return Enlarged(width, height, frames, rate, seconds, tuple(notes))


@contextmanager
def _reader(path: Path) -> Iterator[Any]:
    with quiet():
        # A whole path is never taken for a protocol, as "concat:…" would be.
        reader = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    try:
        if not reader.isOpened():
            reason = "is not a video that addersr reads" if path.exists() else "does not exist"
            raise AdderSRError(f"{path} {reason}: expected {', '.join(SUFFIXES)}.")
        yield reader
    finally:
        reader.release()


def _writer(
    ffmpeg: str | None, path: Path, rate: float, width: int, height: int
) -> AbstractContextManager[video_writer.Write]:
    if ffmpeg is None:
        return video_writer.opencv_writer(path, rate, width, height)
    return video_writer.ffmpeg_writer(ffmpeg, path, rate, width, height)


def _keep(temporary: Path, target: Path, frames: int) -> str:
    """Keep what was written before an interruption; the sentence that says where."""
    if frames == 0:
        return ""
    part = target.with_name(f"{target.stem}.part{target.suffix}")
    with replacing(part) as copy:
        shutil.copyfile(temporary, copy)
    return f"Interrupted: the first {frames} frames are in {part}."


def _check_written(temporary: Path, target: Path, frames: int) -> None:
    """OpenCV does not tell when the disk was full."""
    with quiet():
        reader = cv2.VideoCapture(str(temporary), cv2.CAP_FFMPEG)
    # Some containers give a duration only, from which OpenCV counts.
    complete = reader.isOpened() and reader.get(cv2.CAP_PROP_FRAME_COUNT) >= frames - 1
    reader.release()
    if not complete:
        raise AdderSRError(f"Cannot write {target}: not all frames arrived. Is the disk full?")
