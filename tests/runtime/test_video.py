"""Videos, made here frame by frame."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from addersr.errors import AdderSRError
from addersr.runtime import video_writer
from addersr.runtime.upscaler import Upscaler
from addersr.runtime.video import check_output, upscale_video
from addersr.runtime.video_writer import opencv_writer

from ..model_factory import metadata, super_resolution_model

Array = npt.NDArray[np.uint8]
SAID = (
    "has no sound, and its picture loses a little detail: install ffmpeg for the sound and H.264."
)


@pytest.fixture(scope="module")
def upscaler(adder_model: Path) -> Upscaler:
    return Upscaler(adder_model, threads=1)


@pytest.fixture
def without_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_writer, "find_ffmpeg", lambda: None)


@pytest.fixture
def ffmpeg() -> str:
    program = shutil.which("ffmpeg")
    if program is None:
        pytest.skip("no ffmpeg on this machine")
    return program


def _make(path: Path, photo: Array, frames: int = 5, rate: float = 12.5) -> Path:
    height, width = photo.shape[:2]
    with opencv_writer(path, rate, width, height) as write:
        for number in range(frames):
            write(np.ascontiguousarray(np.roll(photo, 4 * number, 1)[:, :, ::-1]))
    return path


def _frames(path: Path) -> tuple[list[Array], float]:
    reader = cv2.VideoCapture(str(path))
    frames = []
    while True:
        done, frame = reader.read()
        if not done:
            return frames, reader.get(cv2.CAP_PROP_FPS)
        frames.append(np.asarray(frame, np.uint8))


@pytest.mark.usefixtures("without_ffmpeg")
@pytest.mark.parametrize("suffix", video_writer.SUFFIXES)
def test_frames_are_enlarged_one_by_one(
    upscaler: Upscaler, photo: Array, tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    source, target = _make(tmp_path / f"small{suffix}", photo), tmp_path / f"large{suffix}"
    seen: list[tuple[int, int]] = []
    made = upscale_video(upscaler, source, target, lambda *counts: seen.append(counts))
    assert (made.width, made.height, made.frames, made.rate) == (128, 96, 5, 12.5)
    assert made.notes == (f"{target.name} {SAID}",)
    assert made.seconds > 0
    assert seen == [(done, 5) for done in range(1, 6)]
    frames, rate = _frames(target)
    assert (len(frames), rate) == (5, 12.5)
    for small, large in zip(_frames(source)[0], frames, strict=True):
        expected = upscaler.upscale(small, order="bgr")
        assert cv2.PSNR(large, expected) > 28
        # No other frame is as near, and no colours are swapped.
        assert cv2.PSNR(large, np.ascontiguousarray(expected[:, :, ::-1])) < 20
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"large{suffix}", f"small{suffix}"]
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(source.stat().st_mode)
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("without_ffmpeg")
def test_odd_sizes_lose_a_row(photo: Array, tmp_path: Path) -> None:
    model = super_resolution_model(scale=3, metadata_props=metadata(3))
    upscaler = Upscaler(model.SerializeToString(), threads=1)
    # Odd numbers of pixels are nothing that a video has: three times 21 are.
    source = tmp_path / "odd.avi"
    with opencv_writer(source, 10, 34, 22) as write:
        write(np.ascontiguousarray(photo[:22, :34]))
    made = upscale_video(upscaler, source, tmp_path / "even.avi")
    assert (made.width, made.height) == (102, 66)
    source.unlink()
    video = np.ascontiguousarray(photo[:21, :33])
    reader = _Frames([video])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cv2, "VideoCapture", reader.open)
        made = upscale_video(upscaler, source, tmp_path / "cut.avi")
    assert (made.width, made.height) == (98, 62)
    assert made.notes[0] == (
        "cut.avi is 98x62: videos have even sizes, so the last row or column was cut off."
    )


class _Frames:
    """A capture of given frames, for sizes that no encoder here writes."""

    def __init__(self, frames: list[Array]) -> None:
        self._frames = frames
        self._real = cv2.VideoCapture

    def open(self, name: str, api: int) -> object:
        return self if name.endswith("odd.avi") else self._real(name, api)

    def isOpened(self) -> bool:  # noqa: N802
        return True

    def get(self, prop: int) -> float:
        return {cv2.CAP_PROP_FPS: 10.0, cv2.CAP_PROP_FRAME_COUNT: float(len(self._frames))}[prop]

    def read(self, _frame: Array | None = None) -> tuple[bool, Array | None]:
        return (True, self._frames.pop(0)) if self._frames else (False, None)

    def release(self) -> None:
        pass


@pytest.mark.usefixtures("without_ffmpeg")
def test_a_name_is_no_protocol(
    upscaler: Upscaler, photo: Array, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("concat:a.avi", "-i.avi", "a%03d b.avi"):
        _make(Path(name), photo, frames=2)
        target = Path(f"data:{name}")
        assert upscale_video(upscaler, Path(name), target).frames == 2
        assert len(_frames(target.absolute())[0]) == 2


def test_what_is_no_video(
    upscaler: Upscaler, photo: Array, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "large.mp4"
    text = tmp_path / "text.mp4"
    text.write_text("This is not a video.")
    with pytest.raises(AdderSRError, match=r"text\.mp4 is not a video that addersr reads"):
        upscale_video(upscaler, text, target)
    with pytest.raises(AdderSRError, match=r"none\.mp4 does not exist"):
        upscale_video(upscaler, tmp_path / "none.mp4", target)
    whole = _make(tmp_path / "whole.mp4", photo).read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AdderSRError, match=r"cut\.mp4 (is not a video|has no frames)"):
        upscale_video(upscaler, cut, target)
    for wrong, said in (("a.gif", "ending in .mp4"), ("folder/c.mp4", "does not exist")):
        with pytest.raises(AdderSRError, match=said):
            check_output(tmp_path / wrong)
    assert not target.exists()
    assert "moov" not in capfd.readouterr().err


@pytest.mark.usefixtures("without_ffmpeg")
def test_a_video_that_ends_early_is_told(upscaler: Upscaler, photo: Array, tmp_path: Path) -> None:
    source = _make(tmp_path / "small.avi", photo, frames=20)
    data = source.read_bytes()
    source.write_bytes(data[: len(data) // 2])
    made = upscale_video(upscaler, source, tmp_path / "large.avi")
    assert 0 < made.frames < 20
    assert made.notes[0] == f"small.avi says that it has 20 frames; {made.frames} could be read."
    assert len(_frames(tmp_path / "large.avi")[0]) == made.frames


@pytest.mark.usefixtures("without_ffmpeg")
def test_an_interruption_keeps_what_is_done(
    upscaler: Upscaler, photo: Array, tmp_path: Path
) -> None:
    source, target = _make(tmp_path / "small.mp4", photo, frames=9), tmp_path / "large.mp4"

    def interrupt(done: int, _total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as raised:
        upscale_video(upscaler, source, target, interrupt)
    part = tmp_path / "large.part.mp4"
    assert str(raised.value) == f"Interrupted: the first 4 frames are in {part}."
    assert len(_frames(part)[0]) == 4
    assert sorted(tmp_path.iterdir()) == [part, source]


def _program(folder: Path, script: str) -> str:
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize("first", ["", "cat > /dev/null; "])
def test_an_ffmpeg_that_fails_is_told(
    upscaler: Upscaler, photo: Array, tmp_path: Path, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    program = _program(tmp_path / "bin", f"{first}echo broken >&2; exit 3")
    monkeypatch.setattr(video_writer, "find_ffmpeg", lambda: program)
    source = _make(tmp_path / "small.mp4", np.tile(photo, (6, 6, 1)), frames=3)
    with pytest.raises(AdderSRError, match=r"ffmpeg could not encode the video: broken\."):
        upscale_video(upscaler, source, tmp_path / "large.mp4")
    assert not (tmp_path / "large.mp4").exists()


def test_sound_that_cannot_be_copied_is_told(photo: Array, tmp_path: Path) -> None:
    video = _make(tmp_path / "video.mp4", photo)
    before = video.read_bytes()
    program = _program(tmp_path, "echo no such codec >&2; exit 1")
    assert video_writer.copy_sound(program, video, video) == "no such codec"
    assert video.read_bytes() == before


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_ffmpeg_keeps_the_sound(
    upscaler: Upscaler, photo: Array, tmp_path: Path, suffix: str, ffmpeg: str
) -> None:
    silent = _make(tmp_path / f"silent{suffix}", photo, frames=10, rate=25)
    source = tmp_path / f"small{suffix}"
    subprocess.run(
        [
            *(ffmpeg, "-v", "error", "-i", silent, "-f", "lavfi", "-i", "sine=440:duration=0.4"),
            *("-c:v", "copy", "-c:a", "aac", source),
        ],
        check=True,
    )
    target = tmp_path / f"large{suffix}"
    made = upscale_video(upscaler, source, target)
    assert made.notes == ()
    frames, rate = _frames(target)
    assert (len(frames), rate) == (10, 25)
    for small, large in zip(_frames(source)[0], frames, strict=True):
        assert cv2.PSNR(large, upscaler.upscale(small, order="bgr")) > 30
    said = subprocess.run([ffmpeg, "-i", target], capture_output=True, text=True, check=False)
    assert "Audio: aac" in said.stderr
    assert "Video: h264" in said.stderr


def test_the_program_is_looked_for_in_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert video_writer.find_ffmpeg() is None
    program = _program(tmp_path, "exit 0")
    assert video_writer.find_ffmpeg() == program
    assert os.access(program, os.X_OK)
