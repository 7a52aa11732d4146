"""The site in Chromium, served by Django's live server with photos in a folder."""

import os
from dataclasses import replace

import django
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "photowall.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.staticfiles.testing import StaticLiveServerTestCase  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import override_settings  # noqa: E402
from django.test.utils import (  # noqa: E402
    setup_databases,
    setup_test_environment,
    teardown_databases,
    teardown_test_environment,
)

from slipway.web.media.backends import media  # noqa: E402
from wall.management.commands import seed_wall  # noqa: E402
from wall.scenery import SCENES  # noqa: E402

NAME, PASSWORD = "ada", "a long enough password"

REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`violation: ${event.violatedDirective} ${event.blockedURI}`));
"""


@pytest.fixture(scope="package")
def beside_a_loop():
    """Playwright's loop runs in this thread, and Django would refuse its database there. For these tests alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture(scope="package")
def site(beside_a_loop, tmp_path_factory):
    """The address of the site; twelve small photos hang on its wall."""
    setup_test_environment(debug=False)
    databases = setup_databases(verbosity=0, interactive=False)
    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")), pytest.MonkeyPatch.context() as patch:
        media.cache_clear()
        patch.setattr(seed_wall, "SCENES", [replace(scene, size=(120, 80)) for scene in SCENES])
        get_user_model().objects.create_superuser(NAME, password=PASSWORD)
        call_command("seed_wall", verbosity=0)
        StaticLiveServerTestCase.setUpClass()
        yield StaticLiveServerTestCase.live_server_url
        StaticLiveServerTestCase.doClassCleanups()
    media.cache_clear()
    teardown_databases(databases, verbosity=0)
    teardown_test_environment()


@pytest.fixture
def complaints():
    """Violations, script errors and failed requests; none are expected of any page."""
    heard = []
    yield heard
    assert heard == []


@pytest.fixture
def page(browser, site, complaints):
    context = browser.new_context(base_url=site, viewport={"width": 1280, "height": 800}, color_scheme="light")
    context.add_init_script(REPORT_VIOLATIONS)
    page = context.new_page()
    page.on("console", lambda message: message.type in ("error", "warning") and complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", lambda answer: answer.status >= 400 and complaints.append(f"{answer.status} {answer.url}"))
    yield page
    context.close()


@pytest.fixture
def owner_page(page):
    """A page of somebody who has signed in, and owns every photo."""
    page.goto("/login/")
    page.get_by_label("Username").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_url("**/wall/")
    return page
