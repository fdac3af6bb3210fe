"""What OpenCV's decoders do not tell about an image file: its size before it is decoded,
whether it is complete, how the camera was held, and what its colours mean.

Only headers are read here, of the containers that addersr accepts.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_PNG = b"\x89PNG\r\n\x1a\n"
_ORIENTATION_TAG = 0x0112
_WIDTH_TAG, _HEIGHT_TAG, _EXTRA_SAMPLES_TAG = 0x0100, 0x0101, 0x0152
PROFILE_TAG = 0x8773
"""Of TIFF's directory: the ICC profile."""
JPEG_PROFILE = b"ICC_PROFILE\x00"
"""What a JPEG's APP2 segments begin with that hold parts of an ICC profile."""
# Profiles of scanners reach 1 MB; what inflates to more than this is an attack.
_MAX_PROFILE = 1 << 24
# A marker that is not a stuffed 0xFF00, a restart (D0…D7) or a fill byte ends JPEG's coded data.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_JPEG_NOT_FRAMES = (0xC4, 0xC8, 0xCC)  # C0…CF are frame headers, except for these


@dataclass(frozen=True)
class Container:
    """What the headers say."""

    kind: str
    """``png``, ``jpeg``, ``webp``, ``bmp`` or ``tiff``."""
    width: int
    """Pixels as stored, before the orientation; 0 when the headers do not say."""
    height: int
    orientation: int
    """EXIF's code 1…8; 1 is upright."""
    complete: bool
    """False when the file ends before its image does."""
    alpha: bool = False
    """Only told for TIFF: the file declares an alpha channel."""
    profile: bytes = b""
    """The ICC profile; empty when there is none."""


def inspect(data: bytes) -> Container | None:
    """Read the headers of an image file; None when it is none of the five kinds."""
    try:
        if data.startswith(_PNG):
            return _png(data)
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return _webp(data)
        if data.startswith(b"BM"):
            width, height = struct.unpack_from("<ii", data, 18)
            return Container("bmp", abs(width), abs(height), 1, True)
        if data[:4] in (b"II*\x00", b"MM\x00*"):
            tags = _tiff_tags(data)
            # OpenCV turns TIFF images itself, whatever it is asked.
            alpha = tags.get(_EXTRA_SAMPLES_TAG) in (1, 2)
            width, height = tags.get(_WIDTH_TAG, 0), tags.get(_HEIGHT_TAG, 0)
            profile = _tiff_bytes(data, PROFILE_TAG)
            return Container("tiff", width, height, 1, True, alpha, profile)
    except (struct.error, IndexError):
        return Container("truncated", 0, 0, 1, False)
    return None


def _png(data: bytes) -> Container:
    width, height = struct.unpack_from(">II", data, 16)
    orientation, complete, profile = 1, False, b""
    for kind, start, end in _png_chunks(data):
        if kind == b"eXIf":
            orientation = _orientation(data[start + 8 : end - 4])
        elif kind == b"iCCP":
            profile = _inflated(data[start + 8 : end - 4])
        elif kind == b"IEND":
            complete = end <= len(data)
    return Container("png", width, height, orientation, complete, profile=profile)


def without_png_profile(data: bytes) -> bytes:
    """A PNG without its ICC profile, about which libpng would complain on stderr.

    Many programs wrote profiles with small mistakes. Other files come back as they are.
    """
    if data.startswith(_PNG):
        for kind, start, end in _png_chunks(data):
            if kind == b"iCCP":
                return data[:start] + data[end:]
    return data


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, begin and end of each chunk, up to the end of the image."""
    kind, end = b"", len(_PNG)
    while kind != b"IEND" and end + 8 <= len(data):
        start = end
        length, kind = struct.unpack_from(">I4s", data, start)
        end = start + length + 12
        yield kind, start, end


def _inflated(chunk: bytes) -> bytes:
    """The profile in PNG's chunk: a name, a zero, the method, and what was deflated."""
    _name, _zero, rest = chunk.partition(b"\x00")
    try:
        return zlib.decompressobj().decompress(rest[1:], _MAX_PROFILE)
    except zlib.error:
        return b""  # damaged profiles are no reason to refuse a picture


def _jpeg(data: bytes) -> Container:
    width = height = 0
    orientation = 1
    complete = False
    parts: dict[int, bytes] = {}
    for marker, body in _jpeg_segments(data):
        if marker == 0xE1 and body.startswith(b"Exif\x00\x00"):
            orientation = _orientation(body)
        elif marker == 0xE2 and body.startswith(JPEG_PROFILE):
            # The number of the part, from 1, and the number of parts.
            start = len(JPEG_PROFILE) + 2
            parts[body[start - 2]] = body[start:]
        elif 0xC0 <= marker <= 0xCF and marker not in _JPEG_NOT_FRAMES:
            height, width = struct.unpack_from(">HH", body, 1)
        elif marker == 0xD9:
            complete = True
    profile = b"".join(parts[number] for number in sorted(parts))
    return Container("jpeg", width, height, orientation, complete, profile=profile)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and body of each segment, up to the end of the (first) image."""
    position = 2
    while match := _JPEG_MARKER.search(data, position):
        marker = data[match.start() + 1]
        position = match.end()
        if marker == 0xD9:
            yield marker, b""
            return
        (length,) = struct.unpack_from(">H", data, position)
        yield marker, data[position + 2 : position + length]
        position += length


def _webp(data: bytes) -> Container:
    (size,) = struct.unpack_from("<I", data, 4)
    orientation, position, profile = 1, 12, b""
    while position + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, position)
        if kind == b"EXIF":
            orientation = _orientation(data[position + 8 : position + 8 + length])
        elif kind == b"ICCP":
            profile = data[position + 8 : position + 8 + length]
        position += 8 + length + length % 2
    # No size: the format itself ends at 16383 x 16383.
    return Container("webp", 0, 0, orientation, len(data) >= size + 8, profile=profile)


def _orientation(exif: bytes) -> int:
    """The orientation in an EXIF block; 1 when there is none or it makes no sense."""
    block = exif.removeprefix(b"Exif\x00\x00")
    try:
        code = _tiff_tags(block).get(_ORIENTATION_TAG, 1)
    except struct.error:
        return 1  # damaged EXIF is no reason to refuse a picture
    return code if 1 <= code <= 8 else 1


def _tiff_tags(data: bytes) -> dict[int, int]:
    """The single whole numbers of the first directory of a TIFF block, by tag."""
    tags = {}
    for order, entry in _tiff_entries(data):
        tag, kind, number = struct.unpack_from(order + "HHI", data, entry)
        if number == 1 and kind in (3, 4):  # SHORT, LONG
            tags[tag] = struct.unpack_from(order + ("H" if kind == 3 else "I"), data, entry + 8)[0]
    return tags


def _tiff_bytes(data: bytes, wanted: int) -> bytes:
    """The bytes of one tag of the first directory; empty when it is not there."""
    for order, entry in _tiff_entries(data):
        tag, kind, number, start = struct.unpack_from(order + "HHII", data, entry)
        if tag == wanted and kind in (1, 7) and number > 4:  # BYTE, UNDEFINED
            return data[start : start + number]
    return b""


def _tiff_entries(data: bytes) -> Iterator[tuple[str, int]]:
    """The byte order of a TIFF block, and where each entry of its first directory begins."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(data[:4])
    if order is None:
        return
    (directory,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, directory)
    for index in range(count):
        yield order, directory + 2 + 12 * index
