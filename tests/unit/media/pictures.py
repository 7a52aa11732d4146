"""Small images of every kind that an upload can be."""

import io
import struct
import zlib

from PIL import Image

TYPES = {b"\xff\xd8": "image/jpeg", b"\x89P": "image/png", b"RI": "image/webp"}


def picture(width=1200, height=900, kind="JPEG", mode="RGB", **options):
    """An encoded image with a gradient, so that it has a size worth the name."""
    image = Image.linear_gradient("L").resize((width, height)).convert(mode)
    output = io.BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()


def upload(width=1200, height=900, kind="JPEG"):
    """An original with the widths that the browser makes of it."""
    files = {"original": picture(width, height, kind)}
    for each in sorted({min(each, width) for each in (480, 960, 1600)}):
        files[str(each)] = picture(each, max(1, round(each * height / width)), "WEBP")
    return files


def content_type(body):
    return TYPES.get(body[:2], "image/jpeg")


def exif(orientation=None, gps=False):
    """Exif data as a camera writes it."""
    data = Image.Exif()
    data[0x010F] = "Camera"
    if orientation:
        data[0x0112] = orientation
    if gps:
        data.get_ifd(0x8825)[1] = "N"
        data.get_ifd(0x8825)[2] = (54.0, 5.0, 3.0)
    return data.tobytes()


def with_segment(jpeg, marker, payload):
    """The JPEG with one more segment at its front."""
    return jpeg[:2] + bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload + jpeg[2:]


def with_far_dimensions(jpeg, distance):
    """The JPEG with its dimensions more than ``distance`` bytes behind its start: a large colour profile is there."""
    for _ in range(distance // 65_000 + 1):
        jpeg = with_segment(jpeg, 0xE2, b"ICC_PROFILE\0" + bytes(65_000))
    return jpeg


def png_chunk(kind, payload=b""):
    """One chunk of a PNG."""
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def riff_chunk(kind, payload=b""):
    """One chunk of a WebP."""
    return kind + struct.pack("<I", len(payload)) + payload + bytes(len(payload) & 1)


def riff(chunks):
    """A WebP of these chunks."""
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def said_to_be(width, height):
    """A small JPEG whose header claims these dimensions."""
    small = picture(64, 48)
    return small.replace(struct.pack(">HH", 48, 64), struct.pack(">HH", height, width), 1)
