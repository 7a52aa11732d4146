"""What the first bytes contain, compared with Pillow's own reading."""

import io

import pytest
from PIL import Image

from slipway.web.media import header
from slipway.web.media.errors import UploadError
from slipway.web.media.header import Header, Incomplete
from tests.unit.media.pictures import exif, picture, said_to_be, with_far_dimensions, with_segment

KINDS = {
    "baseline": {"kind": "JPEG"},
    "progressive": {"kind": "JPEG", "progressive": True},
    "grey": {"kind": "JPEG", "mode": "L"},
    "cmyk": {"kind": "JPEG", "mode": "CMYK"},
    "png": {"kind": "PNG"},
    "palette": {"kind": "PNG", "mode": "P"},
    "lossy": {"kind": "WEBP"},
    "lossless": {"kind": "WEBP", "lossless": True},
    "alpha": {"kind": "WEBP", "mode": "RGBA"},
    "profile": {"kind": "WEBP", "icc_profile": b"profile"},
}


@pytest.mark.parametrize("size", ((1, 1), (640, 480), (333, 1007)), ids=str)
@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_type_and_dimensions_are_those_that_pillow_finds(options, size):
    body = picture(*size, **options)
    with Image.open(io.BytesIO(body)) as image:
        assert header.read(body) == Header(image.get_format_mimetype(), *image.size)


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_every_prefix_is_incomplete_or_gives_the_same_result(options):
    body = picture(640, 480, **options)
    whole = header.read(body)
    answers = set()
    for end in range(12, min(len(body), 4000)):
        try:
            answers.add(header.read(body[:end]))
        except Incomplete:
            answers.add(None)
    assert answers == {None, whole}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_dimensions_are_those_that_a_browser_shows(orientation):
    read = header.read(picture(640, 480, exif=exif(orientation)))
    assert (read.width, read.height) == ((480, 640) if orientation >= 5 else (640, 480))


@pytest.mark.parametrize(
    "body",
    (
        picture(exif=exif(gps=True)),
        with_segment(picture(), 0xE1, header.XMP + b"<x exif:GPSLatitude='54,5N'/>"),
        picture(kind="PNG", exif=exif(gps=True)),
        picture(kind="WEBP", exif=exif(gps=True)),
        picture(kind="WEBP", xmp=b"<x/>"),
    ),
    ids=("jpeg", "jpeg-xmp", "png", "webp", "webp-xmp"),
)
def test_an_image_with_a_location_is_rejected(body):
    with pytest.raises(UploadError, match=r"location|metadata that may"):
        header.read(body)


@pytest.mark.parametrize(
    "body",
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<!DOCTYPE html><p>", b"GIF89a" + bytes(20), b"%PDF-1.7", b""),
    ids=("svg", "html", "gif", "pdf", "empty"),
)
def test_what_is_no_photo_is_rejected(body):
    with pytest.raises(UploadError, match="not a JPEG, PNG or WebP"):
        header.read(body)


@pytest.mark.parametrize(
    "body",
    (
        b"\xff\xd8\xff\xe0\x00\x00" + bytes(40),
        b"\xff\xd8\xff\xda\x00\x08" + bytes(40),
        b"\xff\xd8\xff\xe0\x00\x02garbage",
        header.PNG_START + bytes(40),
        b"RIFF\0\0\0\0WEBPVP9 " + bytes(40),
        b"RIFF\0\0\0\0WEBPVP8L" + bytes(40),
        b"RIFF\0\0\0\0WEBPVP8 " + bytes(40),
        said_to_be(0, 0),
        with_segment(picture(), 0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff"),
    ),
)
def test_a_broken_header_is_rejected_with_a_sentence(body):
    with pytest.raises(UploadError, match="damaged"):
        header.read(body)


def test_dimensions_behind_long_segments_need_those_bytes():
    far = with_far_dimensions(picture(), 200_000)
    with pytest.raises(Incomplete):
        header.read(far[:200_000])
    assert header.read(far).width == 1200


@pytest.mark.parametrize("kind", ("JPEG", "PNG", "WEBP"))
def test_a_file_that_is_cut_off_or_goes_on_is_not_complete(kind):
    body = picture(kind=kind)
    found = header.read(body).content_type
    for changed, complete in ((body, True), (body[:-1], False), (body + b"<script>", False)):
        assert header.is_complete(found, len(changed), changed[:64], changed[-16:]) is complete
