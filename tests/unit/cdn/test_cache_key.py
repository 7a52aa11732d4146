"""Which parts of a request are in the cache key, and which the origin gets."""

import pytest

from tests.unit.cdn.environment import CdnEnvironment


def parameters(environment: CdnEnvironment) -> dict:
    environment.use_own_cache_policy()
    return environment.cache_policy["ParametersInCacheKeyAndForwardedToOrigin"]


def second(environment: CdnEnvironment, one: tuple[str, dict], other: tuple[str, dict]) -> str:
    environment.get(one[0], **one[1])
    return environment.get(other[0], **other[1]).x_cache


def test_the_managed_policy_ignores_query_cookies_and_other_headers(environment: CdnEnvironment):
    environment.get("/a.css?x=1", Cookie="sessionid=secret", X_Custom="1")
    assert environment.get("/a.css?x=2", Cookie="sessionid=other", X_Custom="2").x_cache == "Hit"
    (asked,) = environment.origin.requests
    assert asked.query_string == ""
    assert "Cookie" not in asked.headers
    assert "X-Custom" not in asked.headers


@pytest.mark.parametrize(
    ("config", "expected", "forwarded"),
    [
        ({"QueryStringBehavior": "all"}, "Miss", "v=2&w=1"),
        ({"QueryStringBehavior": "whitelist", "QueryStrings": {"Items": ["v"]}}, "Miss", "v=2"),
        ({"QueryStringBehavior": "whitelist", "QueryStrings": {"Items": ["w"]}}, "Hit", "w=1"),
        ({"QueryStringBehavior": "allExcept", "QueryStrings": {"Items": ["v"]}}, "Hit", "w=1"),
        ({"QueryStringBehavior": "none"}, "Hit", ""),
    ],
)
def test_the_query_string_counts_as_the_policy_says(
    environment: CdnEnvironment, config: dict, expected: str, forwarded: str
):
    parameters(environment)["QueryStringsConfig"] = config
    assert second(environment, ("/a.css?v=1&w=1", {}), ("/a.css?v=2&w=1", {})) == expected
    assert environment.origin.requests[-1].query_string == forwarded


@pytest.mark.parametrize(
    ("config", "expected", "forwarded"),
    [
        ({"CookieBehavior": "all"}, "Miss", "a=2; b=1"),
        ({"CookieBehavior": "whitelist", "Cookies": {"Items": ["a"]}}, "Miss", "a=2"),
        ({"CookieBehavior": "allExcept", "Cookies": {"Items": ["a"]}}, "Hit", "b=1"),
        ({"CookieBehavior": "none"}, "Hit", None),
    ],
)
def test_cookies_count_as_the_policy_says(
    environment: CdnEnvironment, config: dict, expected: str, forwarded: str | None
):
    parameters(environment)["CookiesConfig"] = config
    one, other = ("/a.css", {"Cookie": "a=1; b=1"}), ("/a.css", {"Cookie": "a=2; b=1"})
    assert second(environment, one, other) == expected
    assert environment.origin.requests[-1].headers.get("Cookie") == forwarded


def test_a_header_counts_when_the_policy_lists_it(environment: CdnEnvironment):
    config = {"HeaderBehavior": "whitelist", "Headers": {"Items": ["Accept-Language"]}}
    parameters(environment)["HeadersConfig"] = config
    one, other = ("/a.css", {"Accept_Language": "de"}), ("/a.css", {"Accept_Language": "en"})
    assert second(environment, one, other) == "Miss"
    assert environment.origin.requests[-1].headers["Accept-Language"] == "en"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("gzip, deflate, br", "br;q=1.0, gzip;q=0.8, *;q=0.1", "Hit"),
        ("gzip, deflate", "gzip", "Hit"),
        ("deflate", "identity", "Hit"),
        ("br, gzip", "gzip", "Miss"),
        ("gzip", "gzip;q=0", "Miss"),
    ],
)
def test_accept_encoding_is_normalised_into_the_key(environment: CdnEnvironment, one: str, other: str, expected: str):
    result = second(environment, ("/a.css", {"Accept_Encoding": one}), ("/a.css", {"Accept_Encoding": other}))
    assert result == expected


@pytest.mark.parametrize(("flag", "expected"), [(True, "br,gzip"), (False, "br")])
def test_the_origin_gets_the_normalised_accept_encoding(environment: CdnEnvironment, flag: bool, expected: str):
    parameters(environment)["EnableAcceptEncodingGzip"] = flag
    environment.get("/a.css", Accept_Encoding="gzip, deflate, br, zstd")
    assert environment.origin.requests[0].headers["Accept-Encoding"] == expected


def test_an_origin_request_policy_forwards_without_splitting_the_cache(environment: CdnEnvironment):
    environment.behaviour["OriginRequestPolicyId"] = "request"
    environment.origin_request |= {
        "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": {"Items": ["X-Custom"]}},
        "CookiesConfig": {"CookieBehavior": "all"},
        "QueryStringsConfig": {"QueryStringBehavior": "all"},
    }
    one = ("/a.css?v=1", {"X_Custom": "1", "Cookie": "a=1"})
    assert second(environment, one, ("/a.css?v=2", {"X_Custom": "2", "Cookie": "a=2"})) == "Hit"
    (asked,) = environment.origin.requests
    assert asked.query_string == "v=1"
    assert (asked.headers["X-Custom"], asked.headers["Cookie"]) == ("1", "a=1")


def test_an_invalidation_names_the_query_where_it_counts(environment: CdnEnvironment):
    parameters(environment)["QueryStringsConfig"] = {"QueryStringBehavior": "all"}
    environment.get("/a.css?v=1")
    environment.invalidate("/a.css")
    assert environment.get("/a.css?v=1").x_cache == "Hit"
    environment.invalidate("/a.css?v=1")
    assert environment.get("/a.css?v=1").x_cache == "Miss"


def test_legacy_settings_without_a_policy_are_honoured(environment: CdnEnvironment):
    del environment.behaviour["CachePolicyId"]
    forwarded = {"QueryString": True, "Cookies": {"Forward": "none"}}
    environment.behaviour.update(ForwardedValues=forwarded, MinTTL=0, DefaultTTL=10, MaxTTL=20)
    assert second(environment, ("/a.css?v=1", {}), ("/a.css?v=2", {})) == "Miss"
    assert environment.get("/a.css?v=3", Accept_Encoding="br, gzip").headers["Content-Encoding"] == "gzip"
    environment.now += 11
    assert environment.get("/a.css?v=1").x_cache == "RefreshHit"


def test_set_cookie_reaches_viewers_only_where_cookies_are_forwarded(environment: CdnEnvironment):
    environment.origin.put("/example-com/static/a.css", Set_Cookie="sessionid=secret")
    assert environment.get("/a.css").headers["Set-Cookie"] is None
    parameters(environment)["CookiesConfig"] = {"CookieBehavior": "all"}
    assert environment.get("/a.css", Cookie="a=1").headers["Set-Cookie"] == "sessionid=secret"
