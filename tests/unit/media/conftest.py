"""Django as in development, an in-memory database, and a media folder of the test's own."""

import os

import django
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "photowall.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test.utils import override_settings, setup_databases, teardown_databases  # noqa: E402

from slipway.web.media.backends import media  # noqa: E402
from slipway.web.media.ticket import Ticket  # noqa: E402
from tests.unit.media import pictures  # noqa: E402


@pytest.fixture(autouse=True)
def folder(tmp_path):
    """Development's store in a folder of the test's own."""
    with override_settings(
        MEDIA_ROOT=tmp_path / "media", MEDIA_URL="/media/", SLIPWAY_OFFLOAD=False, ALLOWED_HOSTS=["testserver"]
    ):
        media.cache_clear()
        cache.clear()
        yield media()
    media.cache_clear()


@pytest.fixture(scope="session")
def _database():
    databases = setup_databases(verbosity=0, interactive=False)
    yield
    teardown_databases(databases, verbosity=0)


@pytest.fixture
def database(_database):
    """The tables, rolled back when the test is done; what waits for a commit runs with `committed`."""
    with transaction.atomic():
        yield connection
        transaction.set_rollback(True)


@pytest.fixture
def user(database):
    return get_user_model().objects.create_user("ada")


@pytest.fixture
def upload(folder):
    """Puts files where the browser would have, and returns the ticket for them."""

    def put(files=None, user="1", types=None):
        files = pictures.upload() if files is None else files
        types = types or {name: pictures.content_type(body) for name, body in files.items()}
        ticket = Ticket.issue(user, types)
        for name, body in files.items():
            folder.store(ticket.key(name), body, types[name])
        return ticket

    return put
