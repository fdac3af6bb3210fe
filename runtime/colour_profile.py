"""Putting an ICC profile into an image file that OpenCV has made, which does not know of them."""

import struct
import zlib

from addersr.runtime.image_container import JPEG_PROFILE, PROFILE_TAG
from addersr.runtime.pixels import Pixels

# The header of a profile (ICC.1:2022, 7.2): the colours that it is for, and a mark.
_HEADER_SIZE = 128
_COLOURS, _MARK = slice(16, 20), slice(36, 40)

_JPEG_PART = 65533 - len(JPEG_PROFILE) - 2
_WEBP_PROFILE, _WEBP_ALPHA = 0x20, 0x10


def describes(profile: bytes, *, gray: bool) -> bool:
    """Whether a profile is one of gray values, or one of RGB (and not, say, of CMYK)."""
    wanted = b"GRAY" if gray else b"RGB "
    sound = len(profile) >= _HEADER_SIZE and profile[_MARK] == b"acsp"
    return sound and profile[_COLOURS] == wanted


def embed(encoded: bytes, profile: bytes, pixels: Pixels) -> bytes | None:
    """An encoded image with a profile inside; None for formats where that does not go (BMP).

    Args:
        encoded: PNG, JPEG, WebP or TIFF as OpenCV writes it, without a profile.
        profile: an ICC profile.
        pixels: those in the file.
    """
    if encoded.startswith(b"\x89PNG"):
        return _png(encoded, profile)
    if encoded.startswith(b"\xff\xd8"):
        return _jpeg(encoded, profile)
    if encoded.startswith(b"RIFF"):
        return _webp(encoded, profile, pixels)
    if encoded.startswith(b"II*\x00"):
        return _tiff(encoded, profile)
    return None


def _png(encoded: bytes, profile: bytes) -> bytes | None:
    body = b"iCCP" + b"ICC profile\x00\x00" + zlib.compress(profile)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    end = 8 + 8 + 13 + 4  # behind the signature and IHDR, which always come first
    return encoded[:end] + chunk + encoded[end:]


def _jpeg(encoded: bytes, profile: bytes) -> bytes | None:
    parts = [profile[i : i + _JPEG_PART] for i in range(0, len(profile), _JPEG_PART)]
    if len(parts) > 255:
        return None
    segments = b""
    for number, part in enumerate(parts, 1):
        body = JPEG_PROFILE + bytes([number, len(parts)]) + part
        segments += b"\xff\xe2" + struct.pack(">H", len(body) + 2) + body
    # JFIF's own segment stays the first one.
    end = 2
    if encoded[2:4] == b"\xff\xe0":
        end += 2 + int(struct.unpack_from(">H", encoded, 4)[0])
    return encoded[:end] + segments + encoded[end:]


def _webp(encoded: bytes, profile: bytes, pixels: Pixels) -> bytes:
    chunks = encoded[12:]
    flags = _WEBP_PROFILE
    if chunks.startswith(b"VP8X"):
        flags |= chunks[8]
        chunks = chunks[18:]
    elif pixels.ndim == 3 and pixels.shape[2] == 4:
        flags |= _WEBP_ALPHA
    size = b"".join(struct.pack("<I", side - 1)[:3] for side in (pixels.shape[1], pixels.shape[0]))
    extended = b"VP8X" + struct.pack("<II", 10, flags) + size
    chunk = b"ICCP" + struct.pack("<I", len(profile)) + profile + bytes(len(profile) % 2)
    data = b"WEBP" + extended + chunk + chunks
    return b"RIFF" + struct.pack("<I", len(data)) + data


def _tiff(encoded: bytes, profile: bytes) -> bytes | None:
    """The file with another directory behind all else: the old one and one entry more."""
    (directory,) = struct.unpack_from("<I", encoded, 4)
    (count,) = struct.unpack_from("<H", encoded, directory)
    first = directory + 2
    entries = [encoded[first + 12 * i : first + 12 * i + 12] for i in range(count)]
    start = len(encoded) + len(encoded) % 2
    if start + len(profile) + 12 * count + 20 >= 1 << 32:
        return None
    entries.append(struct.pack("<HHII", PROFILE_TAG, 7, len(profile), start))
    entries.sort(key=lambda entry: struct.unpack_from("<H", entry)[0])
    body = encoded + bytes(start - len(encoded)) + profile + bytes(len(profile) % 2)
    table = struct.pack("<H", len(entries)) + b"".join(entries) + struct.pack("<I", 0)
    return body[:4] + struct.pack("<I", len(body)) + body[8:] + table
