"""Akamai's purge, its signature verified by Akamai's own library."""

import json
import re
from types import SimpleNamespace

import pytest
import requests
from akamai.edgegrid import EdgeGridAuth
from akamai.edgegrid.edgegrid import EdgeGridAuthHeaders

from slipway.tool import providers
from slipway.web.errors import SlipwayError
from tests.unit.push.wire import Answered

TOKENS = {
    "AKAMAI_CLIENT_TOKEN": "akab-client-token-xxx",
    "AKAMAI_CLIENT_SECRET": "c2VjcmV0LW9mLXRoZS1jbGllbnQ=",
    "AKAMAI_ACCESS_TOKEN": "akab-access-token-xxx",
}
ICON = "https://static.example.com/favicon.ico"


@pytest.fixture
def keys(tls_api):
    return TOKENS | {"AKAMAI_HOST": tls_api.host}


@pytest.fixture
def purge(described, keys):
    return lambda *paths, **changes: providers.purge(described("akamai", **changes), keys, paths)


def is_signed(asked, host):
    """Whether Akamai's own library makes this signature of this request, at that time and with that number."""
    given = asked.headers["Authorization"]
    timestamp, nonce = re.search(r"timestamp=([^;]+);nonce=([^;]+);", given).groups()
    library = EdgeGridAuthHeaders(*TOKENS.values())
    url = f"https://{host}{asked.path}"
    request = SimpleNamespace(method=asked.method, url=url, headers=dict(asked.headers), body=asked.body)
    return given == library.make_auth_header(request, timestamp, nonce)


@pytest.mark.parametrize(
    ("path", "kind", "objects"), [("/favicon.ico", "url", [ICON]), ("/*", "cpcode", [12345])], ids=["URL", "CP code"]
)
def test_it_sends_what_the_official_library_signs_and_sends(purge, tls_api, tmp_path, path, kind, objects):
    purge(path)
    with requests.Session() as session:
        session.auth = EdgeGridAuth(*TOKENS.values())
        # Else the environment's authorities go before the ones named here.
        session.trust_env = False
        session.verify = str(tmp_path / "authority" / "ca.pem")
        # As the API's page has it: https://techdocs.akamai.com/purge-cache/reference/invalidate-url
        session.post(f"https://{tls_api.host}/ccu/v3/invalidate/{kind}/production", json={"objects": objects})
    ours, theirs = tls_api.asked
    assert (ours.method, ours.path, ours.headers["Content-Type"]) == (
        theirs.method,
        theirs.path,
        theirs.headers["Content-Type"],
    )
    assert json.loads(ours.body) == json.loads(theirs.body)
    assert is_signed(ours, tls_api.host)
    assert is_signed(theirs, tls_api.host)


def test_the_signature_covers_the_body(purge, tls_api):
    purge("/favicon.ico")
    (asked,) = tls_api.asked
    asked.body = asked.body.replace(b"favicon", b"evil")
    assert not is_signed(asked, tls_api.host)


def test_another_attempt_has_a_signature_of_its_own(purge, tls_api):
    tls_api.answering = lambda asked: Answered(
        503 if asked.number == 1 else 201, b'{"purgeId": "p", "estimatedSeconds": 5}'
    )
    assert purge("/favicon.ico") == [f"invalidation p of {ICON} takes about 5 seconds"]
    first, second = tls_api.asked
    assert first.headers["Authorization"] != second.headers["Authorization"]
    assert is_signed(first, tls_api.host)
    assert is_signed(second, tls_api.host)


def test_no_body_is_longer_than_the_api_takes(purge, tls_api):
    purge(*(f"/{'x' * 900}{number}.css" for number in range(150)))
    assert len(tls_api.asked) == 3
    assert all(len(asked.body) <= 50_000 for asked in tls_api.asked)
    sent = [url for asked in tls_api.asked for url in json.loads(asked.body)["objects"]]
    assert len(sent) == len(set(sent)) == 150


def test_the_apis_own_message_is_shown_and_no_secret(purge, tls_api):
    body = {"httpStatus": 403, "title": "unauthorized arl", "detail": ICON}
    tls_api.answering = lambda asked: Answered(403, json.dumps(body).encode())
    with pytest.raises(SlipwayError, match=f"403 unauthorized arl: {ICON}") as caught:
        purge("/favicon.ico")
    assert not any(secret in str(caught.value) for secret in TOKENS.values())


@pytest.mark.parametrize(
    ("path", "changes", "named"),
    [
        ("/css/*", {}, r"/css/\*.*whole URLs"),
        ("/*", {"cdn_id": ""}, "cdn_id: missing.*CP code"),
        ("/*", {"cdn_id": "prp1"}, "'prp1' is not a CP code"),
    ],
)
def test_an_impossible_purge_is_rejected_with_the_reason(purge, tls_api, path, changes, named):
    with pytest.raises(SlipwayError, match=named):
        purge(path, **changes)
    assert tls_api.asked == []


@pytest.mark.parametrize("missing", ["AKAMAI_HOST", *TOKENS])
def test_a_missing_credential_is_named(described, keys, missing):
    del keys[missing]
    with pytest.raises(SlipwayError, match=f"{missing}.*make secrets"):
        providers.purge(described("akamai"), keys, ["/favicon.ico"])
