"""What an image's parts say, compared with Pillow's own reading."""

import io

import pytest
from PIL import Image

from slipway.web.media import header, object_bytes, png
from slipway.web.media.errors import UploadError
from slipway.web.media.header import Header
from slipway.web.media.object_bytes import ObjectBytes
from tests.unit.media.pictures import (
    exif,
    picture,
    png_chunk,
    riff,
    riff_chunk,
    said_to_be,
    with_far_dimensions,
    with_segment,
)

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


def read(body):
    return header.read(ObjectBytes.of(body))


@pytest.mark.parametrize("size", ((1, 1), (640, 480), (333, 1007)), ids=str)
@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_type_and_dimensions_are_those_that_pillow_finds(options, size):
    body = picture(*size, **options)
    with Image.open(io.BytesIO(body)) as image:
        assert read(body) == Header(image.get_format_mimetype(), *image.size)


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_no_prefix_of_an_image_is_taken(options):
    body = picture(64, 48, **options)
    read(body)
    for end in range(len(body)):
        with pytest.raises(UploadError):
            read(body[:end])


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("window", (1, 7, 4096))
def test_windows_of_any_size_give_the_same_result(options, window, monkeypatch):
    body = picture(64, 48, **options)
    whole = read(body)
    monkeypatch.setattr(object_bytes, "WINDOW", window)
    assert read(body) == whole


@pytest.mark.parametrize("orientation", range(1, 9))
def test_dimensions_are_those_that_a_browser_shows(orientation):
    found = read(picture(640, 480, exif=exif(orientation)))
    assert (found.width, found.height) == ((480, 640) if orientation >= 5 else (640, 480))


def test_of_several_orientations_the_first_one_counts():
    assert read(with_segment(picture(640, 480, exif=exif(6)), 0xE1, exif(1))).width == 640
    assert read(with_segment(picture(640, 480, exif=exif(1)), 0xE1, exif(6))).width == 480


def test_exif_data_that_tell_of_no_place_are_taken():
    assert read(picture(exif=exif(orientation=6))).width == 900


@pytest.mark.parametrize(
    "body",
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<!DOCTYPE html><p>", b"GIF89a" + bytes(20), b"%PDF-1.7", b""),
    ids=("svg", "html", "gif", "pdf", "empty"),
)
def test_what_is_no_photo_is_rejected(body):
    with pytest.raises(UploadError, match="not a JPEG, PNG or WebP"):
        read(body)


@pytest.mark.parametrize(
    "body",
    (
        b"\xff\xd8\xff\xe0\x00\x00" + bytes(40),
        b"\xff\xd8\xff\xda\x00\x08" + bytes(40),
        b"\xff\xd8\xff\xdb\x00\x02garbage",
        png.START + bytes(40),
        b"RIFF\0\0\0\0WEBPVP9 " + bytes(40),
        b"RIFF\0\0\0\0WEBPVP8L" + bytes(40),
        b"RIFF\0\0\0\0WEBPVP8 " + bytes(40),
        said_to_be(0, 0),
        with_segment(picture(), 0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff"),
    ),
)
def test_a_broken_header_is_rejected_with_a_sentence(body):
    with pytest.raises(UploadError, match="damaged"):
        read(body)


def test_dimensions_behind_long_segments_are_found():
    assert read(with_far_dimensions(picture(), 3_000_000)).width == 1200


@pytest.mark.parametrize("kind", ("JPEG", "PNG", "WEBP"))
def test_a_file_that_goes_on_behind_its_end_is_rejected(kind):
    with pytest.raises(UploadError, match="goes on behind its end"):
        read(picture(kind=kind) + b"<script>")


@pytest.mark.parametrize(
    "body",
    (
        b"\xff\xd8" + b"\xff\xdb\0\2" * 100_000 + picture()[2:],
        picture(kind="PNG")[:33] + png_chunk(b"IDAT") * 100_000 + picture(kind="PNG")[33:],
        riff(riff_chunk(b"ALPH") * 100_000 + picture(kind="WEBP")[12:]),
    ),
    ids=("jpeg", "png", "webp"),
)
def test_a_file_of_very_many_parts_ends_the_walk(body):
    with pytest.raises(UploadError, match="damaged"):
        read(body)
