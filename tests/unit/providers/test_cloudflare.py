"""Cloudflare's purge, beside what its own client sends."""

import json

import cloudflare as official
import pytest

from slipway.tool import providers
from slipway.tool.providers import cloudflare
from slipway.web.errors import SlipwayError
from tests.unit.push.wire import Answered

KEYS = {"CLOUDFLARE_API_TOKEN": "the-token"}
ZONE = "023e105f4ecef8ad9ca31a8372d0c353"
STATIC = "https://static.example.com"


def both_ways(url):
    """As a tag requests it, and as a page that reads it does: each has a place of its own in the cache."""
    return [url, {"url": url, "headers": {"Origin": "https://www.example.com"}}]


@pytest.fixture
def purge(described, api, monkeypatch):
    monkeypatch.setattr(cloudflare, "API", api.url)
    return lambda *paths, keys=KEYS, **changes: providers.purge(described("cloudflare", **changes), keys, paths)


@pytest.mark.parametrize(
    ("path", "member"),
    [
        ("/favicon.ico", {"files": both_ways(f"{STATIC}/favicon.ico")}),
        ("https://media.example.com/2026/x.jpg", {"files": both_ways("https://media.example.com/2026/x.jpg")}),
        ("/tinymce/*", {"prefixes": ["static.example.com/tinymce"]}),
        ("/*", {"hosts": ["static.example.com"]}),
    ],
    ids=["path", "URL", "prefix", "host"],
)
def test_it_sends_what_the_official_client_sends(purge, api, path, member):
    purge(path)
    client = official.Cloudflare(api_token=KEYS["CLOUDFLARE_API_TOKEN"], base_url=api.url, max_retries=0)
    client.cache.purge(zone_id=ZONE, **member)
    ours, theirs = api.asked
    assert (ours.method, ours.path) == (theirs.method, theirs.path) == ("POST", f"/zones/{ZONE}/purge_cache")
    assert json.loads(ours.body) == json.loads(theirs.body) == member
    theirs = {name.title(): value for name, value in theirs.headers.items()}
    assert {name: ours.headers[name] for name in ("Authorization", "Content-Type")}.items() <= theirs.items()


def test_our_address_is_the_official_clients():
    assert str(official.Cloudflare(api_token="x").base_url).rstrip("/") == cloudflare.API


def test_a_request_holds_no_more_than_the_api_takes(purge, api):
    lines = purge(*(f"/{number}.css" for number in range(40)), *(f"/{number}/*" for number in range(40)))
    bodies = [json.loads(asked.body) for asked in api.asked]
    assert [len(values) for body in bodies for values in body.values()] == [30, 30, 20, 30, 10]
    assert [value for body in bodies[:3] for value in body["files"]] == [
        value for number in range(40) for value in both_ways(f"{STATIC}/{number}.css")
    ]
    assert lines[0].startswith(f"purged by files: {STATIC}/0.css, {STATIC}/1.css, ")


def test_a_prefix_that_ends_within_a_name_is_rejected_before_any_request(purge, api):
    with pytest.raises(SlipwayError, match=r"/css/ba\*.*/folder/\*"):
        purge("/favicon.ico", "/css/ba*")
    assert api.asked == []


@pytest.mark.parametrize(
    ("options", "named"),
    [({"keys": {}}, "CLOUDFLARE_API_TOKEN.*make secrets"), ({"cdn_id": ""}, "cdn_id: missing.*zone")],
)
def test_what_is_missing_is_named_with_its_place(purge, api, options, named):
    with pytest.raises(SlipwayError, match=named):
        purge("/favicon.ico", **options)
    assert api.asked == []


def test_the_apis_own_message_is_shown_and_not_the_token(purge, api):
    body = {"success": False, "errors": [{"code": 10000, "message": "Authentication error"}]}
    api.answering = lambda asked: Answered(403, json.dumps(body).encode())
    with pytest.raises(SlipwayError, match="403 Authentication error") as caught:
        purge("/favicon.ico")
    assert "the-token" not in str(caught.value)
    assert len(api.asked) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"success": false, "errors": [{"message": "no such zone"}]}'])
def test_a_success_that_is_none_is_not_taken_for_one(purge, api, body):
    api.answering = lambda asked: Answered(200, body)
    with pytest.raises(SlipwayError, match="it reports no success"):
        purge("/favicon.ico")
