"""A field accepts no foreign keys of objects, and a deleted row never removes another row's objects."""

import json
from dataclasses import replace

import pytest
from django import forms
from django.apps import apps
from django.core.exceptions import SuspiciousFileOperation, SuspiciousOperation, ValidationError
from django.core.management import call_command
from django.db import DatabaseError, connection, models, transaction
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from rest_framework import serializers

from gallery.forms import PhotoForm
from gallery.models import Photo
from slipway.web.media import naming, removal
from slipway.web.media.fields import ImageUploadField, UploadedImage
from slipway.web.media.image import trust
from slipway.web.media.review import check


@pytest.fixture
def hang(user, upload):
    return lambda: Photo.objects.create(title="Quay", alt="A quay", image=check(upload()), owner=user)


@pytest.fixture
def victim(hang):
    return Photo.objects.get(pk=hang().pk)


@pytest.fixture
def mine(hang):
    return Photo.objects.get(pk=hang().pk)


@pytest.fixture
def deleted():
    def delete(*rows):
        with TestCase.captureOnCommitCallbacks(execute=True):
            for row in rows:
                row.delete()

    return delete


@pytest.fixture
def there(folder):
    """Which of an image's objects are in the store."""
    return lambda image: [key for key in image.keys if folder._path(key).exists()]


class PhotoSerializer(serializers.ModelSerializer):
    class Meta:
        model = Photo
        fields = ("title", "alt", "owner", "image")


class TrustingSerializer(serializers.Serializer):
    """One that asks no model what is valid."""

    image = serializers.JSONField()

    def create(self, validated_data):
        return Photo.objects.create(title="Quay", alt="A quay", **validated_data)


def words(photo, image, **changes):
    return {"title": "Mine", "alt": "Mine", "owner": photo.owner.pk, "image": image} | changes


# What a request can bring.


@pytest.mark.parametrize("written", ["dict", "json", "key"])
def test_a_serializer_takes_nobodys_keys(victim, written):
    image = victim.image.to_json()
    value = {"dict": image, "json": json.dumps(image), "key": victim.image.key}[written]
    serializer = PhotoSerializer(data=words(victim, value))
    assert not serializer.is_valid()
    assert [*serializer.errors] == ["image"] and "not an image that was uploaded here" in str(serializer.errors)


def test_a_serializer_without_a_model_cannot_save_others_keys(victim):
    serializer = TrustingSerializer(data={"image": victim.image.to_json()})
    assert serializer.is_valid()
    with pytest.raises(SuspiciousFileOperation, match=r"gallery\.Photo\.image accepts uploads"), transaction.atomic():
        serializer.save(owner=victim.owner)
    assert [*Photo.objects.all()] == [victim]


def test_a_row_that_is_sent_back_keeps_its_own_image(mine, victim, deleted, there):
    changed = PhotoSerializer(mine, data=words(mine, mine.image.to_json()))
    assert changed.is_valid(), changed.errors
    saved = changed.save()
    assert (saved.title, saved.image) == ("Mine", Photo.objects.get(pk=mine.pk).image)
    assert PhotoSerializer(mine, data={"title": "Pier"}, partial=True).is_valid()
    assert not PhotoSerializer(mine, data=words(mine, victim.image.to_json())).is_valid()
    longer = mine.image.to_json()
    longer["variants"] += victim.image.to_json()["variants"]
    assert not PhotoSerializer(mine, data=words(mine, longer)).is_valid()
    deleted(saved)
    assert there(mine.image) == [] and there(victim.image) == victim.image.keys


class JSONForm(forms.ModelForm):
    class Meta:
        model = Photo
        fields = ("title", "alt", "owner", "image")
        field_classes = {"image": forms.JSONField}  # noqa: RUF012
        widgets = {"image": forms.Textarea}  # noqa: RUF012


class UncheckedForm(JSONForm):
    def _get_validation_exclusions(self):
        return {"image"}


def test_a_model_form_takes_nobodys_keys(victim, mine):
    written = words(victim, json.dumps(victim.image.to_json()))
    form = JSONForm(written)
    assert [*form.errors] == ["image"]
    with pytest.raises(SuspiciousFileOperation), transaction.atomic():
        UncheckedForm(written).save()
    assert JSONForm(words(mine, json.dumps(mine.image.to_json())), instance=mine).is_valid()


