"""Images get smaller and keep every pixel."""

import io
from importlib.metadata import PackageNotFoundError, version

import oxipng
import pytest
from PIL import Image

from slipway.tool.assets import images
from slipway.tool.assets.collect import Naming, Source


def drawn(kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    Image.effect_mandelbrot((120, 80), (-2, -1, 1, 1), 60).convert("RGB").save(buffer, kind, **options)
    return buffer.getvalue()


def optimised(body: bytes, tmp_path, own: bool = True, naming: Naming = Naming.HASHED) -> bytes:
    source = Source("a", "/there/a", body, own, naming)
    images.optimise([source], tmp_path)
    return source.body


def pixels(body: bytes) -> bytes:
    with Image.open(io.BytesIO(body)) as image:
        return image.convert("RGBA").tobytes()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_an_image_is_smaller_and_looks_the_same(kind, tmp_path):
    before = drawn(kind)
    after = optimised(before, tmp_path)
    assert len(after) < len(before)
    assert pixels(after) == pixels(before)


def test_one_whose_name_has_a_hash_already_keeps_the_bytes_that_it_is_of(tmp_path):
    before = drawn("PNG")
    assert optimised(before, tmp_path, naming=Naming.KEPT) == before


def test_orientation_and_colour_profile_of_a_photo_stay(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    after = optimised(drawn("JPEG", exif=exif, icc_profile=b"profile"), tmp_path)
    with Image.open(io.BytesIO(after)) as image:
        assert image.getexif()[0x0112] == 6
        assert image.info["icc_profile"] == b"profile"


def test_a_second_build_optimises_nothing(tmp_path, monkeypatch):
    before = drawn("PNG")
    first = optimised(before, tmp_path)
    monkeypatch.setattr(oxipng, "optimize_from_memory", lambda *_, **__: pytest.fail("optimised again"))
    assert optimised(before, tmp_path) == first


def test_an_image_of_one_packet_stays_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(oxipng, "optimize_from_memory", lambda *_, **__: pytest.fail("optimised"))
    buffer = io.BytesIO()
    Image.new("RGB", (60, 60)).save(buffer, "PNG", compress_level=0)
    small = buffer.getvalue()[: images.SMALLEST - 1]
    assert optimised(small, tmp_path) == small


def test_a_damaged_image_goes_up_as_it_is(tmp_path):
    for body in (b"\x89PNG\r\n\x1a\n" + b"nothing" * 300, b"\xff\xd8\xff" + b"nothing" * 300):
        assert optimised(body, tmp_path) == body


def test_a_package_s_image_goes_up_as_it_ships(tmp_path):
    before = drawn("PNG")
    assert optimised(before, tmp_path, own=False) == before


def test_without_a_wheel_of_its_optimiser_an_image_stays_as_it_is_with_a_message(tmp_path, monkeypatch, capsys):
    """pyoxipng has none for Python 3.14."""

    def of_others(package):
        if package == "pyoxipng":
            raise PackageNotFoundError(package)
        return version(package)

    monkeypatch.setattr(images, "version", of_others)
    picture, photo = drawn("PNG"), drawn("JPEG")
    assert optimised(picture, tmp_path) == picture
    assert capsys.readouterr().out == "  pyoxipng has no wheel for this Python: 1 images stay as large as they are\n"
    assert len(optimised(photo, tmp_path)) < len(photo)
    assert capsys.readouterr().out == ""
