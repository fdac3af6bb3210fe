"""PNG and JPEG through the tool."""

import json
import struct
import subprocess
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from addersr.runtime.upscaler import Upscaler

from ..enlargement import MODEL, SCALE, Bytes, enlarged_luma, enlarged_rgb, picture
from .tool import ENVIRONMENT, Tool, decoded, nothing_left, png


def chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def handmade_png(
    width: int, height: int, depth: int, colours: int, rows: bytes, *more: bytes
) -> bytes:
    """A PNG of what OpenCV does not write; ``more`` are chunks before the pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + data + chunk(b"IEND", b"")


def unfiltered(rows: Bytes) -> bytes:
    """Rows of a PNG, each after the number of its filter, none."""
    return b"".join(b"\0" + row.tobytes() for row in rows)


def exif(orientation: int, order: str) -> bytes:
    """A TIFF structure with one entry besides the one that is looked for."""
    entries = ((0x0100, 4, 1, 7), (0x0112, 3, 1, orientation))
    shift = 16 if order == ">" else 0
    packed = b"".join(
        struct.pack(order + "HHII", tag, kind, count, value << (shift if kind == 3 else 0))
        for tag, kind, count, value in entries
    )
    magic = {"<": b"II\x2a\0", ">": b"MM\0\x2a"}[order]
    return magic + struct.pack(order + "IH", 8, len(entries)) + packed + bytes(4)


def test_colours_are_those_of_the_network_and_the_filter(tool: Tool, tmp_path: Path) -> None:
    rgb = picture(23, 37)
    (tmp_path / "small.png").write_bytes(png(rgb))
    result = tool(tmp_path / "small.png", tmp_path / "large.png")
    assert result.stdout == b""
    assert b"74x46" in result.stderr
    np.testing.assert_array_equal(decoded((tmp_path / "large.png").read_bytes()), enlarged_rgb(rgb))
    nothing_left(tmp_path, "small.png", "large.png")


def test_gray_stays_gray_and_goes_through_pipes(tool: Tool) -> None:
    gray = picture(16, 21, 1)
    large = tool("-q", "-", "-", stdin=png(gray))
    assert large.stderr == b""
    np.testing.assert_array_equal(decoded(large.stdout), enlarged_luma(gray))


def test_alpha_is_enlarged_too(tool: Tool) -> None:
    rgba = np.dstack([picture(16, 18), np.full((16, 18), 77, np.uint8)])
    large = decoded(tool("-", "-", stdin=png(rgba)).stdout)
    np.testing.assert_array_equal(large[:, :, :3], enlarged_rgb(rgba[:, :, :3]))
    assert (large[:, :, 3] == 77).all()
    rgba[4:, :, 3] = 200
    alpha = decoded(tool("-", "-", stdin=png(rgba)).stdout)[:, :, 3]
    assert alpha[0].max() < 85
    assert alpha[-1].min() > 190


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_python_gives_the_same_pixels(tool: Tool, channels: int) -> None:
    small = picture(31, 45, channels)
    large = decoded(tool("-", "-", stdin=png(small)).stdout)
    np.testing.assert_array_equal(large, Upscaler(MODEL, threads=1).upscale(small))


def test_palettes_and_transparent_colours_become_pixels(tool: Tool) -> None:
    palette = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]], np.uint8)
    numbers = np.arange(8 * 12, dtype=np.uint8).reshape(8, 12) // 3 % 4
    colours = chunk(b"PLTE", palette.tobytes())
    file = handmade_png(12, 8, 8, 3, unfiltered(numbers), colours)
    np.testing.assert_array_equal(
        decoded(tool("-", "-", stdin=file).stdout), enlarged_rgb(palette[numbers])
    )
    file = handmade_png(12, 8, 8, 3, unfiltered(numbers), colours, chunk(b"tRNS", b"\x40" * 4))
    large = decoded(tool("-", "-", stdin=file).stdout)
    assert large.shape == (16, 24, 4)
    assert (large[:, :, 3] == 0x40).all()


def test_of_16_bits_the_upper_8_are_taken_and_it_is_said(tool: Tool) -> None:
    rgb = picture(8, 9)
    wide = (rgb.astype(np.uint16) << 8 | 0x42).astype(">u2")
    file = handmade_png(9, 8, 16, 2, unfiltered(wide.reshape(8, 27)))
    result = tool("-", "-", stdin=file)
    np.testing.assert_array_equal(decoded(result.stdout), enlarged_rgb(rgb))
    assert b"note: standard input has 16 bits" in result.stderr


def test_a_png_keeps_its_colour_profile(tool: Tool, tmp_path: Path) -> None:
    # libspng looks at the size in a profile's header only.
    profile = struct.pack(">I", 200) + bytes(range(196))
    content = b"mine\0\0" + zlib.compress(profile)
    file = handmade_png(8, 8, 8, 0, unfiltered(picture(8, 8, 1)), chunk(b"iCCP", content))
    large = tool("-q", "-", "-", stdin=file).stdout
    start = large.index(b"iCCPmine\0\0") + 10
    assert zlib.decompressobj().decompress(large[start:]) == profile
    result = tool("-", tmp_path / "large.jpg", stdin=file)
    assert b"note: The colour profile was left out" in result.stderr


def test_a_profile_of_gray_values_does_not_come_with_colours(tool: Tool) -> None:
    content = b"mine\0\0" + zlib.compress(struct.pack(">I", 200) + bytes(196))
    gray_and_alpha = unfiltered(picture(8, 16, 1))
    file = handmade_png(8, 8, 8, 4, gray_and_alpha, chunk(b"iCCP", content))
    result = tool("-", "-", stdin=file)
    assert decoded(result.stdout).shape == (16, 16, 4)
    assert b"iCCP" not in result.stdout
    assert b"note: The colour profile of standard input was left out" in result.stderr


def test_jpeg_in_and_out(tool: Tool, tmp_path: Path) -> None:
    for name, image in {"colour": picture(24, 40), "gray": picture(24, 40, 1)}.items():
        small, large = tmp_path / f"{name}.jpg", tmp_path / f"{name}-large.jpeg"
        file = bytes(cv2.imencode(".jpg", image)[1])
        small.write_bytes(file)
        pixels = decoded(file)
        tool(small, tmp_path / "large.png")
        expected = enlarged_luma(pixels) if name == "gray" else enlarged_rgb(pixels)
        np.testing.assert_array_equal(
            decoded((tmp_path / "large.png").read_bytes()), expected, err_msg=name
        )
        tool("--jpeg-quality", "100", small, large)
        difference = decoded(large.read_bytes()).astype(int) - expected
        assert np.abs(difference).max() <= 4, name


def test_transparency_is_not_dropped_silently(tool: Tool, tmp_path: Path) -> None:
    rgba = np.dstack([picture(8, 8), np.full((8, 8), 77, np.uint8)])
    result = tool("-", tmp_path / "large.jpg", stdin=png(rgba))
    assert b"note: A JPEG has no transparency" in result.stderr
    assert decoded((tmp_path / "large.jpg").read_bytes()).shape == (16, 16, 3)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_come_the_right_side_up(tool: Tool, order: str, orientation: int) -> None:
    jpeg = bytes(cv2.imencode(".jpg", picture(10, 14, 1))[1])
    segment = b"Exif\0\0" + exif(orientation, order)
    turned = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:]
    # OpenCV turns pictures, too, unless they are asked for as they were stored.
    upright = cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert upright.shape == ((14, 10) if orientation >= 5 else (10, 14))
    np.testing.assert_array_equal(
        decoded(tool("-q", "-", "-", stdin=turned).stdout), enlarged_luma(upright)
    )


def test_the_right_side_of_a_png(tool: Tool) -> None:
    gray = picture(9, 14, 1)
    file = handmade_png(14, 9, 8, 0, unfiltered(gray), chunk(b"eXIf", exif(6, ">")))
    large = decoded(tool("-q", "-", "-", stdin=file).stdout)
    np.testing.assert_array_equal(large, enlarged_luma(np.rot90(gray, -1)))


def test_senseless_exif_is_ignored(tool: Tool) -> None:
    gray = picture(9, 14, 1)
    good = exif(6, "<")
    directory_outside = good[:4] + struct.pack("<I", 0xFFFFFFF0) + good[8:]
    for bad in (b"II", good[:12], directory_outside, exif(9, "<"), b"XX" + good[2:]):
        file = handmade_png(14, 9, 8, 0, unfiltered(gray), chunk(b"eXIf", bad))
        large = decoded(tool("-q", "-", "-", stdin=file).stdout)
        np.testing.assert_array_equal(large, enlarged_luma(gray))


def test_tiles_do_not_show(tool: Tool) -> None:
    file = png(picture(50, 61))
    whole = tool("-", "-", stdin=file).stdout
    tiled = tool("--tile", "16", "--progress", "-", "-", stdin=file)
    assert tiled.stdout == whole
    assert b" of 16 tiles" in tiled.stderr
    file = png(picture(200, 300))
    limited = tool("--memory-limit", "6M", "--progress", "-", "-", stdin=file)
    assert limited.stdout == tool("-", "-", stdin=file).stdout
    assert b" of 1 tiles" not in limited.stderr
    assert "memory_limit" in tool.fails("--memory-limit", "1k", "-", "-", stdin=file)


def test_the_summary(tool: Tool, tmp_path: Path) -> None:
    name = 'a "b"\\\n.png'
    (tmp_path / name).write_bytes(png(picture(8, 9)))
    result = tool("--json", "-q", tmp_path / name, tmp_path / "large.png")
    summary = json.loads(result.stdout)
    assert summary["input"] == str(tmp_path / name)
    assert (summary["width"], summary["height"], summary["scale"]) == (9, 8, SCALE)
    assert (summary["format"], summary["frames"]) == ("rgb24", 1)
    assert summary["model"]["kind"] == "adder"
    assert summary["kernel"]
    assert summary["seconds"] > 0
    # Standard output is the picture's, where it goes there.
    result = tool("--json", "-", "-", stdin=png(picture(8, 9)))
    assert json.loads(result.stderr)["output"] == "standard output"


def claims(side: int) -> bytes:
    return handmade_png(side, side, 8, 2, b"")


# The last byte of the checksum of the pixels, before the empty last chunk.
WRONG = bytearray(png(picture(8, 8)))
WRONG[-13] ^= 1

DAMAGED = {
    "nothing": (b"", "begins like none of them"),
    "something else": (b"GIF89a" + bytes(100), "begins like none of them"),
    "a PNG that ends early": (png(picture(40, 40))[:-600], "Could not read the PNG"),
    "a PNG's first bytes": (png(picture(8, 8))[:12], "Could not read the PNG"),
    "a PNG with a wrong checksum": (WRONG, "Could not read the PNG"),
    "a PNG that claims to be large": (claims(40000), "--max-pixels"),
    "a PNG that claims to be huge": (claims(2**31 - 1), "Could not read the PNG"),
    "a JPEG that ends early": (
        bytes(cv2.imencode(".jpg", picture(64, 64))[1])[:-400],
        "Could not read the JPEG",
    ),
    "a JPEG's first bytes": (b"\xff\xd8\xff\xe0\0", "Could not read the JPEG"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files(tool: Tool, tmp_path: Path, name: str) -> None:
    file, words = DAMAGED[name]
    (tmp_path / "small").write_bytes(file)
    assert words in tool.fails(tmp_path / "small", tmp_path / "large.png")
    nothing_left(tmp_path, "small")


@pytest.mark.parametrize("kind", ["png", "jpg"])
def test_random_damage(tool: Tool, tmp_path: Path, kind: str) -> None:
    random = np.random.default_rng(7)
    good = np.frombuffer(bytes(cv2.imencode(f".{kind}", picture(24, 24))[1]), np.uint8)
    for _ in range(12):
        file = good[: random.integers(8, good.size)] if random.random() < 0.3 else good.copy()
        file = file.copy()
        # The first bytes say what it is; most of what may go wrong lies in the headers after them.
        for place in random.integers(8, min(file.size, 200), 3):
            file[place] = random.integers(0, 256)
        command = tool.command("--max-pixels", "100000", "-", tmp_path / "large.png")
        result = subprocess.run(
            command, input=file.tobytes(), env=ENVIRONMENT, capture_output=True, check=False
        )
        words = result.stderr.decode()
        assert result.returncode in (0, 1), words
        assert (result.returncode == 1) == words.startswith("error: "), words


def test_a_limit_on_pixels(tool: Tool, tmp_path: Path) -> None:
    file = png(picture(10, 10))
    words = tool.fails("--max-pixels", "99", "-", tmp_path / "large.png", stdin=file)
    assert "got 10x10 in standard input" in words
    tool("--max-pixels", "100", "-", tmp_path / "large.png", stdin=file)


def test_a_failure_leaves_what_was_there(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(b"precious")
    tool.fails("-", tmp_path / "large.png", stdin=png(picture(40, 40))[:-600])
    assert (tmp_path / "large.png").read_bytes() == b"precious"
    assert "large.gif" in tool.fails("-", tmp_path / "large.gif", stdin=png(picture(8, 8)))
    missing = tmp_path / "no folder" / "large.png"
    assert "No such file" in tool.fails("-", missing, stdin=png(picture(8, 8)))
    assert "No such file" in tool.fails(tmp_path / "missing.png", tmp_path / "large.png")
    nothing_left(tmp_path, "large.png")


def test_links_and_devices_are_not_replaced(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "real.png").write_bytes(b"old")
    (tmp_path / "real.png").chmod(0o640)
    (tmp_path / "link.png").symlink_to("real.png")
    tool("-", tmp_path / "link.png", stdin=png(picture(8, 8)))
    assert (tmp_path / "link.png").is_symlink()
    assert decoded((tmp_path / "real.png").read_bytes()).shape == (16, 16, 3)
    assert (tmp_path / "real.png").stat().st_mode & 0o777 == 0o640
    nothing_left(tmp_path, "real.png", "link.png")
    tool("--raw", "gray", "--size", "4x4", "-", "/dev/null", stdin=bytes(16))
    assert Path("/dev/null").is_char_device()
