"""Reading and writing image files: PNG, JPEG, WebP, BMP and TIFF, through OpenCV."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from addersr.errors import AdderSRError
from addersr.files import check_writable, write_atomically
from addersr.runtime.colour_profile import describes, embed
from addersr.runtime.image_container import inspect, without_png_profile
from addersr.runtime.opencv import quiet
from addersr.runtime.pixels import Pixels, check_pixels

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
"""Endings of files that can be read and written, in lower case."""

MAX_PIXELS = 1 << 28
"""Larger images (16384 x 16384) are refused before memory is asked for."""

# BMP could hold alpha, but hardly anybody reads it, OpenCV 4 neither.
_WITHOUT_ALPHA = {".jpg": "JPEG", ".jpeg": "JPEG", ".bmp": "BMP"}
_QUALITY = {
    ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".jpeg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".webp": [cv2.IMWRITE_WEBP_QUALITY, 95],
}


@dataclass(frozen=True)
class Picture:
    """An image as it came from a file."""

    pixels: Pixels
    """[H, W] gray, [H, W, 3] RGB or [H, W, 4] RGBA, upright."""
    notes: tuple[str, ...]
    """What was changed on the way, one sentence each."""
    profile: bytes = b""
    """The ICC profile, which says what the colours mean; empty when there is none."""


def find_images(folder: Path) -> list[Path]:
    """The image files of a folder (by their endings, not in its subfolders), sorted by name.

    Raises:
        AdderSRError: there is no such folder, or no image in it.
    """
    if not folder.is_dir():
        raise AdderSRError(f"There is no folder {folder}: expected one with images.")
    files = files_of(folder, SUFFIXES)
    if not files:
        raise AdderSRError(
            f"There are no images in {folder}: expected files ending in {', '.join(SUFFIXES)}."
        )
    return files


def files_of(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """The files of a folder with one of these endings, but for hidden ones, sorted by name."""
    return sorted(
        path
        for path in folder.iterdir()
        # What a killed process left behind is hidden.
        if path.suffix.lower() in suffixes and path.name[0] != "." and path.is_file()
    )


def read_image(path: Path) -> Picture:
    """Read an image file.

    The orientation of the camera (EXIF) is applied. 16 bits per channel become 8, and a note
    says so. Palettes and gray with alpha become RGB and RGBA.

    Raises:
        AdderSRError: there is no such file, it is no image, damaged, cut short or too large.
    """
    data = _read_bytes(path)
    container = inspect(data)
    if container is None:
        raise AdderSRError(
            f"{path} is not an image that addersr reads: expected PNG, JPEG, WebP, BMP or TIFF."
        )
    if container.width * container.height > MAX_PIXELS:
        raise AdderSRError(
            f"{path} claims to be {container.width}x{container.height} pixels; at most "
            f"{MAX_PIXELS} pixels are supported. Cut it into parts first."
        )
    decoded = _decode(data) if container.complete else None
    if decoded is None:
        raise AdderSRError(f"{path} is damaged or cut short: get a complete copy of it.")
    notes = []
    if decoded.dtype == np.uint16:
        decoded = ((decoded.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
        notes.append(f"{path.name} has 16 bits per channel; 8 of them are used.")
    if decoded.dtype != np.uint8:
        raise AdderSRError(
            f"{path} has {decoded.dtype} values: expected 8 or 16 bits per channel. Convert it."
        )
    pixels = _upright(_to_rgb(decoded), container.orientation)
    check_pixels(pixels)
    if container.alpha and not notes and pixels.ndim == 3 and pixels.shape[2] == 4:
        pixels = _divide_by_alpha(pixels)
    return Picture(np.ascontiguousarray(pixels), tuple(notes), container.profile)


def check_output(path: Path) -> None:
    """Fail early if :func:`write_image` could not write ``path``.

    Raises:
        AdderSRError: unknown ending, or the folder is missing or not writable.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise AdderSRError(f"Cannot write {path}: expected a name ending in {', '.join(SUFFIXES)}.")
    check_writable(path)


