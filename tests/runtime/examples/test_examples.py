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
from ..enlargement import MODEL, SCALE, enlarged_rgb, picture
from ..installed_package import ROOT, build, onnxruntime_library

EXAMPLES = ROOT / "runtime" / "examples"


@pytest.fixture
def environment() -> dict[str, str]:
    return {"ADDERSR_ONNXRUNTIME": str(onnxruntime_library())}


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
    motion_jpeg = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(small), cv2.CAP_OPENCV_MJPEG, motion_jpeg, 10, (48, 32))
    for seed in range(4):
        writer.write(picture(32, 48, 3, seed))
    writer.release()
    assert run(program, MODEL, small, large, env=environment) == "4 frames\n"
    before, after = cv2.VideoCapture(str(small)), cv2.VideoCapture(str(large))
    for _ in range(4):
        frame, enlarged = before.read()[1], after.read()[1]
        assert enlarged.shape == (32 * SCALE, 48 * SCALE, 3)
        expected = enlarged_rgb(frame[:, :, ::-1])[:, :, ::-1]
        # JPEG in between, with noise: nearer to the result than cubic interpolation is.
        cubic = cv2.resize(frame, (96, 64), interpolation=cv2.INTER_CUBIC).astype(float)
        error = np.square(enlarged.astype(float) - expected).mean()
        assert error < 0.5 * np.square(cubic - expected).mean()
    assert not after.read()[0]


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