def test_the_widgets_hidden_value_is_a_ticket_and_no_key(victim):
    for value in (victim.image.key, json.dumps(victim.image.to_json())):
        assert "image" in PhotoForm(words(victim, value), user=victim.owner).errors


def test_a_whole_row_is_checked(victim):
    photo = Photo(title="Quay", alt="A quay", owner=victim.owner, image=victim.image.to_json())
    with pytest.raises(ValidationError, match="not an image that was uploaded here"):
        photo.full_clean()


def forged(image):
    """The same image in each form that code without checks may hand on."""
    return {
        "key": image.key,
        "dict": image.to_json(),
        "object": UploadedImage.from_json(image.to_json()),
        "changed copy": replace(image, width=1),
        "python": ImageUploadField().to_python(image.to_json()),
    }


WAYS = {
    "save": lambda photo, value: setattr(photo, "image", value) or photo.save(),
    "save of it alone": lambda photo, value: setattr(photo, "image", value) or photo.save(update_fields=["image"]),
    "create": lambda photo, value: Photo.objects.create(owner=photo.owner, image=value),
    "bulk_create": lambda photo, value: Photo.objects.bulk_create([Photo(owner=photo.owner, image=value)]),
    "update": lambda photo, value: Photo.objects.filter(pk=photo.pk).update(image=value),
    "bulk_update": lambda photo, value: setattr(photo, "image", value) or Photo.objects.bulk_update([photo], ["image"]),
    "update_or_create": lambda photo, value: Photo.objects.update_or_create(pk=photo.pk, defaults={"image": value}),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("form", ["key", "dict", "object", "changed copy", "python"])
def test_no_way_into_the_database_takes_them(mine, victim, way, form):
    before = mine.image
    with pytest.raises(SuspiciousFileOperation), transaction.atomic():
        way(mine, forged(victim.image)[form])
    assert [photo.image for photo in Photo.objects.order_by("pk")] == sorted([before, victim.image], key=_row)


def _row(image):
    return Photo.objects.get(image__key=image.key).pk


def test_django_answers_such_a_request_with_400():
    assert issubclass(SuspiciousFileOperation, SuspiciousOperation)


# What code of one's own does.


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_way_takes_what_the_database_gave(mine, victim, way):
    way(mine, victim.image)
    assert Photo.objects.filter(image__key=victim.image.key).count() == 2


def test_fixtures_are_loaded(mine, tmp_path, deleted, there):
    file = tmp_path / "gallery.json"
    call_command("dumpdata", "gallery.photo", output=file, verbosity=0)
    Photo.objects.all()._raw_delete("default")
    call_command("loaddata", file, verbosity=0)
    loaded = Photo.objects.get()
    assert loaded.image == mine.image
    loaded.title = "Pier"
    loaded.save()
    deleted(loaded)
    assert there(mine.image) == []


def test_a_migrations_default_is_the_developers_own(victim):
    field = ImageUploadField(default=victim.image.to_json)
    field.set_attributes_from_name("picture")
    assert victim.image.key in field.get_db_prep_save(victim.image.to_json(), connection)
    with pytest.raises(SuspiciousFileOperation):
        ImageUploadField().get_db_prep_save(victim.image.to_json(), connection)


# Whose objects go.


def test_two_rows_may_share_an_image_and_the_last_one_takes_it_along(mine, deleted, there):
    copy = Photo.objects.get(pk=mine.pk)
    copy.pk, copy._state.adding = None, True
    copy.save()
    deleted(mine)
    assert there(copy.image) == copy.image.keys
    deleted(copy)
    assert there(copy.image) == []


def test_rows_that_go_together_leave_nothing(mine, deleted, there):
    copy = Photo.objects.create(title="Copy", alt="Copy", owner=mine.owner, image=mine.image)
    deleted(mine, copy)
    assert there(mine.image) == []


def test_a_hundred_rows_that_go_at_once_are_one_question(hang, mine, victim, there, database):
    photos = [hang() for _ in range(5)]
    copy = Photo.objects.create(title="Copy", alt="Copy", owner=mine.owner, image=mine.image)
    with CaptureQueriesContext(database) as asked, TestCase.captureOnCommitCallbacks(execute=True):
        Photo.objects.exclude(pk__in=[copy.pk, victim.pk]).delete()
    (read,) = [each["sql"].upper() for each in asked if "JSON" in each["sql"].upper()]
    assert "ORDER BY" not in read
    assert [there(photo.image) for photo in photos] == [[]] * 5
    assert there(mine.image) == mine.image.keys and there(victim.image) == victim.image.keys


def test_a_deletion_waits_for_no_other_one_s_commit(mine, victim, there):
    mine.delete()
    with TestCase.captureOnCommitCallbacks(execute=True):
        victim.delete()
    assert there(mine.image) == mine.image.keys and there(victim.image) == []


def test_a_deletion_that_was_taken_back_takes_nothing_when_the_next_one_is_kept(mine, victim, there):
    rows = Photo.objects.filter(pk=mine.pk)
    with TestCase.captureOnCommitCallbacks(execute=True):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            mine.delete()
            raise ZeroDivisionError
        victim.delete()
    assert rows.exists() and there(mine.image) == mine.image.keys and there(victim.image) == []


def test_an_image_that_is_replaced_stays_where_another_row_shows_it(mine, upload, there):
    copy = Photo.objects.create(title="Copy", alt="Copy", owner=mine.owner, image=mine.image)
    ticket = upload(user=str(mine.owner.pk))
    form = PhotoForm(words(mine, ticket.dump()), user=mine.owner, instance=copy)
    with TestCase.captureOnCommitCallbacks(execute=True):
        form.save()
    assert copy.image != mine.image
    assert there(mine.image) == mine.image.keys and there(copy.image) == copy.image.keys


def test_a_row_that_was_made_to_name_anothers_image_in_memory_takes_nothing(mine, victim, deleted, there):
    mine.image = victim.image
    deleted(mine)
    assert there(victim.image) == victim.image.keys


@pytest.fixture
def poster(database):
    """A second model with such a field."""

    class Poster(models.Model):
        picture = ImageUploadField()

        class Meta:
            app_label = "gallery"

    with database.cursor() as cursor:
        cursor.execute("CREATE TABLE gallery_poster (id integer PRIMARY KEY AUTOINCREMENT, picture text)")
    yield Poster
    del apps.all_models["gallery"]["poster"]
    apps.clear_cache()


def test_another_models_row_keeps_it_too(mine, poster, deleted, there):
    small = UploadedImage(mine.image.variants[0].key, 480, 360)
    poster.objects.create(picture=trust(small))
    deleted(mine)
    assert there(mine.image) == mine.image.keys
    deleted(poster.objects.get())
    assert there(mine.image) == [key for key in mine.image.keys if key != small.key]


@pytest.mark.parametrize(
    "key",
    [
        "media/public/docs/report.pdf",
        "media/public/2026/original.jpg",
        "media/public/2026/0123456789abcdef/original.svg",
        "media/public/2026/0123456789abcdef/original_x7Yz123.jpg",
        "media/public/2026/0123456789abcdef/../0123456789abcdef/original.jpg",
        "media/incoming/0123456789abcdef/original.jpg",
        "static/2026/0123456789abcdef/original.jpg",
    ],
)
def test_an_object_that_no_upload_made_is_never_removed(user, folder, deleted, key):
    folder.store(key, b"somebody's", "image/jpeg")
    image = trust(UploadedImage(key, 1, 1))
    deleted(Photo.objects.create(title="Quay", alt="A quay", image=image, owner=user))
    assert folder.read_range(key, 0, 99).body == b"somebody's"


def test_what_an_upload_makes_is_known_by_its_name(mine):
    assert {naming.folder_of(key) for key in mine.image.keys} == {mine.image.key.removesuffix("original.jpg")}


def test_objects_stay_where_the_database_cannot_say_who_names_them(mine, deleted, there, monkeypatch, caplog):
    def away(*_):
        raise DatabaseError("the connection is closed")

    monkeypatch.setattr(removal, "_unused", away)
    deleted(mine)
    assert there(mine.image) == mine.image.keys
    assert mine.image.key in caplog.text and "the connection is closed" in caplog.text
