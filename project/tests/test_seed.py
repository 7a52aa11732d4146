"""`seed_wall`, which fills an empty wall."""

import io
from dataclasses import replace

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from slipway.web.media.errors import UploadError
from slipway.web.media.image import UploadedImage, trust
from wall.management.commands import seed_wall
from wall.models import Photo
from wall.scenery import SCENES


@pytest.fixture
def stored(monkeypatch):
    """Every image that would be uploaded to the bucket; painted small, to be quick."""
    images = []

    def store(data):
        images.append(data)
        return trust(UploadedImage(key=f"{len(images)}.jpg", width=60, height=40))

    monkeypatch.setattr(seed_wall, "store_image", store)
    monkeypatch.setattr(seed_wall, "SCENES", [replace(scene, size=(60, 40)) for scene in SCENES])
    return images


def seed():
    output = io.StringIO()
    call_command("seed_wall", stdout=output)
    return output.getvalue()


def test_an_empty_wall_gets_twelve_photos_in_order(stored):
    seed()
    assert [photo.title for photo in Photo.objects.all()] == [scene.title for scene in SCENES]
    assert len({bytes(image) for image in stored}) == 12
    assert all(image.startswith(b"\xff\xd8\xff") for image in stored)


def test_a_wall_with_photos_is_left_alone(stored, hang):
    hang()
    assert "nothing was added" in seed()
    assert (Photo.objects.count(), stored) == (1, [])


def test_the_photos_belong_to_the_existing_superuser(stored, owner):
    owner.is_superuser = True
    owner.save()
    assert "Sign in" not in seed()
    assert {photo.owner for photo in Photo.objects.all()} == {owner}


def test_a_password_from_the_environment_is_never_printed(stored, monkeypatch):
    monkeypatch.setenv("SEED_PASSWORD", "from the environment")
    monkeypatch.setenv("SEED_USER", "harbourmaster")
    assert "from the environment" not in seed()
    assert get_user_model().objects.get(username="harbourmaster").check_password("from the environment")


def test_a_generated_password_is_printed_once_and_works(stored, monkeypatch):
    monkeypatch.delenv("SEED_PASSWORD", raising=False)
    password = seed().splitlines()[0].removeprefix("Sign in as demo with ")
    assert get_user_model().objects.get(username="demo").check_password(password)


def test_a_store_that_fails_half_way_leaves_the_wall_empty(stored, monkeypatch):
    def reject(data):
        stored.append(data)
        if len(stored) == 3:
            raise UploadError("The bucket does not answer.")
        return trust(UploadedImage(key="1.jpg", width=60, height=40))

    monkeypatch.setattr(seed_wall, "store_image", reject)
    with pytest.raises(CommandError, match="The bucket does not answer"):
        seed()
    assert not Photo.objects.exists()


def test_a_scene_is_the_same_picture_every_time():
    small = replace(SCENES[1], size=(120, 80))
    assert small.paint().tobytes() == small.paint().tobytes()
    assert small.paint().size == (120, 80)
