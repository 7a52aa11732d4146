"""Fastly's purge, beside what its own client sends."""

import fastly as official
import pytest
from fastly.api import purge_api

from slipway.tool import providers
from slipway.tool.providers import fastly
from slipway.web.errors import SlipwayError

KEYS = {"FASTLY_API_TOKEN": "the-token"}
SERVICE = "SU1Z0isxPaozGVKXdv0eY"


@pytest.fixture
def purge(described, api, monkeypatch):
    monkeypatch.setattr(fastly, "API", api.url)
    return lambda *paths, keys=KEYS, **changes: providers.purge(described("fastly", **changes), keys, paths)


@pytest.fixture
def client(api):
    configuration = official.Configuration(host=api.url, api_key={"token": KEYS["FASTLY_API_TOKEN"]})
    with official.ApiClient(configuration) as client:
        yield purge_api.PurgeApi(client)


@pytest.mark.parametrize(
    ("path", "cached"),
    [
        ("/favicon.ico", "static.example.com/favicon.ico"),
        ("https://media.example.com/a%20b/c+d.jpg", "media.example.com/a%20b/c+d.jpg"),
    ],
)
def test_a_url_is_purged_as_the_official_client_does_it(purge, client, api, path, cached):
    purge(path)
    client.purge_single_url(cached, _check_return_type=False)
    same(*api.asked)


def test_all_is_purged_as_the_official_client_does_it(purge, client, api):
    purge("/*")
    client.purge_all(SERVICE, _check_return_type=False)
    same(*api.asked)


def same(ours, theirs):
    assert (ours.method, ours.path, ours.body) == (theirs.method, theirs.path, theirs.body)
    for name in ("Fastly-Key", "Accept"):
        assert ours.headers[name] == theirs.headers[name], name


def test_our_address_is_the_official_clients():
    assert official.Configuration().host == fastly.API


def test_each_url_is_a_request_of_its_own(purge, api):
    assert purge("/a.ico", "/b.txt") == [
        "purged https://static.example.com/a.ico",
        "purged https://static.example.com/b.txt",
    ]
    assert [asked.path for asked in api.asked] == [f"/purge/static.example.com/{name}" for name in ("a.ico", "b.txt")]


def test_a_prefix_is_rejected_before_any_request(purge, api):
    with pytest.raises(SlipwayError, match=r"/css/\*.*whole URLs"):
        purge("/favicon.ico", "/css/*")
    assert api.asked == []


@pytest.mark.parametrize(
    ("path", "options", "named"),
    [("/x", {"keys": {}}, "FASTLY_API_TOKEN.*make secrets"), ("/*", {"cdn_id": ""}, "cdn_id: missing.*service")],
)
def test_what_is_missing_is_named_with_its_place(purge, api, path, options, named):
    with pytest.raises(SlipwayError, match=named):
        purge(path, **options)
    assert api.asked == []
