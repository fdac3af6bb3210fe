"""The examples of the embedding library, and the program of docs/embedding.md: built and run."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from ..consumers.package import run
from ..consumers.picture import onnxruntime_library
from ..enlargement import MODEL, Bytes, enlarged_rgb, picture
from ..installed_package import ROOT, build

EXAMPLES = ROOT / "runtime" / "examples"


@pytest.fixture
def environment() -> dict[str, str]:
    return {"ADDERSR_ONNXRUNTIME": str(onnxruntime_library())}


def bgr(frame: Bytes) -> Bytes:
    return np.ascontiguousarray(frame[:, :, ::-1])


def write_video(path: Path, frames: list[Bytes]) -> None:
    height, width = frames[0].shape[:2]
    motion_jpeg = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), cv2.CAP_OPENCV_MJPEG, motion_jpeg, 10, (width, height))
    for frame in frames:
        writer.write(frame)
    writer.release()


def read_video(path: Path) -> list[Bytes]:
    reader = cv2.VideoCapture(str(path))
    frames = []
    while (read := reader.read())[0]:
        frames.append(read[1])
    return frames


def distance(first: list[Bytes], second: list[Bytes]) -> float:
    """The mean of the squared differences."""
    pairs = zip(first, second, strict=True)
    return float(np.mean([np.square(a.astype(float) - b).mean() for a, b in pairs]))


@pytest.mark.parametrize("name", ["minimal_c", "minimal_cpp"])
def test_minimal(tmp_path: Path, environment: dict[str, str], name: str) -> None:
    program = build(EXAMPLES / name, name)
    rgb = picture(21, 34)
    small, large = tmp_path / "small.ppm", tmp_path / "large.ppm"
    small.write_bytes(b"P6\n34 21\n255\n" + rgb.tobytes())
    run(program, MODEL, small, large, env=environment)
    assert large.read_bytes() == b"P6\n68 42\n255\n" + enlarged_rgb(rgb).tobytes()
    # And its mistakes.
    for wrong in ([], [MODEL, tmp_path / "no.ppm", large], [tmp_path / "no.onnx", small, large]):
        result = subprocess.run(
            [program, *wrong], env={**os.environ, **environment}, capture_output=True, check=False
        )
        assert result.returncode == 1
        assert result.stderr.endswith(b"\n")


def test_camera_loop(environment: dict[str, str]) -> None:
    program = build(EXAMPLES / "camera_loop", "camera_loop")
    # A camera that is much faster than any network: the loop must drop.
    line = run(program, MODEL, "12", "5000", env=environment)
    pattern = r"12 shown, (\d+) dropped, latency ([\d.]+) ms \(median\), ([\d.]+) ms \(99 %\)\n"
    found = re.fullmatch(pattern, line)
    assert found is not None, line
    assert int(found[1]) > 0
    assert 0 < float(found[2]) <= float(found[3])


def test_opencv_video(tmp_path: Path, environment: dict[str, str]) -> None:
    options = []
    if not list(Path("/usr").glob("lib*/**/cmake/opencv4")):
        # Debian's libopencv-videoio-dev is enough, but find_package asks for all of libopencv-dev.
        headers = Path("/usr/include/opencv4")
        if not (headers / "opencv2" / "videoio.hpp").exists():
            pytest.skip("no OpenCV for C++; on Debian: apt-get install libopencv-videoio-dev")
        (tmp_path / "OpenCVConfig.cmake").write_text(
            f"include_directories({headers})\nset(OpenCV_LIBS opencv_core opencv_videoio)\n"
        )
        options.append(f"-DOpenCV_DIR={tmp_path}")
    program = build(EXAMPLES / "opencv_video", "opencv_video", *options)
    small, large = tmp_path / "small.avi", tmp_path / "large.avi"
    # Sharp edges without colour: the network's work shows more than the losses of JPEG.
    masks = [picture(32, 48, 1, seed) > 127 for seed in range(4)]
    edges = [np.where(mask, 220, 30).astype(np.uint8) for mask in masks]
    write_video(small, [np.dstack([gray, gray, gray]) for gray in edges])
    assert run(program, MODEL, small, large, env=environment) == "4 frames\n"
    before, after = read_video(small), read_video(large)
    # The same losses: Motion JPEG of what the network makes of the small frames.
    write_video(tmp_path / "expected.avi", [bgr(enlarged_rgb(bgr(frame))) for frame in before])
    cubic = [cv2.resize(frame, (96, 64), interpolation=cv2.INTER_CUBIC) for frame in before]
    write_video(tmp_path / "cubic.avi", cubic)
    right = distance(after, read_video(tmp_path / "expected.avi"))
    assert right < 0.1 * distance(after, read_video(tmp_path / "cubic.avi"))


def test_the_program_of_the_documentation(tmp_path: Path, environment: dict[str, str]) -> None:
    text = (ROOT / "docs" / "embedding.md").read_text()
    project, program = (
        re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)[0]
        for language in ("cmake", "cpp")
    )
    assert len(program.splitlines()) <= 12
    source = tmp_path / "source"
    source.mkdir()
    (source / "CMakeLists.txt").write_text(project)
    (source / "main.cc").write_text(program)
    # CMake does not build a project from another place in the same folder.
    shutil.rmtree(ROOT / "build" / "programs" / "enlarge", ignore_errors=True)
    binary = build(source, "enlarge")
    (tmp_path / "tiny-x2-adder-u8.onnx").symlink_to(MODEL)
    rgb = picture(180, 320)
    result = subprocess.run(
        [binary],
        input=rgb.tobytes(),
        env={**os.environ, **environment},
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert result.stdout == enlarged_rgb(rgb).tobytes()
