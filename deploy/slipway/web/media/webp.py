"""Walks a WebP's chunks from the first to the last (RFC 9649, section 2.7). Their payloads are skipped."""

import struct

from slipway.web.media.errors import BEHIND, CUT, DESCRIBED, UNREADABLE, UploadError
from slipway.web.media.object_bytes import ObjectBytes

FRAME = b"ANMF"
BITS = frozenset({b"VP8 ", b"VP8L", FRAME})
# What showing the picture needs, and what a frame of an animation has.
SHOWN = BITS | {b"VP8X", b"ALPH", b"ANIM", b"ICCP"}
SHOWN_IN_FRAME = frozenset({b"VP8 ", b"VP8L", b"ALPH"})
FRAME_HEADER = 16  # bytes


def walk(data: ObjectBytes) -> tuple[int, int]:
    """Width and height. Raises UploadError for a chunk that the picture does not need, whatever VP8X's flags say."""
    shape = _shape(data)
    (riff,) = struct.unpack("<I", data.take(4, 4))
    end = riff + 8
    if end > data.size:
        raise UploadError(CUT)
    # An odd last chunk is padded; some writers leave that out.
    if end + (end & 1) < data.size:
        raise UploadError(BEHIND)
    if not BITS & _chunks(data, 12, end, SHOWN):
        raise UploadError(UNREADABLE)
    return shape


def _chunks(data: ObjectBytes, at: int, end: int, shown: frozenset[bytes]) -> set[bytes]:
    """The kinds of the chunks up to ``end``, each of which has to be one of ``shown``."""
    kinds = set()
    while at < end:
        data.count_part()
        kind, length = struct.unpack("<4sI", data.take(at, 8))
        if kind not in shown:
            raise UploadError(DESCRIBED)
        if at + 8 + length > end:
            raise UploadError(CUT)
        if kind == FRAME and not _chunks(data, at + 8 + FRAME_HEADER, at + 8 + length, SHOWN_IN_FRAME):
            raise UploadError(UNREADABLE)
        kinds.add(kind)
        at += 8 + length + (length & 1)
    return kinds


def _shape(data: ObjectBytes) -> tuple[int, int]:
    kind = data.take(12, 4)
    if kind == b"VP8X":
        width, height = struct.unpack("<3s3s", data.take(24, 6))
        return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1
    if kind == b"VP8L":
        signature, bits = struct.unpack("<BI", data.take(20, 5))
        if signature != 0x2F:
            raise UploadError(UNREADABLE)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        start, width, height = struct.unpack("<3sHH", data.take(23, 7))
        if start != b"\x9d\x01\x2a":
            raise UploadError(UNREADABLE)
        return width & 0x3FFF, height & 0x3FFF
    raise UploadError(UNREADABLE)
