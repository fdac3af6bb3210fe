"""``addersr upscale`` on folders and videos, and what it keeps."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest

from addersr.cli.options import parse_bytes
from addersr.cli.upscale_jobs import find_jobs
from addersr.errors import AdderSRError
from addersr.runtime.images import read_image, write_image
from addersr.runtime.upscaler import Upscaler
from addersr.runtime.video_writer import opencv_writer

from ..runtime.engine import needs_engine
from ..runtime.test_colour_profile import profile_of

if TYPE_CHECKING:
    import subprocess

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Array = npt.NDArray[np.uint8]


@pytest.fixture
def folder(tmp_path: Path, photo: Array) -> Path:
    """Two images and a video."""
    folder = tmp_path / "holiday"
    folder.mkdir()
    write_image(folder / "a.png", photo)
    write_image(folder / "b.jpg", photo)
    with opencv_writer(folder / "clip.avi", 10, photo.shape[1], photo.shape[0]) as write:
        for _ in range(3):
            write(photo)
    return folder


def test_two_inputs_never_share_a_result(tmp_path: Path) -> None:
    source = tmp_path / "films"
    source.mkdir()
    for name in ("a.mkv", "a.webm", "a.avi"):
        (source / name).touch()
    targets = [job.target.name for job in find_jobs(source, None, 2)]
    assert sorted(targets) == ["a.avi", "a.mkv", "a.webm.mkv"]


def test_a_folder_goes_on_where_it_was(
    run: Run, adder_model: Path, folder: Path, photo: Array
) -> None:
    results = folder.parent / "holiday-x2"
    results.mkdir()
    write_image(results / "a.png", photo[:5, :5])  # as if an earlier run had made it
    command = ("upscale", folder, "-m", adder_model, "--threads", "1")
    done = run(*command, "--json", PATH="")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert ["skipped" in image for image in said["images"]] == [True, False]
    (clip,) = said["videos"]
    assert (clip["width"], clip["height"], clip["frames"], clip["rate"]) == (128, 96, 3, 10)
    assert "1 of 3 results were there already and were kept" in done.stderr
    assert "clip.avi has no sound" in done.stderr
    assert read_image(results / "a.png").pixels.shape == (5, 5, 3)
    assert sorted(path.name for path in results.iterdir()) == ["a.png", "b.jpg", "clip.avi"]

    again = run(*command)
    assert again.stdout == "\n"
    assert "3 of 3 results were there already" in again.stderr

    anew = run(*command, "--overwrite", PATH="")
    assert "were there already" not in anew.stderr
    lines = anew.stdout.replace("\n", "").replace(" ", "")
    for said in (f"{results / 'a.png'}:128x96in", "128x96,3framesin", "frames/s", "Mpixel/s"):
        assert said in lines
    assert read_image(results / "a.png").pixels.shape == (96, 128, 3)


def test_one_video(run: Run, adder_model: Path, folder: Path) -> None:
    clip = folder / "clip.avi"
    done = run("upscale", clip, "-m", adder_model, "-o", folder / "large.mp4", PATH="")
    assert done.returncode == 0, done.stderr
    assert f"{folder / 'large.mp4'}: 128x96" in done.stdout.replace("\n", "")
    for wrong, said in (("large.png", "ending in .mp4"), ("clip.avi", "the input itself")):
        failed = run("upscale", clip, "-m", adder_model, "-o", folder / wrong)
        assert failed.returncode == 1
        assert said in failed.stderr
    failed = run("upscale", clip, "-m", adder_model, "--compare", folder / "c.png")
    assert "one image as INPUT, got a video" in failed.stderr


@needs_engine
def test_a_memory_limit_gives_the_same_picture(
    run: Run, adder_model: Path, folder: Path, photo: Array
) -> None:
    target = folder / "large.png"
    options = ("--threads", "1", "-m", adder_model, "-o", target)
    done = run("upscale", folder / "a.png", *options, "--memory-limit", "4300k")
    assert done.returncode == 0, done.stderr
    expected = Upscaler(adder_model, threads=1).upscale(photo)
    difference = np.abs(read_image(target).pixels.astype(int) - expected)
    # Sums are not taken in the same order everywhere: a half may round to the other side.
    assert difference.max() <= 1
    failed = run("upscale", folder / "a.png", *options, "--memory-limit", "100")
    assert failed.returncode == 1
    assert failed.stderr.startswith("Error: ")
    assert failed.stderr.count("\n") == 1


def test_sizes_of_memory() -> None:
    assert parse_bytes(None) is None
    sizes = {"7": 7, "500M": 500_000_000, "2GB": 2_000_000_000, "64k": 64_000, "1T": 10**12}
    assert {size: parse_bytes(size) for size in sizes} == sizes
    for wrong in ("", "0", "M", "-3M", "1.5G", "3 M", "5X", "1e6"):
        with pytest.raises(AdderSRError, match="for example 500M"):
            parse_bytes(wrong)


def test_the_colour_profile_and_what_is_dropped(
    run: Run, adder_model: Path, tmp_path: Path, photo: Array
) -> None:
    source, target = tmp_path / "photo.png", tmp_path / "large.jpg"
    write_image(source, photo, profile_of())
    done = run("upscale", source, "-m", adder_model, "-o", target)
    assert done.stderr == ""
    assert read_image(target).profile == profile_of()
    done = run("upscale", source, "-m", adder_model, "-o", tmp_path / "large.bmp")
    assert "Note: large.bmp: the colour profile was left out" in done.stderr
