"""Video files, frame by frame: OpenCV reads and writes them, ffmpeg, if there, copies the sound."""

import math
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from addersr.errors import AdderSRError
from addersr.files import check_writable, replacing
from addersr.runtime.opencv import quiet
from addersr.runtime.upscaler import Upscaler

# What OpenCV's own ffmpeg encodes everywhere, by container; x264 is not in it.
_CODECS = {".mp4": "mp4v", ".m4v": "mp4v", ".mov": "mp4v", ".mkv": "mp4v", ".avi": "MJPG"}

SUFFIXES = (*_CODECS, ".webm")
"""Endings of files that can be read, in lower case."""
WRITTEN_SUFFIXES = tuple(_CODECS)
"""Endings of files that can be written."""

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
    if path.suffix.lower() not in WRITTEN_SUFFIXES:
        raise AdderSRError(
            f"Cannot write {path}: expected a name ending in {', '.join(WRITTEN_SUFFIXES)}."
        )
    check_writable(path)


def upscale_video(
    upscaler: Upscaler,
    source: Path,
    target: Path,
    progress: Callable[[int, int], None] | None = None,
) -> Enlarged:
    """Enlarge a video: MPEG-4 (MJPEG in AVI), with the rate of the source, at 8 bits.

    The sound is copied as it is where the program ``ffmpeg`` is installed. The file is written
    under another name, and renamed when it is complete.

    Args:
        upscaler: enlarges the frames.
        source: any file that OpenCV reads.
        target: of one of :data:`WRITTEN_SUFFIXES`.
        progress: called with the frames done, and with those that the source says it has.

    Raises:
        AdderSRError: ``source`` is no video, or ``target`` cannot be written.
        KeyboardInterrupt: with a sentence that says where the frames are that were done: beside
            ``target``, with ``.part`` in the name.
    """
    check_output(target)
    notes: list[str] = []
    with _reader(source) as reader, replacing(target) as temporary:
        frames, announced = 0, int(reader.get(cv2.CAP_PROP_FRAME_COUNT))
        rate = float(reader.get(cv2.CAP_PROP_FPS))
        if not (math.isfinite(rate) and rate > 0):
            rate = _USUAL_RATE
            notes.append(f"{source.name} does not say its frame rate: {rate:g} is used.")
        start = time.perf_counter()
        done, frame = reader.read()
        if not done:
            raise AdderSRError(f"{source} has no frames that can be read: get a complete copy.")
        large = upscaler.upscale(frame, order="bgr")
        # Their chroma is that of 2x2 pixels.
        height, width = (side - side % 2 for side in large.shape[:2])
        if (height, width) != large.shape[:2]:
            notes.append(
                f"{target.name} is {width}x{height}: videos have even sizes, so the last row or "
                "column was cut off."
            )
        try:
            with _writer(temporary, target, rate, width, height) as writer:
                while done:
                    upscaler.upscale(frame, out=large, order="bgr")
                    writer.write(np.ascontiguousarray(large[:height, :width]))
                    frames += 1
                    if progress is not None:
                        progress(frames, max(announced, frames))
                    done, frame = reader.read(frame)
        except KeyboardInterrupt as interrupt:
            raise KeyboardInterrupt(_keep(temporary, target, frames)) from interrupt
        seconds = time.perf_counter() - start
        _check_written(temporary, target, frames)
        if frames < announced:
            notes.append(f"{source.name} ends after {frames} of {announced} frames.")
        notes += _copy_sound(source, temporary, target)
    return Enlarged(width, height, frames, rate, seconds, tuple(notes))


@contextmanager
def _reader(path: Path) -> Iterator[Any]:
    with quiet():
        reader = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        if not reader.isOpened():
            reason = "is not a video that addersr reads" if path.exists() else "does not exist"
            raise AdderSRError(f"{path} {reason}: expected {', '.join(SUFFIXES)}.")
        yield reader
    finally:
        reader.release()


@contextmanager
def _writer(
    temporary: Path, target: Path, rate: float, width: int, height: int
) -> Iterator[cv2.VideoWriter]:
    codec = cv2.VideoWriter.fourcc(*_CODECS[target.suffix.lower()])
    with quiet():
        writer = cv2.VideoWriter(str(temporary), cv2.CAP_FFMPEG, codec, rate, (width, height))
    try:
        if not writer.isOpened():
            raise AdderSRError(
                f"Cannot write {target}: OpenCV has no encoder for {width}x{height} pixels at "
                f"{rate:g} frames per second. Try another ending."
            )
        yield writer
    finally:
        writer.release()


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


def _copy_sound(source: Path, temporary: Path, target: Path) -> list[str]:
    """Add the sound of ``source``; what is to be said about it."""
    program = shutil.which("ffmpeg")
    if program is None:
        return [f"{target.name} has no sound: install ffmpeg to keep that of {source.name}."]
    with replacing(temporary) as joined:
        command = [
            *(program, "-nostdin", "-y", "-v", "error", "-i", temporary, "-i", source),
            *("-map", "0:v:0", "-map", "1:a?", "-c", "copy", joined),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0 or joined.stat().st_size == 0:
            shutil.copyfile(temporary, joined)
            reason = (done.stderr.strip().splitlines() or ["it gives no reason"])[0]
            return [f"{target.name} has no sound: ffmpeg could not copy it ({reason})."]
    return []
