"""Y4M and raw frames through the tool."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from ..enlargement import Bytes, enlarged_luma, enlarged_rgb, picture
from .tool import ENVIRONMENT, Tool, nothing_left

HEADER = b"YUV4MPEG2 W22 H18 F30000:1001 Ip A1:1 C420jpeg XYSCSS=420JPEG\n"
WIDTH, HEIGHT = 22, 18


def chroma(width: int, height: int) -> int:
    return (width + 1) // 2 * ((height + 1) // 2)


def i420(luma: Bytes, u: int, v: int) -> bytes:
    """A frame of one colour and any luma."""
    samples = chroma(luma.shape[1], luma.shape[0])
    return luma.tobytes() + bytes([u]) * samples + bytes([v]) * samples


def frames(count: int) -> list[Bytes]:
    return [picture(HEIGHT, WIDTH, 1, seed) for seed in range(count)]


def y4m(lumas: list[Bytes], header: bytes = HEADER) -> bytes:
    return header + b"".join(b"FRAME\n" + i420(luma, 90, 200) for luma in lumas)


def test_y4m(tool: Tool) -> None:
    lumas = frames(3)
    result = tool("--json", "-", "-", stdin=y4m(lumas))
    expected = [enlarged_luma(luma) for luma in lumas]
    header = HEADER.replace(b"W22 H18", b"W44 H36")
    assert result.stdout == y4m(expected, header)
    summary = json.loads(result.stderr)
    assert (summary["frames"], summary["format"]) == (3, "yuv420p")
    assert (summary["width"], summary["height"]) == (WIDTH, HEIGHT)


def test_y4m_in_files_of_gray_frames_with_parameters(tool: Tool, tmp_path: Path) -> None:
    luma = picture(7, 9, 1)
    small = b"YUV4MPEG2 H7 W9 Cmono F25:1 I?\nFRAME Ip XA=b\n" + luma.tobytes()
    (tmp_path / "small.y4m").write_bytes(small)
    tool(tmp_path / "small.y4m", tmp_path / "large.y4m")
    large = b"YUV4MPEG2 W18 H14 Cmono F25:1 I?\nFRAME\n" + enlarged_luma(luma).tobytes()
    assert (tmp_path / "large.y4m").read_bytes() == large
    nothing_left(tmp_path, "small.y4m", "large.y4m")


def test_raw_colours(tool: Tool) -> None:
    two = [picture(HEIGHT, WIDTH, 3, seed) for seed in range(2)]
    size = ("--size", f"{WIDTH}x{HEIGHT}", "-", "-")
    expected = b"".join(enlarged_rgb(one).tobytes() for one in two)
    small = b"".join(one.tobytes() for one in two)
    assert tool("--raw", "rgb24", *size, stdin=small).stdout == expected

    reversed_ = b"".join(one[:, :, ::-1].tobytes() for one in two)
    large = np.frombuffer(tool("--raw", "bgr24", *size, stdin=reversed_).stdout, np.uint8)
    assert large.reshape(-1, 3)[:, ::-1].tobytes() == expected

    opaque = b"".join(np.dstack([one, np.full_like(one[:, :, :1], 255)]).tobytes() for one in two)
    large = np.frombuffer(tool("--raw", "rgba", *size, stdin=opaque).stdout, np.uint8)
    assert large.reshape(-1, 4)[:, :3].tobytes() == expected
    assert (large.reshape(-1, 4)[:, 3] == 255).all()


@pytest.mark.parametrize(("width", "height"), [(WIDTH, HEIGHT), (7, 5), (1, 1)])
def test_raw_luma(tool: Tool, width: int, height: int) -> None:
    luma = picture(height, width, 1)
    size = ("--size", f"{width}x{height}", "-", "-")
    large = enlarged_luma(luma)
    assert tool("--raw", "gray", *size, stdin=luma.tobytes()).stdout == large.tobytes()
    small = i420(luma, 90, 200)
    assert tool("--raw", "yuv420p", *size, stdin=small).stdout == i420(large, 90, 200)
    nv12 = luma.tobytes() + bytes([90, 200]) * chroma(width, height)
    expected = large.tobytes() + bytes([90, 200]) * (width * height)
    assert tool("--raw", "nv12", *size, stdin=nv12).stdout == expected


def test_nv12_and_yuv420p_have_the_same_chroma(tool: Tool) -> None:
    luma = picture(HEIGHT, WIDTH, 1)
    planes = picture(HEIGHT // 2, WIDTH // 2, 2)
    size = ("--size", f"{WIDTH}x{HEIGHT}", "-", "-")
    planar = luma.tobytes() + planes[:, :, 0].tobytes() + planes[:, :, 1].tobytes()
    large = tool("--raw", "yuv420p", *size, stdin=planar).stdout
    paired = tool("--raw", "nv12", *size, stdin=luma.tobytes() + planes.tobytes()).stdout
    start, samples = 4 * WIDTH * HEIGHT, WIDTH * HEIGHT
    assert paired[:start] == large[:start]
    assert paired[start::2] == large[start : start + samples]
    assert paired[start + 1 :: 2] == large[start + samples :]
    assert len(set(paired[start:])) > 8


TWO = y4m(frames(2))
DAMAGED = {
    "cut in a frame": (TWO[:-10], "frame 2"),
    "cut in a frame's header": (TWO + b"FRA", "ended within the header of frame 3"),
    "no frame": (HEADER, "got none"),
    "cut in the header": (HEADER[:-1], "ended within the Y4M header"),
    "a header without end": (HEADER[:-1] + b" X" * 4000, "at most 1024 bytes"),
    "a frame's header without end": (TWO + b"FRAME" + b" X" * 4000, "at most 1024 bytes"),
    "something between frames": (TWO + b"FRAMES\n", "Expected the header of frame 3"),
    "another magic": (b"YUV4MPEG22 W2 H2\n", "Expected a Y4M header"),
    "no width": (b"YUV4MPEG2 H18\nFRAME\n", "with a width and a height"),
    "no height": (b"YUV4MPEG2 W18\nFRAME\n", "with a width and a height"),
    "a size of 0": (b"YUV4MPEG2 W0 H18\n", "Expected the width"),
    "a negative size": (b"YUV4MPEG2 W8 H-8\n", "Expected the height"),
    "a size that is no number": (b"YUV4MPEG2 W8x H8\n", "'8x'"),
    "an empty size": (b"YUV4MPEG2 W H8\n", "Expected the width"),
    "a size beyond integers": (b"YUV4MPEG2 W99999999999999999999 H8\n", "Expected the width"),
    "a huge size": (b"YUV4MPEG2 W2147483647 H2147483647\n", "--max-pixels"),
    "other chroma": (b"YUV4MPEG2 W8 H8 C422\n", "-pix_fmt yuv420p"),
    "more bits": (b"YUV4MPEG2 W8 H8 C420p10\n", "-pix_fmt yuv420p"),
    "fields": (b"YUV4MPEG2 W8 H8 It\n", "bwdif"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_y4m(tool: Tool, tmp_path: Path, name: str) -> None:
    stream, words = DAMAGED[name]
    assert words in tool.fails("-", tmp_path / "large.y4m", stdin=stream)
    nothing_left(tmp_path)


def test_whole_frames_before_the_damage_are_piped_on(tool: Tool) -> None:
    lumas = frames(2)
    result = tool("-q", "-", "-", stdin=y4m(lumas)[:-1], status=1)
    header = HEADER.replace(b"W22 H18", b"W44 H36")
    assert result.stdout == y4m([enlarged_luma(lumas[0])], header)


def test_raw_frames_of_a_wrong_size(tool: Tool) -> None:
    words = tool.fails("--raw", "rgb24", "--size", "4x4", "-", "-", stdin=bytes(50))
    assert "Expected 48 bytes of frame 2" in words
    assert "ended after 2. Check --raw and --size" in words
    words = tool.fails("--raw", "rgb24", "--size", "40000x40000", "-", "-", stdin=bytes(50))
    assert "--max-pixels" in words


@pytest.mark.parametrize("program", ["yuv420p", "gray"])
def test_ffmpeg_pipes_video_through_it(tool: Tool, tmp_path: Path, program: str) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg on this machine; on Debian: apt-get install ffmpeg")
    quiet = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
    clip = ["-f", "lavfi", "-i", "testsrc2=size=32x24:rate=10:duration=0.5", "-pix_fmt", program]
    video, large = tmp_path / "in.mkv", tmp_path / "out.mkv"
    subprocess.run([*quiet, *clip, "-c:v", "ffv1", video], check=True)
    decode = [*quiet, "-i", str(video), "-f", "yuv4mpegpipe", "-"]
    encode = [*quiet, "-f", "yuv4mpegpipe", "-i", "-", "-c:v", "ffv1", str(large)]
    with (
        subprocess.Popen(decode, stdout=subprocess.PIPE) as first,
        subprocess.Popen(
            tool.command("-q", "-", "-"),
            stdin=first.stdout,
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
        ) as second,
    ):
        subprocess.run(encode, stdin=second.stdout, check=True, timeout=120)
    assert (first.returncode, second.returncode) == (0, 0)

    def lumas(path: Path, height: int, width: int) -> Bytes:
        raw = [*quiet, "-i", str(path), "-pix_fmt", program, "-f", "rawvideo", "-"]
        stream = subprocess.run(raw, check=True, capture_output=True).stdout
        all_ = np.frombuffer(stream, np.uint8).reshape(5, -1)
        return all_[:, : height * width].reshape(5, height, width)

    small = lumas(video, 24, 32)
    for before, after in zip(small, lumas(large, 48, 64), strict=True):
        np.testing.assert_array_equal(after, enlarged_luma(before))
