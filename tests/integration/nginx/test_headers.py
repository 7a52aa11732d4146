"""Headers through nginx: none that a visitor forged, and HSTS on each name that needs it."""

import http.client
import json

import pytest

from tests.integration.nginx.conftest import ALIAS, APEX, SITE

# By which one server tells the next of a visitor; each is believed by some proxy, framework or middleware.
FORGED = [
    "Forwarded",
    "Proxy",
    "Front-End-Https",
    "X-Scheme",
    "X-Rewrite-URL",
    "X-Real-IP",
    "X-Request-ID",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Proto",
    "X-Forwarded-Protocol",
    "X-Forwarded-Scheme",
    "X-Forwarded-Server",
    "X-Forwarded-Ssl",
    "X-Forwarded-Prefix",
    "X-Forwarded-User",
    "X-Original-For",
    "X-Original-Host",
    "X-Original-URI",
    "X-Original-URL",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
    "Fastly-Client-IP",
    "Remote-User",
    "X-Remote-User",
    "SSL-Client-Verify",
    "X-SSL-Client-S-DN",
    "X_Forwarded_For",
    "X_Real_IP",
    "SCRIPT_NAME",
    "PATH_INFO",
    "REMOTE_USER",
]


def answer(front, host, path="/", headers=(), *, tls=True):
    connection = http.client.HTTPConnection("127.0.0.1", front.https if tls else front.http, timeout=10)
    connection.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
    for name, value in [("Host", host), *headers]:
        connection.putheader(name, value)
    connection.endheaders()
    said = connection.getresponse()
    body = said.read()
    connection.close()
    return said, body


@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
def test_what_a_visitor_says_of_himself_and_of_the_way_here_does_not_arrive(front, twice):
    headers = [("Cookie", "a=b"), *[(name, "forged.test") for name in FORGED] * (1 + twice)]
    came = json.loads(answer(front, SITE, headers=headers)[1])
    said = {"host": SITE, "x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1", "x-forwarded-proto": "http"}
    # nginx's own, which is in its log too: an error in the site's log is found there by it.
    said["x-request-id"] = json.loads(front.lines()[-1])["id"]
    assert {name.lower(): value for name, value in came} == said | {"cookie": "a=b"}
    assert len(came) == len(said) + 1 and len(said["x-request-id"]) == 32


@pytest.mark.parametrize("path", ["/", "/a?b"])
def test_a_name_that_leads_to_the_site_promises_tls_for_itself(front, path):
    said, _ = answer(front, APEX, path)
    assert (said.status, said.headers["Location"]) == (301, f"https://{SITE}{path}")
    assert said.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("name", [APEX, SITE])
def test_nothing_is_promised_where_there_is_no_tls(front, name):
    said, _ = answer(front, name, tls=False)
    assert said.status == 301
    assert said.headers["Strict-Transport-Security"] is None


def test_an_alias_is_answered_by_the_site_and_any_other_name_is_not(front):
    """Django builds URLs from the host: it sees the name that was asked for, never one that is not in the list."""
    for name in (SITE, ALIAS, ALIAS.upper()):
        came = dict(json.loads(answer(front, name)[1]))
        assert came["Host"] == name.lower()
    for name in ("other.test", f"{ALIAS}.other.test", f"x{ALIAS}", ALIAS.replace(".", "x", 1)):
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            answer(front, name)
    said, _ = answer(front, ALIAS, "/a?b", tls=False)
    assert (said.status, said.headers["Location"]) == (301, f"https://{ALIAS}/a?b")
