"""Reads an image's type, dimensions and private metadata from its first bytes.

Parsed here, because nothing may be decoded: Pillow decodes a whole PNG to look for its Exif data and
opens no part of a WebP.
"""

import struct
from dataclasses import dataclass

from slipway.web.media.errors import UploadError

# ITU-T T.81, table B.1: frame headers; C4, C8 and CC in that range are something else.
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_SCAN = 0xDA
JPEG_APP1 = 0xE1
# Markers that stand alone: TEM and the restart markers.
JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD8)})

EXIF = b"Exif\0\0"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
TIFF_SHORT = 3
TAG_ORIENTATION = 0x0112
TAG_GPS = 0x8825
# Orientations that turn the picture by a quarter, so that width and height change places.
TURNED = frozenset({5, 6, 7, 8})

PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
PNG_TEXTS = (b"iTXt", b"tEXt", b"zTXt")
# Keywords of text chunks with Exif or XMP data.
PNG_PRIVATE = (b"XML:com.adobe.xmp", b"Raw profile type")
# WebP container: bits of the VP8X flags.
WEBP_METADATA = 0b1100

UNREADABLE = "The file is damaged: its header cannot be read. Choose the photo again, or another one."
LOCATED = "The photo's metadata has its location. Add it through the page, which removes that first."
DESCRIBED = "The image carries metadata that may be private. Add it through the page, which removes that first."


class Incomplete(Exception):
    """The bytes read so far end before the dimensions."""


@dataclass(frozen=True, slots=True)
class Header:
    """Width and height are in pixels, as a browser shows the image: with Exif orientation applied."""

    content_type: str
    width: int
    height: int


def sniff(data: bytes) -> str:
    """The content type by the first bytes, or "" where it is not supported."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(PNG_START):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return ""


def read(data: bytes) -> Header:
    """The header of the image that begins with ``data``.

    Raises Incomplete when more bytes are needed, UploadError when the format is not supported, the image is damaged
    or has private metadata.
    """
    readers = {"image/jpeg": _jpeg, "image/png": _png, "image/webp": _webp}
    content_type = sniff(data)
    if not content_type:
        raise UploadError("This is not a JPEG, PNG or WebP image. Choose a photo in one of those formats.")
    try:
        width, height = readers[content_type](data)
    except (struct.error, IndexError):
        raise Incomplete from None
    if not width or not height:
        raise UploadError(UNREADABLE)
    return Header(content_type, width, height)


def is_complete(content_type: str, size: int, head: bytes, tail: bytes) -> bool:
    """Whether an image of ``size`` bytes ends where its format says: nothing appended, nothing cut off."""
    if content_type == "image/jpeg":
        return tail.endswith(b"\xff\xd9")
    if content_type == "image/png":
        return tail.endswith(PNG_END)
    return struct.unpack_from("<I", head, 4)[0] + 8 == size


def _jpeg(data: bytes) -> tuple[int, int]:
    at, orientation = 2, 1
    while True:
        if data[at] != 0xFF:
            raise UploadError(UNREADABLE)
        marker = data[at + 1]
        at += 1 if marker == 0xFF else 2
        if marker == 0xFF or marker in JPEG_BARE:
            continue
        (length,) = struct.unpack_from(">H", data, at)
        if length < 2 or marker == JPEG_SCAN:
            raise UploadError(UNREADABLE)
        if marker in JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 3)
            return (height, width) if orientation in TURNED else (width, height)
        if marker == JPEG_APP1:
            # Wait for the whole segment: it must be checked.
            if at + length > len(data):
                raise Incomplete
            orientation = _app1(data[at + 2 : at + length]) or orientation
        at += length


def _app1(segment: bytes) -> int | None:
    """The orientation, if the segment has one. Raises UploadError when it has a location."""
    if segment.startswith(XMP) and b"GPSL" in segment:
        raise UploadError(LOCATED)
    if not segment.startswith(EXIF):
        return None
    try:
        tags = _tags(segment[len(EXIF) :])
    except struct.error:
        raise UploadError(UNREADABLE) from None
    if TAG_GPS in tags:
        raise UploadError(LOCATED)
    return tags.get(TAG_ORIENTATION)


def _tags(tiff: bytes) -> dict[int, int]:
    """The tags of the first image file directory, with the value of those of type SHORT, else 0."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if not order:
        return {}
    (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
    (count,) = struct.unpack_from(f"{order}H", tiff, directory)
    tags = {}
    for at in range(directory + 2, directory + 2 + 12 * count, 12):
        tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, at)
        tags[tag] = value if kind == TIFF_SHORT else 0
    return tags


def _png(data: bytes) -> tuple[int, int]:
    if struct.unpack_from(">I4s", data, 8) != (13, b"IHDR"):
        raise UploadError(UNREADABLE)
    width, height = struct.unpack_from(">II", data, 16)
    at = 8
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IDAT":
            return width, height
        described = kind in PNG_TEXTS and data[at + 8 : at + 26].startswith(PNG_PRIVATE)
        if described or kind == b"eXIf":
            raise UploadError(DESCRIBED)
        at += length + 12


def _webp(data: bytes) -> tuple[int, int]:
    """RFC 9649, sections 2.5 to 2.7."""
    kind = data[12:16]
    if kind == b"VP8X":
        flags, width, height = struct.unpack("<B3x3s3s", data[20:30])
        if flags & WEBP_METADATA:
            raise UploadError(DESCRIBED)
        return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1
    if kind == b"VP8L":
        signature, bits = struct.unpack_from("<BI", data, 20)
        if signature != 0x2F:
            raise UploadError(UNREADABLE)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        start, width, height = struct.unpack_from("<3sHH", data, 23)
        if start != b"\x9d\x01\x2a":
            raise UploadError(UNREADABLE)
        return width & 0x3FFF, height & 0x3FFF
    if len(kind) < 4:
        raise Incomplete
    raise UploadError(UNREADABLE)
