"""Development's media store in a folder of the test's own, and uploads into it."""

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test.utils import override_settings

from slipway.web.media.backends import media
from slipway.web.media.ticket import Ticket
from tests.unit.media import pictures


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
