"""Encoding frames to a video file: by the program ffmpeg if it is there, else by OpenCV."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

import cv2

from addersr.errors import AdderSRError
from addersr.files import replacing
from addersr.runtime.opencv import quiet
from addersr.runtime.pixels import Pixels

Write: TypeAlias = Callable[[Pixels], object]
"""Takes one frame, uint8 [H, W, 3] in the order of OpenCV, without gaps."""

# What OpenCV's own ffmpeg encodes everywhere, by container; x264 is not in it.
_OPENCV_CODECS = {".mp4": "mp4v", ".m4v": "mp4v", ".mov": "mp4v", ".mkv": "mp4v", ".avi": "MJPG"}
# Hardly to be told from the frames themselves: detail is what an enlargement is for.
_FFMPEG_CODEC = ("-c:v", "libx264", "-crf", "16", "-preset", "fast", "-pix_fmt", "yuv420p")

SUFFIXES = tuple(_OPENCV_CODECS)
"""Endings of files that can be written, in lower case."""


def find_ffmpeg() -> str | None:
    """The program ffmpeg, if it is installed."""
    return shutil.which("ffmpeg")


@contextmanager
def ffmpeg_writer(
    program: str, path: Path, rate: float, width: int, height: int
) -> Iterator[Write]:
    """Write a video as H.264; complete when the block ends, also when by an exception.

    Raises:
        AdderSRError: ffmpeg fails, with its words.
    """
    command = [
        *(program, "-y", "-v", "error", "-f", "rawvideo", "-pix_fmt", "bgr24"),
        *("-video_size", f"{width}x{height}", "-framerate", f"{rate:.10g}", "-i", "pipe:0"),
        *(*_FFMPEG_CODEC, str(path.absolute())),
    ]
    with tempfile.TemporaryFile() as errors:
        # Ctrl-C is for us: ffmpeg shall finish what it has.
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stderr=errors, start_new_session=True
        )
        pipe = process.stdin
        assert pipe is not None
        try:
            yield lambda frame: _send(pipe.write, frame)
        finally:
            # Where it has ended before, its words follow.
            with suppress(BrokenPipeError):
                pipe.close()
            code = process.wait()
            errors.seek(0)
            words = errors.read().decode(errors="replace").strip().splitlines()
            if code != 0:
                reason = words[0] if words else "it gives no reason"
                raise AdderSRError(f"ffmpeg could not encode the video: {reason}.")


def _send(write: Callable[[memoryview], int], frame: Pixels) -> None:
    try:
        write(frame.data)
    except BrokenPipeError as error:
        raise AdderSRError("ffmpeg ended before the video did.") from error


@contextmanager
def opencv_writer(path: Path, rate: float, width: int, height: int) -> Iterator[Write]:
    """Write a video as MPEG-4, or MJPEG in AVI; complete when the block ends, however it does.

    Raises:
        AdderSRError: OpenCV cannot encode such a video.
    """
    codec = cv2.VideoWriter.fourcc(*_OPENCV_CODECS[path.suffix.lower()])
    with quiet():
        writer = cv2.VideoWriter(str(path.absolute()), cv2.CAP_FFMPEG, codec, rate, (width, height))
    try:
        if not writer.isOpened():
            raise AdderSRError(
                f"OpenCV has no encoder for {width}x{height} pixels at {rate:g} frames per second. "
                "Try another ending, or install ffmpeg."
            )
        yield writer.write
    finally:
        writer.release()


def copy_sound(program: str, source: Path, path: Path) -> str:
    """Add the sound of ``source``, if it has any, to a video without.

    Returns:
        Why it could not be added; empty when all went well.
    """
    with replacing(path, path.suffix) as joined:
        command = [
            *(program, "-nostdin", "-y", "-v", "error", "-i", str(path.absolute())),
            *("-i", str(source.absolute())),
            *("-map", "0:v:0", "-map", "1:a?", "-c", "copy", str(joined.absolute())),
        ]
        # ffmpeg repeats names and metadata of files, which may be in any encoding.
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False
        )
        if done.returncode == 0:
            return ""
        shutil.copyfile(path, joined)
    words = done.stderr.strip().splitlines()
    return words[0] if words else "ffmpeg gives no reason"
