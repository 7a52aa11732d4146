"""Fixtures of several tests: a user who signs in, and photos on the wall."""

import pytest
from django.test import Client

from slipway.web.media.image import UploadedImage, trust
from wall.models import Photo


@pytest.fixture(autouse=True)
def database(db, settings):
    """An empty database for each test, and a fast password hasher."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def client():
    """Turns a view's exception into the error page, as the server does."""
    return Client(raise_request_exception=False)


@pytest.fixture
def owner(django_user_model):
    return django_user_model.objects.create_user("ada", password="a long enough password")


@pytest.fixture
def hang(owner):
    """Creates a photo of the given size on the wall; returns it."""

    def hang(title="Low tide", width=1600, height=1067, **fields):
        image = trust(UploadedImage(key=f"media/public/{title}.jpg", width=width, height=height))
        values = {"title": title, "alt": f"{title}, seen from the quay", "owner": owner, "image": image}
        return Photo.objects.create(**values | fields)

    return hang
