"""What several tests of the wall share: somebody who signs in, and photos that hang."""

import pytest
from django.test import Client

from slipway.web.media.image import UploadedImage, trust
from wall.models import Photo


@pytest.fixture(autouse=True)
def database(db, settings):
    """Each test has it, empty; a password costs next to nothing."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def client():
    """Answers a view's exception with the error page, as the server does."""
    return Client(raise_request_exception=False)


@pytest.fixture
def owner(django_user_model):
    return django_user_model.objects.create_user("ada", password="a long enough password")


@pytest.fixture
def hang(owner):
    """Hangs a photo of a size; returns it."""

    def hang(title="Low tide", width=1600, height=1067, **fields):
        image = trust(UploadedImage(key=f"media/public/{title}.jpg", width=width, height=height))
        words = {"title": title, "alt": f"{title}, seen from the quay", "owner": owner, "image": image}
        return Photo.objects.create(**words | fields)

    return hang
