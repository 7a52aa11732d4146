"""The site's own responses to a CDN that pulls: only hashed names, cached for ever."""

import json
from dataclasses import replace

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import override_settings

from slipway.web import pull
from slipway.web.pull.middleware import PulledStatic
from slipway.web.static_objects import IMMUTABLE, StaticObject

SHEET = StaticObject.hashed("css/a b.0123456789ab.css", b"p{}")
ICON = StaticObject.unhashed("favicon.ico", b"icon")
# A release from before had another lifetime, and has it still.
OLDER = replace(
    StaticObject.hashed("css/a.ba9876543210.css", b"older{}"), cache_control="public, max-age=15552000, immutable"
)


def release(folder, *objects):
    """A release's build: the files that a CDN pulls, and the manifest that names them all."""
    with override_settings(SLIPWAY_BUILD=folder):
        pull.write(objects)
    described = {o.key: {"cache_control": o.cache_control, "content_type": o.content_type} for o in objects}
    (folder / "manifests").mkdir(parents=True)
    (folder / "manifests" / "objects.json").write_text(json.dumps({"objects": described}))


@pytest.fixture
def releases(tmp_path):
    release(tmp_path / "releases" / "1" / "build", OLDER)
    release(tmp_path / "releases" / "2" / "build", SHEET, ICON)
    (tmp_path / "releases" / "2" / "build" / "pulled" / "left-over.css").write_text("nobody named it")
    return tmp_path / "releases"


@pytest.fixture
def ask(releases):
    with override_settings(SLIPWAY_BUILD=releases / "2" / "build"):
        middleware = PulledStatic(lambda request: HttpResponse("the site", status=404))

    def ask(path, method="get", **headers):
        return middleware(getattr(RequestFactory(), method)(path, **headers))

    return ask


def test_a_hashed_name_is_answered_as_a_bucket_would(ask):
    answer = ask("/pulled/css/a%20b.0123456789ab.css")
    assert (answer.status_code, b"".join(answer.streaming_content)) == (200, SHEET.body)
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("text/css; charset=utf-8", IMMUTABLE)
    assert (answer["Access-Control-Allow-Origin"], answer["X-Content-Type-Options"]) == ("*", "nosniff")
    assert int(answer["Content-Length"]) == len(SHEET.body)
    assert "Set-Cookie" not in answer
    again = ask("/pulled/css/a%20b.0123456789ab.css", HTTP_IF_NONE_MATCH=answer["ETag"])
    assert again.status_code == 304


@pytest.mark.parametrize(
    "name",
    [
        "favicon.ico",
        "left-over.css",
        "css/",
        "",
        "../manifests/objects.json",
        "css/a%20b.0123456789ab.css/",
        "admin/login/",
    ],
)
def test_nothing_else_is_answered_there_and_no_page_of_the_site_is(ask, name):
    answer = ask(f"/pulled/{name}")
    assert (answer.status_code, answer.content, answer["Cache-Control"]) == (404, b"", "max-age=10")


@pytest.mark.parametrize("path", ["/css/a%20b.0123456789ab.css", "/static/css/a%20b.0123456789ab.css", "/pulled"])
def test_elsewhere_it_is_the_site_that_answers(ask, path):
    assert ask(path).content == b"the site"


def test_pages_of_the_release_before_find_their_files(ask):
    answer = ask("/pulled/css/a.ba9876543210.css")
    assert (b"".join(answer.streaming_content), answer["Cache-Control"]) == (OLDER.body, OLDER.cache_control)


def test_a_release_that_was_removed_meanwhile_is_no_error(ask, releases):
    (releases / "1" / "build" / "pulled" / OLDER.key.removeprefix("static/")).unlink()
    assert ask("/pulled/css/a.ba9876543210.css").status_code == 404


def test_a_build_leaves_nothing_of_the_one_before(tmp_path):
    with override_settings(SLIPWAY_BUILD=tmp_path, SLIPWAY_PULL=True):
        assert pull.write([OLDER]) == 1
        assert pull.write([SHEET, ICON]) == 1
        assert [name for name, _ in pull.files()] == ["css/a b.0123456789ab.css"]


def test_a_release_whose_files_are_pushed_carries_none(tmp_path):
    with override_settings(SLIPWAY_BUILD=tmp_path, SLIPWAY_PULL=False):
        pull.write([SHEET])
        assert list(pull.files()) == []
