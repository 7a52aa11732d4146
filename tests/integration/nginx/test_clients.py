"""Which client nginx takes a request for, and its limits for one client."""

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from slipway.tool import path_patterns

# Whom a balancer names; of IPv6 the first two are one customer's.
ONE_NETWORK, ANOTHER = ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"), "2001:db8:1:3::1"


def seen(answer):
    return dict(line.split("=") for line in answer.text.splitlines())


def test_behind_a_trusted_proxy_the_site_sees_each_visitors_own_address(site):
    behind = site(nginx_proxies=["127.0.0.0/8", "198.51.100.0/24"])
    for told in ("203.0.113.7", "10.1.1.1, 203.0.113.7", "10.1.1.1, 203.0.113.7, 198.51.100.3"):
        answer = behind.ask(**{"X-Forwarded-For": told, "X-Real-IP": "192.0.2.1"})
        assert seen(answer) == {"X-Real-IP": "203.0.113.7", "X-Forwarded-For": "203.0.113.7"}, told


@pytest.mark.parametrize("proxies", [[], ["198.51.100.7/32"]])
def test_who_is_no_trusted_proxy_is_himself_whatever_he_says(proxies, site):
    answer = site(nginx_proxies=proxies).ask(
        source="127.0.0.9", **{"X-Forwarded-For": "203.0.113.7", "X-Real-IP": "1.1.1.1"}
    )
    assert seen(answer) == {"X-Real-IP": "127.0.0.9", "X-Forwarded-For": "127.0.0.9"}


def test_passwords_are_limited_by_client_and_other_requests_are_not(site):
    here = site()
    assert [here.ask("/login/", "POST").status for _ in range(5)] == [200, 200, 200, 429, 429]
    assert here.ask("/login/", "POST", source="127.0.0.2").status == 200
    assert [here.ask("/login/").status for _ in range(5)] == [200] * 5
    assert [here.ask("/other/", "POST").status for _ in range(5)] == [200] * 5
    # Django's form views take a PUT for a POST; nginx reads a path as Django does, and case more widely.
    for path, method in (("/login/", "PUT"), ("/%6cogin/", "POST"), ("/LOGIN/", "POST")):
        assert here.ask(path, method).status == 429, path


def test_no_other_spelling_of_a_path_passes_the_limit(site):
    """Django would take it for ``<str:team>/login/``, ``<path:any>/login/`` or ``<team>*/login/``."""
    here = site(
        nginx_sign_in=[r"/(?:[^/]+)/login/\Z", r"/(?:[a-z]*)/login/\Z", *path_patterns.expressions(["/named/*/in/"])]
    )
    for path in ("/./login/", "/x/../login/", "/%2E/login/", "/x/.%2e/login/", "/x%2f..%2Flogin/", "/x/..?a", "/x/."):
        rejected = here.ask(path, "POST")
        assert (rejected.status, rejected.headers["X-Origin"]) == (400, "slipway"), path
    for number, path in enumerate(("//login/", "/named/a%0Ab/in/"), 2):
        asked = [here.ask(path, "POST", source=f"127.0.0.{number}").status for _ in range(4)]
        assert asked == [200, 200, 200, 429], path
    for path in ("/.well-known/x", "/a..b/", "/.../", "/?next=/../x", "/a./"):
        assert here.ask(path).status == 200, path


def test_a_rejected_client_gets_retry_after(site):
    here = site()
    rejected = [here.ask("/login/", "POST") for _ in range(4)][-1]
    assert (rejected.status, rejected.headers["Content-Type"]) == (429, "text/plain")
    assert 0 < int(rejected.headers["Retry-After"]) <= 60
    assert rejected.headers["X-Origin"] == "slipway" and len(rejected.text) < 100


def test_any_path_can_be_limited(site):
    paths = ["/a b/", '/with "quotes"/', "/{4}/", "/back\\slash/", "/do$llar;/"]
    here = site(nginx_sign_in=[re.escape(path) + r"\Z" for path in paths])
    for number, path in enumerate(paths, 2):
        asked = [here.ask(quote(path), "POST", source=f"127.0.0.{number}").status for _ in range(4)]
        assert asked == [200, 200, 200, 429], path


def test_of_ipv6_a_network_of_64_bits_is_one_client(site):
    behind = site(nginx_proxies=["127.0.0.1"])
    first, second = ONE_NETWORK
    asked = [first, second, first, second, ANOTHER, "::ffff:192.0.2.1", "::ffff:192.0.2.2", "192.0.2.1", "192.0.2.1"]
    statuses = [behind.for_whom(each, path="/login/", method="POST") for each in asked]
    assert statuses == [200, 200, 200, 429, 200, 200, 200, 200, 200]
    # What a proxy writes as IPv6 and as IPv4 is the same client.
    assert behind.for_whom("192.0.2.1", path="/login/", method="POST") == 429


def at_once(site, forwarded):
    """The statuses of requests that are all under way before the first is answered; who is rejected is, at once."""
    upstream = site.upstream
    upstream.gate.clear()
    with ThreadPoolExecutor(len(forwarded)) as pool:
        asked = [pool.submit(site.for_whom, each) for each in forwarded]
        for each in asked:
            each.add_done_callback(upstream.tell)
        with upstream.changed:
            everybody = lambda: upstream.arrived + sum(each.done() for each in asked) >= len(forwarded)  # noqa: E731
            assert upstream.changed.wait_for(everybody, 60)
        upstream.gate.set()
        return [each.result() for each in asked]


def test_three_hundred_visitors_at_once_through_one_balancer_are_all_answered(site):
    visitors = [f"203.0.{number // 250}.{number % 250}" for number in range(300)]
    assert at_once(site(nginx_proxies=["127.0.0.1"]), visitors) == [200] * 300


def test_one_client_at_once_is_limited_and_so_is_a_network_of_ipv6(site):
    behind = site(nginx_proxies=["127.0.0.1"])
    neighbours = [f"2001:db8:1:2::{number:x}" for number in range(300)]
    assert at_once(behind, neighbours).count(429) == 300 - 256


@pytest.mark.parametrize(("path", "cookie", "status"), [("/" + "a" * 33_000, "", 414), ("/", "c" * 33_000, 431)])
def test_behind_a_balancer_too_a_request_that_is_too_long_gets_a_sentence(path, cookie, status, site):
    rejected = site().ask(path, Cookie=cookie)
    assert (rejected.status, rejected.headers["X-Origin"]) == (status, "slipway")
    assert "32 KB" in rejected.text and "<" not in rejected.text