def write_image(path: Path, pixels: Pixels, profile: bytes = b"") -> tuple[str, ...]:
    """Write an image file of the kind that its ending names (JPEG and WebP at quality 95).

    Args:
        path: of the file.
        pixels: uint8 [H, W], [H, W, 3] RGB or [H, W, 4] RGBA.
        profile: the ICC profile of the colours, from :func:`read_image`.

    Returns:
        Notes on what the format could not hold, one sentence each. JPEG and BMP have no alpha:
        the image is laid on white. BMP gets no profile, and no file one for other colours.

    Raises:
        AdderSRError: unknown ending, wrong array, too large for the format, or not writable.
            ``path`` then still holds what it held before.
    """
    check_output(path)
    check_pixels(pixels)
    suffix = path.suffix.lower()
    notes = []
    if suffix in _WITHOUT_ALPHA and pixels.ndim == 3 and pixels.shape[2] == 4:
        pixels = _on_white(pixels)
        notes.append(
            f"{path.name}: {_WITHOUT_ALPHA[suffix]} has no transparency, so the image was laid on "
            "white."
        )
    with quiet():
        try:
            done, encoded = cv2.imencode(suffix, _to_bgr(pixels), _QUALITY.get(suffix, []))
        except cv2.error:
            done = False
    if not done:
        raise AdderSRError(
            f"Cannot write {path}: {pixels.shape[1]}x{pixels.shape[0]} pixels are too many for "
            "this format. Use PNG or TIFF."
        )
    data = encoded.tobytes()
    if profile:
        # WebP has no gray.
        gray = pixels.ndim == 2 and suffix != ".webp"
        with_profile = embed(data, profile, pixels) if describes(profile, gray=gray) else None
        if with_profile is None:
            notes.append(
                f"{path.name}: the colour profile was left out, since it cannot be kept in this "
                "format with these colours; they may look a little different."
            )
        else:
            data = with_profile
    write_atomically(path, data)
    return tuple(notes)


def _read_bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise AdderSRError(f"There is no file {path}. Check the name.") from error
    except IsADirectoryError as error:
        raise AdderSRError(f"{path} is a folder: expected an image file.") from error
    except OSError as error:
        raise AdderSRError(f"Cannot read {path}: {error.strerror}.") from error
    if not data:
        raise AdderSRError(f"{path} is empty: expected an image.")
    return data


def _decode(data: bytes) -> npt.NDArray[Any] | None:
    with quiet():
        try:
            # "Unchanged" keeps alpha and depth, and leaves the orientation to us.
            encoded = np.frombuffer(without_png_profile(data), np.uint8)
            return cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
        except (cv2.error, MemoryError):
            return None


def _to_rgb(decoded: npt.NDArray[Any]) -> Pixels:
    if decoded.ndim == 2:
        return decoded
    channels = decoded.shape[2]
    if channels == 1:
        return decoded[:, :, 0]
    if channels == 2:  # gray and alpha, as TIFF has it
        return decoded[:, :, [0, 0, 0, 1]]
    return decoded[:, :, [2, 1, 0, 3][:channels]]


def _to_bgr(pixels: Pixels) -> Pixels:
    if pixels.ndim == 2:
        return pixels
    return np.ascontiguousarray(pixels[:, :, [2, 1, 0, 3][: pixels.shape[2]]])


def _upright(image: Pixels, orientation: int) -> Pixels:
    """Turn the stored image as EXIF's code says."""
    if orientation in (5, 6, 7, 8):
        image = np.swapaxes(image, 0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return image


def _divide_by_alpha(rgba: Pixels) -> Pixels:
    # libtiff, and so OpenCV, hands out the colours of such files multiplied by their alpha.
    alpha = np.maximum(rgba[:, :, 3:], 1).astype(np.uint32)
    colours = np.minimum((rgba[:, :, :3].astype(np.uint32) * 255 + alpha // 2) // alpha, 255)
    return np.concatenate([colours.astype(np.uint8), rgba[:, :, 3:]], axis=2)


def _on_white(rgba: Pixels) -> Pixels:
    alpha = rgba[:, :, 3:].astype(np.uint32)
    mixed = rgba[:, :, :3] * alpha + 255 * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)
