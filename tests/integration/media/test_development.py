"""The ordinary runserver loop: the same widget, no bucket, no cloud library."""

import os
import subprocess
import sys

import pytest

from rehearsal.processes import Processes, free_port
from tests.clone import clone_of_fixture
from tests.integration.media.visitor import Visitor
from tests.unit.media.pictures import exif, picture

PHOTO = picture(1200, 800, exif=exif(orientation=6, gps=True))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the code: development keeps its database and its media folder beside it."""
    return clone_of_fixture(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def site(checkout):
    """The address of a development server on that copy."""
    env = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "DJANGO_SUPERUSER_PASSWORD": "shipshape"}
    manage = [sys.executable, "manage.py"]
    who = ["--noinput", "--username", "demo", "--email", "demo@example.com"]
    for command in (["migrate", "--verbosity", "0"], ["createsuperuser", *who]):
        subprocess.run([*manage, *command], cwd=checkout, env=env, check=True, capture_output=True)
    port = free_port()
    with Processes(checkout / "log") as processes:
        processes.start(
            "runserver", [*manage, "runserver", "--noreload", str(port)], env=env, cwd=checkout, ready=[port]
        )
        yield f"http://localhost:{port}"


def test_a_photo_is_added_to_the_media_folder(browser, site, checkout):
    visitor = Visitor(browser, site)
    visitor.sign_in("/login/", "demo", "shipshape")
    visitor.go("/photos/add/")
    visitor.choose(PHOTO)
    visitor.expect_uploaded()
    visitor.page.get_by_label("Title").fill("Slip")
    visitor.page.get_by_label("Description").fill("A gradient.")
    visitor.page.get_by_role("button", name="Add it").click()
    visitor.page.get_by_role("heading", name="Slip").wait_for()
    image = visitor.page.get_by_role("main").get_by_role("img")
    assert (image.get_attribute("width"), image.get_attribute("height")) == ("800", "1200")
    assert image.get_attribute("src").startswith("/media/2")
    assert visitor.broken_images() == []
    assert [url for url, _ in visitor.posts].count(f"{site}/uploads/receive/") == 3
    assert visitor.complaints == []
    visitor.context.close()
    names = {path.name for path in (checkout / "media").glob("2*/*/*")}
    assert names == {"original.jpg", "480.webp", "800.webp"}


def test_the_page_says_why_development_rejected(browser, site):
    visitor = Visitor(browser, site)
    visitor.sign_in("/login/", "demo", "shipshape")
    visitor.go("/photos/add/")
    visitor.change_forms(lambda form: form["fields"].update({"Content-Type": "text/html"}))
    visitor.choose(PHOTO)
    visitor.expect_error("not what was announced (AccessDenied)")
    visitor.context.close()
