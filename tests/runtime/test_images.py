import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from addersr.errors import AdderSRError
from addersr.runtime.images import (
    SUFFIXES,
    check_output,
    find_images,
    read_image,
    write_image,
)

Array = npt.NDArray[np.uint8]
LOSSY = (".jpg", ".jpeg", ".webp")
WITHOUT_ALPHA = (".jpg", ".jpeg", ".bmp")


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def _exif(orientation: int, order: str = ">") -> bytes:
    mark = b"MM" if order == ">" else b"II"
    # One directory with one entry: the orientation, a SHORT.
    return mark + struct.pack(order + "HIHHHIHHI", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def _png(width: int, height: int, colour: int, depth: int, rows: bytes, *extra: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [_chunk(b"IHDR", header), *extra, _chunk(b"IDAT", zlib.compress(rows))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + _chunk(b"IEND", b"")


def _with_alpha(photo: Array) -> Array:
    alpha = np.linspace(0, 255, photo.shape[0] * photo.shape[1]).reshape(photo.shape[:2])
    return np.dstack([photo, alpha.astype(np.uint8)])


def _encode(suffix: str, rgb: Array) -> bytes:
    return bytes(cv2.imencode(suffix, np.ascontiguousarray(rgb[:, :, ::-1]))[1].tobytes())


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [
        (suffix, kind)
        for suffix in SUFFIXES
        for kind in ("gray", "rgb", "rgba")
        if kind != "rgba" or suffix not in WITHOUT_ALPHA
    ],
)
def test_written_images_come_back(tmp_path: Path, photo: Array, suffix: str, kind: str) -> None:
    image = {"gray": photo[:, :, 0], "rgb": photo, "rgba": _with_alpha(photo)}[kind]
    path = tmp_path / f"image{suffix}"
    assert write_image(path, image) == ()
    back = read_image(path).pixels
    assert back.flags.c_contiguous
    if suffix == ".webp" and kind == "gray":
        image = np.dstack([image] * 3)  # WebP has no gray
    assert back.shape == image.shape
    if suffix in LOSSY:
        visible = image[..., 3:] > 250 if kind == "rgba" else np.ones_like(image, bool)
        difference = np.abs(back.astype(int) - image)[np.broadcast_to(visible, image.shape)]
        assert difference.mean() < 6
    else:
        np.testing.assert_array_equal(back, image)


@pytest.mark.parametrize("suffix", WITHOUT_ALPHA)
def test_formats_without_alpha_lay_it_on_white(tmp_path: Path, suffix: str) -> None:
    image = np.full((32, 32, 4), (200, 100, 0, 255), np.uint8)
    image[:16, :, 3] = 0
    image[:, 16:, 3] //= 2
    notes = write_image(tmp_path / f"image{suffix}", image)
    (note,) = notes
    assert note.startswith(f"image{suffix}: ")
    assert note.endswith(" has no transparency, so the image was laid on white.")
    back = read_image(tmp_path / f"image{suffix}").pixels[8::16, 8::16]
    expected = [[[255, 255, 255], [255, 255, 255]], [[200, 100, 0], [228, 178, 128]]]
    assert np.abs(back.astype(int) - expected).max() <= (1 if suffix == ".bmp" else 6)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_the_camera_is_held_upright(tmp_path: Path, suffix: str, orientation: int) -> None:
    upright = np.zeros((16, 32, 3), np.uint8)
    upright[:8, :16], upright[:8, 16:] = (255, 0, 0), (0, 255, 0)
    upright[8:, :16], upright[8:, 16:] = (0, 0, 255), (255, 255, 255)
    # How a camera stores it: EXIF's code says where the 0th row and column are.
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: np.rot90(upright),
        7: upright[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(upright, -1),
    }[orientation]
    data = _encode(suffix, stored)
    order = "<" if orientation % 2 else ">"
    exif = _exif(orientation, order)
    if suffix == ".png":
        data = data[:33] + _chunk(b"eXIf", exif) + data[33:]
    elif suffix == ".jpg":
        body = b"Exif\x00\x00" + exif
        data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]
    else:
        flags = struct.pack("<IHBHB", 8, stored.shape[1] - 1, 0, stored.shape[0] - 1, 0)
        extended = b"VP8X" + struct.pack("<I", 10) + flags
        chunks = extended + data[12:] + b"EXIF" + struct.pack("<I", len(exif)) + exif
        data = b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks
    path = tmp_path / f"photo{suffix}"
    path.write_bytes(data)
    back = read_image(path).pixels
    assert back.shape == upright.shape
    centres = (slice(4, None, 8), slice(8, None, 16))
    assert np.abs(back[centres].astype(int) - upright[centres]).max() < 25


def test_damaged_exif_is_ignored(tmp_path: Path, photo: Array) -> None:
    data = _encode(".png", photo)
    path = tmp_path / "photo.png"
    for exif in (b"", b"MM\x00*", _exif(6)[:14], _exif(99), b"nonsense"):
        path.write_bytes(data[:33] + _chunk(b"eXIf", exif) + data[33:])
        np.testing.assert_array_equal(read_image(path).pixels, photo)


def test_sixteen_bits_become_eight_and_are_noted(tmp_path: Path) -> None:
    values = np.array([[0, 127, 128, 257, 65407, 65408, 65535]], np.uint16)
    path = tmp_path / "deep.png"
    path.write_bytes(cv2.imencode(".png", values)[1].tobytes())
    picture = read_image(path)
    np.testing.assert_array_equal(picture.pixels, [[0, 0, 0, 1, 255, 255, 255]])
    assert picture.notes == ("deep.png has 16 bits per channel; 8 of them are used.",)


def test_palettes_and_gray_with_alpha(tmp_path: Path) -> None:
    path = tmp_path / "small.png"
    palette = _chunk(b"PLTE", bytes([10, 20, 30, 40, 50, 60]))
    path.write_bytes(_png(2, 1, 3, 8, b"\0\0\1", palette))
    np.testing.assert_array_equal(read_image(path).pixels, [[[10, 20, 30], [40, 50, 60]]])
    path.write_bytes(_png(2, 1, 4, 8, b"\0" + bytes([9, 200, 90, 100])))
    np.testing.assert_array_equal(read_image(path).pixels, [[[9, 9, 9, 200], [90, 90, 90, 100]]])


def test_tiff_from_elsewhere_keeps_its_colours_under_alpha(tmp_path: Path) -> None:
    pillow = pytest.importorskip("PIL.Image")
    rgba = np.array([[[200, 100, 50, 128], [10, 20, 30, 255], [9, 9, 9, 0]]], np.uint8)
    stream = io.BytesIO()
    pillow.fromarray(rgba).save(stream, "tiff")
    path = tmp_path / "alpha.tif"
    path.write_bytes(stream.getvalue())
    back = read_image(path).pixels
    assert np.abs(back[0, :2].astype(int) - rgba[0, :2]).max() <= 1
    assert back[0, 2, 3] == 0


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tiff"])
def test_a_file_cut_anywhere_is_refused(tmp_path: Path, photo: Array, suffix: str) -> None:
    data = _encode(suffix, photo)
    path = tmp_path / f"cut{suffix}"
    for length in (16, 40, len(data) // 2, len(data) - 8):
        path.write_bytes(data[:length])
        with pytest.raises(AdderSRError, match=r"damaged or cut short|not an image"):
            read_image(path)


def test_bytes_after_a_jpeg_do_no_harm(tmp_path: Path, photo: Array) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(_encode(".jpg", photo) + b"\xff\xda trailer of a phone")
    assert read_image(path).pixels.shape == photo.shape


def test_text_is_no_image(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("This is not a picture.", encoding="utf-8")
    with pytest.raises(AdderSRError, match=r"notes\.png is not an image that addersr reads"):
        read_image(path)


def test_a_huge_header_is_refused_before_memory_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(_png(100_000, 100_000, 2, 8, b""))
    with pytest.raises(AdderSRError, match="100000x100000"):
        read_image(path)


def test_pixels_that_are_not_there_are_missed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "hollow.png"
    path.write_bytes(_png(9, 9, 2, 8, b"\0"))
    with pytest.raises(AdderSRError, match="damaged or cut short"):
        read_image(path)
    assert "OpenCV" not in capfd.readouterr().err


def test_missing_empty_and_folders(tmp_path: Path) -> None:
    with pytest.raises(AdderSRError, match="There is no file"):
        read_image(tmp_path / "none.png")
    with pytest.raises(AdderSRError, match="is a folder"):
        read_image(tmp_path)
    empty = tmp_path / "empty.png"
    empty.touch()
    with pytest.raises(AdderSRError, match="is empty"):
        read_image(empty)


def test_floats_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "float.tiff"
    path.write_bytes(cv2.imencode(".tiff", np.zeros((4, 4), np.float32))[1].tobytes())
    with pytest.raises(AdderSRError, match="8 or 16 bits"):
        read_image(path)


def test_unwritable_outputs(tmp_path: Path, photo: Array) -> None:
    with pytest.raises(AdderSRError, match=r"name ending in \.png"):
        check_output(tmp_path / "image.gif")
    with pytest.raises(AdderSRError, match="does not exist"):
        write_image(tmp_path / "none" / "image.png", photo)
    with pytest.raises(AdderSRError, match="Expected an image"):
        write_image(tmp_path / "image.png", photo.astype(np.float32))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_too_large_for_the_format(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wide.webp"
    path.write_bytes(b"before")
    with pytest.raises(AdderSRError, match=r"20000x1 pixels are too many.*Use PNG"):
        write_image(path, np.zeros((1, 20_000, 3), np.uint8))
    assert path.read_bytes() == b"before"
    assert "OpenCV" not in capfd.readouterr().err


def test_find_images(tmp_path: Path) -> None:
    with pytest.raises(AdderSRError, match="There is no folder"):
        find_images(tmp_path / "none")
    (tmp_path / "notes.txt").touch()
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(AdderSRError, match="There are no images in"):
        find_images(tmp_path)
    for name in ("b.png", "a.JPG", "c.tif"):
        (tmp_path / name).touch()
    assert [path.name for path in find_images(tmp_path)] == ["a.JPG", "b.png", "c.tif"]
