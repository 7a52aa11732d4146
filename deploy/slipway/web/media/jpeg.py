"""Walks a JPEG's segments and scans from its first byte to its last."""

import re
import struct

from slipway.web.media.errors import BEHIND, DESCRIBED, LOCATED, UNREADABLE, UploadError
from slipway.web.media.object_bytes import ObjectBytes

# ITU-T T.81, table B.1: frame headers; C4, C8 and CC in that range are something else.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
SCAN, END = 0xDA, 0xD9
# What decoding needs beside frames and scans: tables, the number of lines, the restart interval.
TABLES = frozenset({0xC4, 0xCC, 0xDB, 0xDC, 0xDD})
# Application segments that change how the picture looks: their first bytes, and the most that one may have with its
# length's. What goes beyond is a thumbnail, or unknown.
SHOWN = {0xE0: (b"JFIF\0", 16), 0xE2: (b"ICC_PROFILE\0", 0xFFFF), 0xEE: (b"Adobe", 14)}
APP1, COMMENT = 0xE1, 0xFE
# Markers that stand alone: TEM and the restart markers.
BARE = frozenset({0x01, *range(0xD0, 0xD8)})
# The next marker in a scan, where FF 00 is data and FF FF is filled up.
NEXT = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]", re.DOTALL)

EXIF = b"Exif\0\0"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
TIFF_SHORT = 3
TAG_ORIENTATION = 0x0112
TAG_GPS = 0x8825
# Exif tags that tell of no place: make, model, orientation, resolution, software, date, and where chroma samples lie.
PLAIN_TAGS = frozenset({0x010F, 0x0110, TAG_ORIENTATION, 0x011A, 0x011B, 0x0128, 0x0131, 0x0132, 0x0213})
# Orientations that turn the picture by a quarter, so that width and height change places.
TURNED = frozenset({5, 6, 7, 8})


def walk(data: ObjectBytes) -> tuple[int, int]:
    """Width and height as shown. Raises UploadError for what a photo does not need, and for what is behind its end."""
    at, orientation, shape, scanned = 2, None, None, False
    while True:
        data.count_part()
        if data.take(at, 1) != b"\xff":
            raise UploadError(UNREADABLE)
        marker = data.take(at + 1, 1)[0]
        if marker == 0xFF or marker in BARE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker == END:
            break
        (length,) = struct.unpack(">H", data.take(at + 2, 2))
        if length < 2 or (marker == SCAN and not shape):
            raise UploadError(UNREADABLE)
        if marker in FRAMES:
            shape = shape or struct.unpack(">HH", data.take(at + 5, 4))
        elif marker == APP1:
            found = _app1(data.take(at + 4, length - 2))
            # Of several the first one counts, as in browsers.
            orientation = found if orientation is None else orientation
        elif marker in SHOWN or 0xE0 <= marker <= 0xEF or marker == COMMENT:
            start, longest = SHOWN.get(marker, (b"", 0))
            if length > longest or data.take(at + 4, min(length - 2, len(start))) != start:
                raise UploadError(DESCRIBED)
        elif marker not in TABLES and marker != SCAN:
            raise UploadError(UNREADABLE)
        at += 2 + length
        if marker == SCAN:
            at, scanned = data.find(NEXT, at), True
    if not scanned or not shape:
        raise UploadError(UNREADABLE)
    if at + 2 != data.size:
        raise UploadError(BEHIND)
    height, width = shape
    return (height, width) if orientation in TURNED else (width, height)


def _app1(segment: bytes) -> int:
    """The orientation; 1, upright, where the segment has none. Raises UploadError when it has more than plain tags."""
    if not segment.startswith(EXIF):
        raise UploadError(LOCATED if segment.startswith(XMP) and b"GPS" in segment else DESCRIBED)
    tags, further = _tags(segment[len(EXIF) :])
    if TAG_GPS in tags:
        raise UploadError(LOCATED)
    if further or not tags.keys() <= PLAIN_TAGS:
        raise UploadError(DESCRIBED)
    return tags.get(TAG_ORIENTATION, 1)


def _tags(tiff: bytes) -> tuple[dict[int, int], bool]:
    """The tags of the first directory with the value of those of type SHORT, else 0; and whether another follows it."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if not order:
        raise UploadError(UNREADABLE)
    (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
    (count,) = struct.unpack_from(f"{order}H", tiff, directory)
    tags, end = {}, directory + 2 + 12 * count
    for at in range(directory + 2, end, 12):
        tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, at)
        tags[tag] = value if kind == TIFF_SHORT else 0
    further = len(tiff) >= end + 4 and struct.unpack_from(f"{order}I", tiff, end) != (0,)
    return tags, further
