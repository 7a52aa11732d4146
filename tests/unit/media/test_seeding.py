"""Images that the server itself publishes."""

import io

import pytest
from PIL import Image

from slipway.web.media import store_image
from slipway.web.media.errors import UploadError
from tests.unit.media.pictures import exif, picture


def opened(folder, key):
    return Image.open(io.BytesIO(folder.read_range(key, 0, 10**9).body))


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "RGB"), ("JPEG", "CMYK"), ("PNG", "RGBA"), ("PNG", "P"), ("WEBP", "RGB")],
)
def test_an_image_is_stored_with_its_variants(folder, kind, mode):
    body = picture(1000, 500, kind, mode)
    image = store_image(body)
    assert (image.width, image.height) == (1000, 500)
    assert [(each.width, each.height) for each in image.variants] == [(480, 240), (960, 480), (1000, 500)]
    for each in (image, *image.variants):
        assert opened(folder, each.key).size == (each.width, each.height)


def test_it_is_turned_upright_and_keeps_no_metadata(folder):
    image = store_image(picture(640, 480, exif=exif(6, gps=True), comment=b"private"))
    assert (image.width, image.height) == (480, 640)
    for key in image.keys:
        assert not opened(folder, key).getexif()
        assert b"private" not in folder.read_range(key, 0, 10**9).body


def test_what_is_no_image_is_rejected(folder):
    with pytest.raises(UploadError, match="cannot be read"):
        store_image(b"<svg/>")
