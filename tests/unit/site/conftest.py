"""The site under its development settings, in a database of its own."""

import os

import django
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "photowall.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.db import transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import (  # noqa: E402
    setup_databases,
    setup_test_environment,
    teardown_databases,
    teardown_test_environment,
)

from slipway.web.media.image import UploadedImage, trust  # noqa: E402
from wall.models import Photo  # noqa: E402


@pytest.fixture(scope="package", autouse=True)
def empty_database():
    setup_test_environment(debug=False)
    databases = setup_databases(verbosity=0, interactive=False)
    yield
    teardown_databases(databases, verbosity=0)
    teardown_test_environment()


@pytest.fixture(autouse=True)
def rolled_back(empty_database):
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


@pytest.fixture
def owner():
    return get_user_model().objects.create_user("ada", password="a long enough password")


@pytest.fixture
def hang(owner):
    """Hangs a photo of a size; returns it."""

    def hang(title="Low tide", width=1600, height=1067, **fields):
        image = trust(UploadedImage(key=f"media/public/{title}.jpg", width=width, height=height))
        words = {"title": title, "alt": f"{title}, seen from the quay", "owner": owner, "image": image}
        return Photo.objects.create(**words | fields)

    return hang
