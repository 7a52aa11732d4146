"""Walks a PNG's chunks from the first to the last. Their payloads are skipped."""

import struct

from slipway.web.media.errors import BEHIND, DESCRIBED, UNREADABLE, UploadError
from slipway.web.media.object_bytes import ObjectBytes

START = b"\x89PNG\r\n\x1a\n"
# What showing the picture needs, animated ones too: https://www.w3.org/TR/png-3/#11Chunks
SHOWN = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs sPLT acTL fcTL fdAT".split()
)


def walk(data: ObjectBytes) -> tuple[int, int]:
    """Width and height. Raises UploadError for a chunk that the picture does not need, and for what follows its end."""
    if struct.unpack(">I4s", data.take(8, 8)) != (13, b"IHDR"):
        raise UploadError(UNREADABLE)
    width, height = struct.unpack(">II", data.take(16, 8))
    at, kind, filled = 8, b"", False
    while kind != b"IEND":
        data.count_part()
        length, kind = struct.unpack(">I4s", data.take(at, 8))
        if kind not in SHOWN:
            raise UploadError(DESCRIBED if kind.isalpha() else UNREADABLE)
        filled = filled or kind == b"IDAT"
        at += length + 12
    data.take(at - 4, 4)  # the last chunk's checksum is there too
    if not filled:
        raise UploadError(UNREADABLE)
    if at != data.size:
        raise UploadError(BEHIND)
    return width, height
