"""The origin serves static files, in one way or another: one finding for each cause, and none where it serves none."""

import asyncio
import gzip
import hashlib
import re
from urllib.parse import urlsplit

import pytest
from multidict import CIMultiDict

from static_smoke.checks import canary
from static_smoke.http.client import Answer
from static_smoke.http.hosts import Hosts
from static_smoke.site.manifest import Entry, Manifest

SITE = "https://www.example.com"
HOSTS = Hosts(f"{SITE}/", "https://static.example.com/")
TYPES = {"css": "text/css", "js": "text/javascript", "png": "image/png"}
PLAIN = ["css/base.css", "css/print.css", "js/app.js", "js/part.js", "img/logo.png", "favicon.png"]
BODIES = {name: f"/* {name} */".encode() for name in PLAIN}
HASHED = {
    re.sub(r"\.(\w+)$", rf".{hashlib.md5(body).hexdigest()[:12]}.\1", name): body for name, body in BODIES.items()
}
FILES = BODIES | HASHED
MANIFEST = Manifest([Entry(name, name in HASHED, "staticfiles.json") for name in FILES])
NOT_FOUND = Answer("", 404, CIMultiDict({"Content-Type": "text/html"}), b"<p>not here")


class Origin:
    """In the client's place. ``answer(path, headers)`` is None for what the site does not have."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    async def addresses(self, url):
        return set()

    async def request(self, url, *, headers=None):
        path = url.removeprefix(SITE)
        self.asked.append(path)
        return self.answer(path, dict(headers or {})) or NOT_FOUND


def sent(name, body=None, status=200, **headers):
    named = {"Content-Type": TYPES[name.rpartition(".")[2]], **headers}
    return Answer("", status, CIMultiDict(named), FILES[name] if body is None else body)


def served_as(before, after=""):
    """The files are sent for paths that begin and end so."""

    def answer(path, headers):
        name = path.removeprefix(before).removesuffix(after)
        return sent(name) if path == f"{before}{name}{after}" and name in FILES else None

    return answer


def check(answer, manifest=MANIFEST):
    origin = Origin(answer)
    result = asyncio.run(canary.check(origin, [], HOSTS, manifest, f"{SITE}/"))
    return result, origin


def test_a_folder_that_the_origin_serves_is_one_finding_with_counts():
    result, _ = check(served_as("/static/"))
    (fact,) = result.facts
    size = sum(map(len, FILES.values()))
    assert fact.what == (
        f"the origin sends the file's own bytes below /static/, and {len(FILES) - 1} more files, {size} bytes in all"
    )
    assert (fact.url, fact.place) == (f"{SITE}/static/{min(FILES)}", "staticfiles.json")


@pytest.mark.parametrize("folder", canary.FOLDERS)
def test_a_folder_that_no_page_refers_to_is_found_too(folder):
    result, _ = check(lambda path, headers: served_as(f"/{folder}/")(path, headers) if "/js/" in path else None)
    (fact,) = result.facts
    assert fact.url.startswith(f"{SITE}/{folder}/js/") and f"below /{folder}/" in fact.what


def ranged(path, headers):
    name = path.removeprefix("/static/")
    return sent(name, FILES[name][:5], 206) if name in FILES and "Range" in headers else None


def for_images(path, headers):
    name = path.removeprefix("/static/")
    return sent(name) if name in FILES and headers.get("Accept", "").startswith("image/") else None


def to_browsers(path, headers):
    name = path.removeprefix("/static/")
    return sent(name) if name in FILES and "Chrome" in headers.get("User-Agent", "") else None


def packed(path, headers):
    """nginx's gzip_static has no other answer where the plain file is missing."""
    name = path.removeprefix("/static/")
    if name not in FILES or "gzip" not in headers["Accept-Encoding"]:
        return None
    return Answer("", 200, CIMultiDict({"Content-Encoding": "gzip"}), gzip.compress(FILES[name]))


def compressed(path, headers):
    name = path.removeprefix("/static/").removesuffix(".gz")
    if name not in FILES or not path.endswith(".gz"):
        return None
    return Answer("", 200, CIMultiDict({"Content-Type": "application/gzip"}), gzip.compress(FILES[name]))


