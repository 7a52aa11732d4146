"""What several rooms' tests share: the fixture site with an empty database, a site of each provider and its API."""

import dataclasses
from pathlib import Path

import django
import pytest

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import (  # noqa: E402
    override_settings,
    setup_databases,
    setup_test_environment,
    teardown_databases,
    teardown_test_environment,
)

from slipway.tool import config  # noqa: E402
from slipway.tool.providers import request  # noqa: E402
from tests import apart  # noqa: E402
from tests.unit.push.wire import Answered, wire  # noqa: E402

UNIT = Path(__file__).parent

DESCRIBED = {
    "cloudfront": "region: eu-central-1\n",
    "cloudflare": "endpoint: https://abc.r2.cloudflarestorage.com\ncdn_id: 023e105f4ecef8ad9ca31a8372d0c353\n",
    "fastly": "region: us-east\nendpoint: https://us-east.object.fastlystorage.app\ncdn_id: SU1Z0isxPaozGVKXdv0eY\n",
    "akamai": "region: us-east-1\nendpoint: https://us-east-1.linodeobjects.com\ncdn_id: '12345'\n",
    "rackspace": "region: sjc3\nendpoint: https://swift.api.sjc3.rackspacecloud.com\n",
    "s3": "region: us-east-1\nendpoint: https://s3.example.net\n",
    "pull": "",
}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    # pytest calls this for the tests of all folders, once it has read this file.
    apart.unit_test = item.nodeid if item.path.is_relative_to(UNIT) else ""
    try:
        return (yield)
    finally:
        apart.unit_test = ""


@pytest.fixture(scope="session")
def tables():
    """The fixture site's tables in memory, made once."""
    setup_test_environment(debug=False)
    databases = setup_databases(verbosity=0, interactive=False)
    yield
    teardown_databases(databases, verbosity=0)
    teardown_test_environment()


@pytest.fixture
def database(tables):
    """The connection; what the test writes is rolled back."""
    with transaction.atomic():
        yield connection
        transaction.set_rollback(True)


@pytest.fixture
def quick_hasher():
    """A password costs next to nothing."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture
def client():
    """A visitor, who gets the error page of a view's exception."""
    return Client(raise_request_exception=False)


@pytest.fixture
def owner(database, quick_hasher):
    return get_user_model().objects.create_user("ada", password="a long enough password")


@pytest.fixture
def described(tmp_path):
    """The site of a provider; further arguments replace what site.yml says."""

    def described(provider, **changes):
        file = tmp_path / "site.yml"
        file.write_text(f"domain: example.com\nprovider: {provider}\n{DESCRIBED[provider]}")
        return dataclasses.replace(config.load(file), **changes)

    return described


@pytest.fixture
def api(monkeypatch):
    """A provider's API; ``api.answering`` may be replaced. Nothing waits between two attempts."""
    monkeypatch.setattr(request.time, "sleep", lambda seconds: api.waited.append(seconds))
    with wire(lambda asked: Answered(body=b'{"success": true, "result": {"id": "p"}}')) as api:
        api.waited = []
        yield api
