"""The wall in Chromium, served by Django's live server with photos in a folder."""

import os
import shutil
from dataclasses import replace

import pytest
from django.core.management import call_command
from playwright.sync_api import sync_playwright

from slipway.web.media.backends import media
from wall.management.commands import seed_wall
from wall.scenery import SCENES

NAME, PASSWORD = "ada", "a long enough password"

REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`violation: ${event.violatedDirective} ${event.blockedURI}`));
"""


@pytest.fixture(scope="module")
def browser():
    """Chromium. Playwright's loop runs in this thread, where Django would reject database access."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        pytest.skip("no Chromium here: apt install chromium")
    # Chromium's sandbox does not run as root.
    flags = ["--no-proxy-server", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def site(browser, live_server, settings, tmp_path, monkeypatch, django_user_model):
    """The address of the site; twelve small photos hang on its wall."""
    settings.MEDIA_ROOT = tmp_path
    media.cache_clear()
    monkeypatch.setattr(seed_wall, "SCENES", [replace(scene, size=(120, 80)) for scene in SCENES])
    django_user_model.objects.create_superuser(NAME, password=PASSWORD)
    call_command("seed_wall", verbosity=0)
    yield live_server.url
    media.cache_clear()


@pytest.fixture
def photos(site):
    """The addresses of the photos' pages, the newest first."""
    from wall.models import Photo

    return [photo.get_absolute_url() for photo in Photo.objects.all()]


@pytest.fixture
def complaints():
    """Policy violations, script errors and failed requests; none are expected of any page."""
    reported = []
    yield reported
    assert reported == []


@pytest.fixture
def page(browser, site, complaints):
    context = browser.new_context(base_url=site, viewport={"width": 1280, "height": 800}, color_scheme="light")
    context.add_init_script(REPORT_VIOLATIONS)
    page = context.new_page()
    page.on("console", lambda message: message.type in ("error", "warning") and complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", lambda reply: reply.status >= 400 and complaints.append(f"{reply.status} {reply.url}"))
    yield page
    context.close()


@pytest.fixture
def owner_page(page):
    """A page of a signed-in user, who owns every photo."""
    page.goto("/login/")
    page.get_by_label("Username").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_url("**/wall/")
    return page
