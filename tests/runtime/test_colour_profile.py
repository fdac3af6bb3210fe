"""ICC profiles go from the image that was read into the one that is written."""

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from addersr.runtime.colour_profile import embed
from addersr.runtime.images import read_image, write_image

Array = npt.NDArray[np.uint8]


def profile_of(colours: bytes = b"RGB ", size: int = 3001) -> bytes:
    """A profile's header, and noise in the place of its tags."""
    noise = np.random.default_rng(5).integers(0, 256, size - 128, np.uint8).tobytes()
    header = struct.pack(">I12s4s16s4s", size, bytes(12), colours, bytes(16), b"acsp")
    return header + bytes(128 - len(header)) + noise


def _image(photo: Array, kind: str) -> Array:
    return {"gray": photo[:, :, 0], "rgb": photo, "rgba": np.dstack([photo, photo[:, :, 1]])}[kind]


@pytest.mark.parametrize("size", [200, 3001, 200_000])
@pytest.mark.parametrize(
    ("suffix", "kind"),
    [
        *((suffix, kind) for suffix in (".png", ".tif") for kind in ("gray", "rgb", "rgba")),
        *((".jpg", "gray"), (".jpg", "rgb"), (".webp", "rgb"), (".webp", "rgba")),
    ],
)
def test_profiles_are_kept(tmp_path: Path, photo: Array, suffix: str, kind: str, size: int) -> None:
    image = _image(photo, kind)
    profile = profile_of(b"GRAY" if kind == "gray" else b"RGB ", size)
    plain, path = tmp_path / f"plain{suffix}", tmp_path / f"image{suffix}"
    assert write_image(plain, image) == write_image(path, image, profile) == ()
    assert read_image(plain).profile == b""
    back = read_image(path)
    assert back.profile == profile
    assert back.notes == ()
    np.testing.assert_array_equal(back.pixels, read_image(plain).pixels)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tiff"])
def test_another_program_finds_the_profile(tmp_path: Path, photo: Array, suffix: str) -> None:
    pillow = pytest.importorskip("PIL.Image")
    profile = profile_of()
    path = tmp_path / f"ours{suffix}"
    write_image(path, photo, profile)
    with pillow.open(path) as image:
        assert image.info["icc_profile"] == profile
        image.load()
    theirs = io.BytesIO()
    kind = suffix[1:].replace("jpg", "jpeg")
    pillow.fromarray(photo).save(theirs, kind, icc_profile=profile)
    path.write_bytes(theirs.getvalue())
    assert read_image(path).profile == profile


def test_a_lossless_webp_of_another_program(tmp_path: Path, photo: Array) -> None:
    # Its chunk differs, and OpenCV writes it at quality 101.
    done, encoded = cv2.imencode(".webp", photo, [cv2.IMWRITE_WEBP_QUALITY, 101])
    assert done
    path = tmp_path / "image.webp"
    path.write_bytes(embed(encoded.tobytes(), profile_of(), photo) or b"")
    back = read_image(path)
    assert back.profile == profile_of()
    np.testing.assert_array_equal(back.pixels, photo[:, :, ::-1])


@pytest.mark.parametrize(
    ("suffix", "kind", "colours"),
    [
        (".bmp", "rgb", b"RGB "),
        (".jpg", "rgb", b"CMYK"),
        (".png", "gray", b"RGB "),
        (".png", "rgb", b"GRAY"),
        (".webp", "gray", b"GRAY"),
    ],
)
def test_a_profile_that_cannot_be_kept_is_told(
    tmp_path: Path, photo: Array, suffix: str, kind: str, colours: bytes
) -> None:
    path = tmp_path / f"image{suffix}"
    (note,) = write_image(path, _image(photo, kind), profile_of(colours))
    assert note.startswith(f"image{suffix}: the colour profile was left out")
    assert read_image(path).profile == b""


def test_damaged_profiles_do_no_harm(
    tmp_path: Path, photo: Array, capfd: pytest.CaptureFixture[str]
) -> None:
    plain = cv2.imencode(".png", photo)[1].tobytes()
    path = tmp_path / "photo.png"
    bomb = zlib.compress(bytes(1 << 26))
    for body in (b"", b"name", b"name\0\0nonsense", b"name\0\0" + bomb):
        chunk = b"iCCP" + body
        checksum = struct.pack(">I", zlib.crc32(chunk))
        path.write_bytes(plain[:33] + struct.pack(">I", len(body)) + chunk + checksum + plain[33:])
        picture = read_image(path)
        np.testing.assert_array_equal(picture.pixels, photo[:, :, ::-1])
        assert len(picture.profile) <= 1 << 24
        if picture.profile:
            assert write_image(tmp_path / "out.png", photo, picture.profile) != ()
    assert capfd.readouterr().err == ""
