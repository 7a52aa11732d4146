"""After a push the replaced names are purged, and a failed purge fails no deploy."""

import os

import pytest

from slipway.tool.providers import fastly
from slipway.tool.server import stale
from tests.unit.push.wire import Answered

ICON = "https://static.example.com/favicon.ico"
KEYS = {"FASTLY_API_TOKEN": "the-token"}


@pytest.fixture
def purge(described, api, monkeypatch):
    monkeypatch.setattr(fastly, "API", api.url)
    return lambda *urls, keys=KEYS: stale.purge(described("fastly"), keys, urls)


def test_what_was_replaced_is_purged(purge, api):
    assert purge(ICON) == [f"purged {ICON}"]
    assert [asked.path for asked in api.asked] == ["/purge/static.example.com/favicon.ico"]


def test_where_nothing_was_replaced_nothing_is_purged_or_printed(purge, api):
    assert (purge(), api.asked) == ([], [])


@pytest.mark.parametrize(
    ("keys", "status", "said"),
    [(KEYS, 500, "500"), (KEYS, None, "no answer"), ({}, 200, "FASTLY_API_TOKEN is missing")],
)
def test_a_failure_is_a_warning(purge, api, keys, status, said):
    api.answering = lambda asked: status and Answered(status)
    (line,) = purge(ICON, keys=keys)
    assert line.startswith("warning: cannot purge")
    assert said in line
    assert line.endswith("within five minutes")


def test_a_whole_package_s_plain_names_age_out_by_themselves(purge, api):
    (line,) = purge(*[f"{ICON}{number}" for number in range(31)])
    assert line.startswith("31 names without a hash")
    assert api.asked == []


def test_amazon_s_api_that_is_down_is_a_warning_too(described, one_attempt, monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    keys = {
        "AWS_ENDPOINT_URL_CLOUDFRONT": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "the-secret",
    }
    (line,) = stale.purge(described("cloudfront"), keys, [ICON])
    assert line.startswith("warning: cloudfront request about distributions failed")
    assert "the-secret" not in line
    # The key was the purge's alone.
    assert not any(name.startswith("AWS_") for name in os.environ)


def test_not_even_a_fault_of_our_own_fails_a_deploy(described, monkeypatch):
    def faulty(*_):
        raise KeyError("the-secret")

    monkeypatch.setattr(fastly, "purge", faulty)
    assert stale.purge(described("fastly"), KEYS, [ICON]) == [f"warning: cannot purge: KeyError; {stale.EXPIRY}"]
