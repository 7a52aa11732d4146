"""A written URL becomes the one that a browser requests."""

import pytest

from static_smoke.http.hosts import Hosts
from static_smoke.http.urls import resolve

SITE = "https://www.example.com/"
PAGE = f"{SITE}a/b?x=1"


@pytest.mark.parametrize(
    ("written", "requested"),
    [
        ("c", f"{SITE}a/c"),
        ("/c", f"{SITE}c"),
        ("../c", f"{SITE}c"),
        ("?q", f"{SITE}a/b?q"),
        ("//cdn.example.com/c", "https://cdn.example.com/c"),
        ("///cdn.example.com/c", "https://cdn.example.com/c"),
        ("https:c", f"{SITE}a/c"),
        ("https:/c", f"{SITE}c"),
        ("http:/example.net/c", "http://example.net/c"),
        ("HTTPS://WWW.Example.COM:443/c", f"{SITE}c"),
        ("http://www.example.com:80/c", "http://www.example.com/c"),
        ("https://ada:lovelace@www.example.com/c", f"{SITE}c"),
        ("https://straße.example/c", "https://xn--strae-oqa.example/c"),
        ("https://[::1]:8000/c", "https://[::1]:8000/c"),
        ("\\static\\c.png", f"{SITE}static/c.png"),
        ("/\\cdn.example.com/c", "https://cdn.example.com/c"),
        (" /sta\n tic/c.png\t", f"{SITE}sta%20tic/c.png"),
        ("/x/%2e%2E/./c/..", SITE),
        ("/a//b/../c#top", f"{SITE}a//c"),
        ("/é c.png?q=é", f"{SITE}%C3%A9%20c.png?q=%C3%A9"),
    ],
)
def test_a_url_is_resolved_as_browsers_do(written, requested):
    assert resolve(PAGE, written) == requested


@pytest.mark.parametrize(
    "written",
    ["", " ", "#top", "mailto:ada@example.com", "data:,x", "javascript:1", "https://", "//", "http://[/x"]
    + ["http://a b/", "http://example.com:99999/", "blob:https://www.example.com/1"],
)
def test_what_requests_nothing(written):
    assert resolve(PAGE, written) is None


@pytest.mark.parametrize(
    "written", ["https://www.example.com./c", "https://example.com/c", "https://WWW.example.com/c"]
)
def test_names_of_the_origin(written):
    assert Hosts(SITE).role(resolve(SITE, written)) == "origin"


@pytest.mark.parametrize("written", ["/%73tatic/x", "//www.example.com//static/x", "/x/../static/x", "/st%61tic%2Fx"])
def test_a_static_path_is_recognised_however_it_is_encoded(written):
    assert Hosts(SITE).looks_static(resolve(SITE, written))
