"""Private metadata, wherever in a file it is."""

import struct

import pytest

from slipway.web.media import header, object_bytes
from slipway.web.media.errors import UploadError
from slipway.web.media.object_bytes import ObjectBytes
from tests.unit.media.pictures import exif, picture, png_chunk, riff, riff_chunk, with_segment

XMP = b"http://ns.adobe.com/xap/1.0/\0"
PLACE = b"<x photoshop:City='Kiel' exif:GPSLatitude='54,5N'/>"
GPS = exif(gps=True)
JPEG, PNG, WEBP = picture(64, 48), picture(64, 48, "PNG"), picture(64, 48, "WEBP", "RGBA", exif=GPS)


def behind_frame(payload, marker=0xE1):
    """The JPEG with one more segment between its frame header and its scan."""
    at = JPEG.index(b"\xff\xda")
    return with_segment(b"\xff\xd8" + JPEG[at:], marker, payload).replace(b"\xff\xd8", JPEG[:at], 1)


def behind_scan(payload, marker=0xE1):
    """The JPEG with one more segment between its scan and its end."""
    return JPEG[:-2] + with_segment(b"\xff\xd8", marker, payload)[2:] + b"\xff\xd9"


def before_end(chunk):
    return PNG[:-12] + chunk + PNG[-12:]


def without_flags(webp):
    assert webp[12:16] == b"VP8X"
    return webp[:20] + b"\x10" + webp[21:]


def directory(*tags, following=0):
    """A TIFF directory of these tags, and the place of another one."""
    entries = b"".join(struct.pack(">HHII", tag, 4, 1, 8) for tag in tags)
    return b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">H", len(tags)) + entries + struct.pack(">I", following)


ANIMATION = picture(8, 8, "WEBP", save_all=True, append_images=())
FRAME = riff_chunk(b"ANMF", bytes(16) + picture(8, 8, "WEBP")[12:] + riff_chunk(b"EXIF", GPS))

PRIVATE = {
    "jpeg: exif": picture(64, 48, exif=GPS),
    "jpeg: exif behind the frame header": behind_frame(GPS),
    "jpeg: exif behind the scan": behind_scan(GPS),
    "jpeg: two exif segments": with_segment(picture(64, 48, exif=exif(6)), 0xE1, GPS),
    "jpeg: exif directory, where maker notes are": with_segment(JPEG, 0xE1, directory(0x8769)),
    "jpeg: second exif directory, with a thumbnail": with_segment(JPEG, 0xE1, directory(0x0112, following=8)),
    "jpeg: xmp in exif": with_segment(JPEG, 0xE1, directory(0x02BC)),
    "jpeg: iptc in exif": with_segment(JPEG, 0xE1, directory(0x83BB)),
    "jpeg: description": with_segment(JPEG, 0xE1, directory(0x010E)),
    "jpeg: xmp": with_segment(JPEG, 0xE1, XMP + PLACE),
    "jpeg: xmp with a place's name alone": with_segment(JPEG, 0xE1, XMP + b"<x photoshop:City='Kiel'/>"),
    "jpeg: extended xmp": behind_frame(b"http://ns.adobe.com/xmp/extension/\0" + PLACE),
    "jpeg: iptc": with_segment(JPEG, 0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x09\x1c\x02\x5a\0\4Kiel"),
    "jpeg: comment": behind_scan(b"at home", 0xFE),
    "jpeg: no profile, but its marker": with_segment(JPEG, 0xE2, b"MPF\0MM\0*"),
    "jpeg: no profile, but its marker, FlashPix": with_segment(JPEG, 0xE2, b"FPXR\0" + PLACE),
    "jpeg: not Adobe's, but its marker": with_segment(JPEG, 0xEE, PLACE),
    "jpeg: thumbnail in JFIF": with_segment(JPEG, 0xE0, b"JFIF\0\1\1\0\0\1\0\1\2\2" + bytes(12)),
    "jpeg: behind Adobe's flags": with_segment(JPEG, 0xEE, b"Adobe\0d\0\0\0\0\0" + PLACE),
    "jpeg: thumbnail in JFXX": with_segment(JPEG, 0xE0, b"JFXX\0\x10" + JPEG),
    "jpeg: second picture": JPEG + picture(64, 48, exif=GPS),
    "png: exif": picture(64, 48, "PNG", exif=GPS),
    "png: exif behind the picture": before_end(png_chunk(b"eXIf", GPS[6:])),
    "png: text behind the picture": before_end(png_chunk(b"tEXt", b"Comment\0at home")),
    "png: compressed text": before_end(png_chunk(b"zTXt", b"Raw profile type exif\0\0x")),
    "png: xmp": before_end(png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + PLACE)),
    "png: somebody's own chunk": before_end(png_chunk(b"plAc", PLACE)),
    "png: second picture": PNG + PNG,
    "webp: exif": WEBP,
    "webp: exif, its flag cleared": without_flags(WEBP),
    "webp: xmp": picture(64, 48, "WEBP", xmp=PLACE),
    "webp: xmp behind a simple picture": riff(picture(64, 48, "WEBP")[12:] + riff_chunk(b"XMP ", PLACE)),
    "webp: somebody's own chunk": riff(picture(64, 48, "WEBP")[12:] + riff_chunk(b"PLAC", PLACE)),
    "webp: exif in a frame": riff(riff_chunk(b"VP8X", b"\2" + bytes(9)) + riff_chunk(b"ANIM", bytes(6)) + FRAME),
    "webp: second picture": picture(64, 48, "WEBP") + picture(64, 48, "WEBP"),
}


@pytest.mark.parametrize("window", (64, object_bytes.WINDOW))
@pytest.mark.parametrize("body", PRIVATE.values(), ids=PRIVATE)
def test_it_is_rejected(body, window, monkeypatch):
    monkeypatch.setattr(object_bytes, "WINDOW", window)
    with pytest.raises(UploadError, match=r"location|metadata that may be private|behind its end"):
        header.read(ObjectBytes.of(body))


@pytest.mark.parametrize("body", (JPEG, PNG, picture(64, 48, "WEBP")), ids=("jpeg", "png", "webp"))
def test_the_same_picture_without_it_is_taken(body):
    assert header.read(ObjectBytes.of(body)).width == 64


def test_a_location_is_called_one():
    for body in (picture(64, 48, exif=GPS), with_segment(JPEG, 0xE1, XMP + PLACE)):
        with pytest.raises(UploadError, match="has its location"):
            header.read(ObjectBytes.of(body))
