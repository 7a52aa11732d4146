"""The model field: its JSON in the database, when an image becomes public, when its objects are deleted."""

import json

import pytest
from django.core import serializers
from django.core.exceptions import ValidationError
from django.test import TestCase

from gallery.models import Photo
from slipway.web.media.errors import DOWN, UploadError
from slipway.web.media.fields import ImageUploadField, UploadedImage, Variant
from slipway.web.media.image import trust
from slipway.web.media.review import check

IMAGE = trust(
    UploadedImage(
        "media/public/2026/a b/original.jpg",
        1200,
        900,
        (Variant("media/public/2026/a b/480.webp", 480, 360), Variant("media/public/2026/a b/960.webp", 960, 720)),
    )
)


def hang(user, image):
    return Photo.objects.create(title="Quay", alt="A quay", image=image, owner=user)


def objects(folder):
    return sorted(path.name for path in folder.root.glob("2*/*/*"))


def test_the_database_gives_back_what_it_was_given(user):
    photo = Photo.objects.get(pk=hang(user, IMAGE).pk)
    assert photo.image == IMAGE
    assert Photo.objects.get(image__width=1200) == photo


def test_a_template_gets_addresses_and_dimensions():
    assert IMAGE.url == "/media/2026/a%20b/original.jpg"
    assert IMAGE.srcset == "/media/2026/a%20b/480.webp 480w, /media/2026/a%20b/960.webp 960w"
    assert (IMAGE.thumbnail.width, IMAGE.largest.width, str(IMAGE)) == (480, 960, IMAGE.key)


def test_fixtures_carry_it_there_and_back(user):
    hang(user, IMAGE)
    text = serializers.serialize("json", Photo.objects.all())
    assert json.loads(text)[0]["fields"]["image"]["variants"][0]["width"] == 480
    (restored,) = serializers.deserialize("json", text)
    assert restored.object.image == IMAGE


def test_a_migration_can_write_the_field_down():
    _, path, _, kwargs = ImageUploadField("picture", blank=True).deconstruct()
    assert (path, kwargs) == ("slipway.web.media.fields.ImageUploadField", {"verbose_name": "picture", "blank": True})


@pytest.mark.parametrize("value", ("media/public/x", {"url": "https://elsewhere.example/"}, 7, "", {}, None))
def test_what_is_no_image_is_not_valid(value):
    with pytest.raises(ValidationError):
        ImageUploadField().clean(value, None)


def test_an_upload_becomes_public_when_its_row_is_saved(user, folder, upload):
    pending = check(upload())
    assert objects(folder) == []
    photo = hang(user, pending)
    assert objects(folder) == ["1200.webp", "480.webp", "960.webp", "original.jpg"]
    assert Photo.objects.get().image == photo.image


def test_deleting_the_row_removes_the_objects(user, folder, upload):
    photo = hang(user, check(upload()))
    with TestCase.captureOnCommitCallbacks(execute=True):
        photo.delete()
        assert len(objects(folder)) == 4
    assert objects(folder) == []


def test_a_row_is_deleted_though_the_store_is_down(user, folder, upload, monkeypatch, caplog):
    def down(_):
        raise UploadError(DOWN)

    photo = hang(user, check(upload()))
    monkeypatch.setattr(folder, "delete", down)
    with TestCase.captureOnCommitCallbacks(execute=True):
        photo.delete()
    assert not Photo.objects.exists()
    assert photo.image.key in caplog.text
