"""Reads an image's type and dimensions, and rejects private metadata, wherever in the file it is.

Nothing is decoded: Pillow decodes a whole PNG to look for its Exif data and opens no part of a WebP. Each format has a
list of the parts that showing the picture needs. Any other part is rejected unread, whatever its name, since metadata
has too many homes to look for locations in them: Exif, XMP, IPTC, maker notes, a second picture behind the first.
``photo-metadata.js`` has the same lists, and takes those parts out.
"""

import struct
from dataclasses import dataclass

from slipway.web.media import jpeg, png, webp
from slipway.web.media.errors import UNREADABLE, UploadError
from slipway.web.media.object_bytes import ObjectBytes

READERS = {"image/jpeg": jpeg.walk, "image/png": png.walk, "image/webp": webp.walk}


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
    if data.startswith(png.START):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return ""


def read(data: ObjectBytes) -> Header:
    """The header of an image, all of whose parts are looked at.

    Raises UploadError when the format is not supported, the image is damaged, cut off or goes on behind its end, or has
    parts that may be private.
    """
    content_type = sniff(data.take(0, min(12, data.size)))
    if not content_type:
        raise UploadError("This is not a JPEG, PNG or WebP image. Choose a photo in one of those formats.")
    try:
        width, height = READERS[content_type](data)
    except struct.error:
        raise UploadError(UNREADABLE) from None
    if not width or not height:
        raise UploadError(UNREADABLE)
    return Header(content_type, width, height)