@pytest.mark.parametrize(
    ("answer", "how"),
    [
        (ranged, "with a Range"),
        (for_images, "with Accept: image/*"),
        (to_browsers, "as a browser asks"),
        (packed, "as a browser asks"),
        (compressed, "as .gz"),
        (served_as("/static/", ".br"), "as .br"),
        (served_as("/STATIC/"), "in capitals"),
        (served_as("/static//"), "after two slashes"),
        (served_as("/static/./"), "after /./"),
        (served_as("/static../static/"), "after .."),
        (served_as("/%73tatic/"), "with an encoded letter"),
        (served_as("/static/", "."), "with a dot at the end"),
        (served_as("/static/", "/"), "with a slash at the end"),
        (served_as("/static/", "?v=1"), "with a query"),
    ],
)
def test_an_unusual_request_that_is_served_is_found(answer, how):
    result, _ = check(answer)
    (fact,) = result.facts
    assert f"below /static/ {how}, and 1 more file" in fact.what


def test_several_ways_to_one_folder_are_one_finding():
    def answer(path, headers):
        return ranged(path, headers) or served_as("/STATIC/")(path, headers)

    (fact,) = check(answer)[0].facts
    assert "below /static/ in capitals" in fact.what and fact.what.endswith("; the same with a Range")


def page(status=200, **headers):
    return Answer("", status, CIMultiDict({"Content-Type": "text/html", **headers}), b"<p>")


@pytest.mark.parametrize(
    "answer",
    [
        lambda path, headers: page(),
        lambda path, headers: page(302, Location=f"/login/?next={path}"),
        lambda path, headers: page(403),
        lambda path, headers: page(401) if "/static" in path else page(),
    ],
    ids=["a page", "a login", "denied", "denied below static"],
)
def test_a_site_that_answers_every_name_with_a_page_serves_no_file(answer):
    result, _ = check(answer)
    assert (result.facts, result.reason) == ([], "") and result.checked


def test_an_origin_that_sends_every_name_on_to_the_cdn_is_one_finding():
    def answer(path, headers):
        return page(302, Location=f"{HOSTS.static}x.css") if path.startswith("/static/") else None

    (fact,) = check(answer)[0].facts
    assert fact.what.startswith("the origin answers 302, text/html, not 404, below /static/, and ")


def test_names_that_are_not_answered_are_no_finding_and_are_counted():
    def answer(path, headers):
        return Answer("", 0, CIMultiDict(), error="timeout") if path == "/static/css/base.css" else None

    result, _ = check(answer)
    assert result.facts == [] and result.checked
    assert re.fullmatch(r"the origin gave no answer to 1 of \d+ requests: it did not answer: timeout", result.reason)


@pytest.mark.parametrize("status", [0, 429, 500, 503])
def test_an_origin_that_answers_nothing_is_not_checked(status):
    result, _ = check(lambda path, headers: Answer("", status, CIMultiDict(), error="" if status else "timeout"))
    assert (result.facts, result.checked) == ([], None)
    assert re.match(r"the origin gave no answer to (\d+) of \1 requests: it (did not answer|answered)", result.reason)


def test_what_is_asked_beyond_each_names_own_places_is_bounded():
    many = [f"{folder}/{number}.{kind}" for folder in "abcdefghijk" for number in range(40) for kind in TYPES]
    manifest = Manifest([Entry(name, False, "staticfiles.json") for name in many])
    _, origin = check(lambda path, headers: None, manifest)
    assert {f"{prefix}{name}" for prefix in ("/static/", "/") for name in many} <= set(origin.asked)
    assert len(origin.asked) - 2 * len(many) < 300


def test_a_sample_has_each_type_first_and_then_each_folder():
    names = ["a/1.css", "a/2.css", "b/1.css", "a/1.js", "logo.png"]
    assert canary.sample(names) == ["a/1.css", "a/1.js", "logo.png", "b/1.css"]
    assert urlsplit(f"{SITE}/{canary.sample(names)[0]}").path == "/a/1.css"
