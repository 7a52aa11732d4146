"""Which requests are accepted, and the configuration of each host and path."""

import json
import socket

import pytest

from tests.unit.cdn.environment import CSS, HOST, CdnEnvironment


@pytest.mark.parametrize(
    "host", [HOST, f"{HOST}:8001", HOST.upper(), "d111111abcdef8.cloudfront.net", "d111111abcdef8.cloudfront.net:80"]
)
def test_a_distribution_answers_for_its_aliases_and_its_own_name(environment: CdnEnvironment, host: str):
    assert environment.get("/a.css", Host=host).status == 200


@pytest.mark.parametrize("host", ["www.example.com", "static.example.com.evil.test", "not-static.example.com", ""])
def test_another_host_gets_cloudfronts_403(environment: CdnEnvironment, host: str):
    answer = environment.get("/a.css", Host=host)
    assert (answer.status, answer.x_cache, answer.headers["Server"]) == (403, "Error", "CloudFront")
    assert b"The request could not be satisfied" in answer.body
    assert environment.origin.requests == []


def test_a_new_alias_is_served_and_a_removed_one_is_not(environment: CdnEnvironment):
    environment.config["Aliases"]["Items"] = ["cdn.example.com"]
    assert environment.get("/a.css", Host="cdn.example.com").status == 200
    assert environment.get("/a.css").status == 403


def test_a_wildcard_alias_covers_the_names_below_it(environment: CdnEnvironment):
    environment.config["Aliases"]["Items"] = ["*.example.com"]
    assert environment.get("/a.css").status == 200
    assert environment.get("/a.css", Host="example.com").status == 403


def test_a_disabled_distribution_serves_nothing(environment: CdnEnvironment):
    environment.get("/a.css")
    environment.config["Enabled"] = False
    assert environment.get("/a.css").status == 403


def test_the_default_root_object_answers_for_the_root_alone(environment: CdnEnvironment):
    environment.origin.put("/example-com/static/a.css")
    environment.origin.put("/example-com/static/index.html", b"<h1>root</h1>")
    assert environment.get("/").status == 403
    environment.now += 11
    environment.config["DefaultRootObject"] = "index.html"
    assert environment.get("/").body == b"<h1>root</h1>"
    assert environment.get("/sub/").status == 403


def test_redirect_to_https_moves_a_plain_request(environment: CdnEnvironment):
    environment.behaviour["ViewerProtocolPolicy"] = "redirect-to-https"
    answer = environment.get("/a.css?x=1", Host=f"{HOST}:80")
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{HOST}/a.css?x=1")
    assert answer.x_cache == "Redirect"
    assert environment.get("/a.css", "OPTIONS").status == 307


def test_https_only_rejects_a_plain_request(environment: CdnEnvironment):
    environment.behaviour["ViewerProtocolPolicy"] = "https-only"
    assert environment.get("/a.css").status == 403
    assert environment.origin.requests == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
def test_a_method_that_is_not_allowed_is_403(environment: CdnEnvironment, method: str):
    answer = environment.get("/a.css", method)
    assert answer.status == 403
    assert b"not configured to allow the HTTP request method" in answer.body
    assert environment.origin.requests == []


def test_allowed_methods_are_the_configured_ones(environment: CdnEnvironment):
    environment.behaviour["AllowedMethods"]["Items"] = ["GET", "HEAD"]
    assert environment.get("/a.css", "OPTIONS").status == 403
    environment.behaviour["AllowedMethods"]["Items"] = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]
    answer = environment.get("/a.css", "POST", body=b"x=1", Content_Type="text/plain")
    assert answer.x_cache == "Miss"
    assert (environment.origin.requests[-1].method, environment.origin.requests[-1].content_type) == (
        "POST",
        "text/plain",
    )


def test_options_is_cached_only_where_configured(environment: CdnEnvironment):
    assert [environment.get("/a.css", "OPTIONS").x_cache for _ in range(2)] == ["Miss", "Miss"]
    environment.behaviour["AllowedMethods"]["CachedMethods"]["Items"].append("OPTIONS")
    assert [environment.get("/a.css", "OPTIONS").x_cache for _ in range(2)] == ["Miss", "Hit"]


def test_a_get_with_a_body_is_403(environment: CdnEnvironment):
    assert environment.get("/a.css", body=b"x").status == 403


def test_http_1_0_gets_nothing_compressed(environment: CdnEnvironment):
    with socket.create_connection(("127.0.0.1", environment.port)) as viewer:
        viewer.sendall(f"GET /a.css HTTP/1.0\r\nHost: {HOST}\r\nAccept-Encoding: br\r\n\r\n".encode())
        received = b"".join(iter(lambda: viewer.recv(65536), b""))
    assert received.endswith(CSS)


@pytest.mark.parametrize(
    ("pattern", "path", "other"),
    [
        ("fonts/*", True, "/Fonts/a.woff2"),
        ("/fonts/?.woff2", True, "/fonts/ab.woff2"),
        ("*.woff2", True, "/fonts/a.woff2x"),
    ],
)
def test_the_first_cache_behavior_whose_pattern_matches_counts(
    environment: CdnEnvironment, pattern: str, path: bool, other: str
):
    strict = environment.behaviour | {"PathPattern": pattern, "ViewerProtocolPolicy": "https-only"}
    later = strict | {"ViewerProtocolPolicy": "redirect-to-https"}
    environment.config["CacheBehaviors"] = {"Quantity": 2, "Items": [strict, later]}
    rejected = environment.get("/fonts/a.woff2")
    assert (rejected.status, rejected.headers["Server"]) == (403, "CloudFront")
    assert environment.get(other).headers["Server"] != "CloudFront"


@pytest.mark.parametrize(
    ("where", "setting", "value"),
    [
        ("behaviour", "FunctionAssociations", {"Quantity": 1, "Items": [{"EventType": "viewer-request"}]}),
        ("behaviour", "TrustedKeyGroups", {"Enabled": True, "Quantity": 0}),
        ("behaviour", "CachePolicyId", "no-such-policy"),
        ("behaviour", "ResponseHeadersPolicyId", "no-such-policy"),
        ("behaviour", "TargetOriginId", "no-such-origin"),
        ("response_headers", "ServerTimingHeadersConfig", {"Enabled": True, "SamplingRate": 100.0}),
        ("config", "WebACLId", "arn:aws:wafv2:us-east-1:123456789012:global/webacl/x"),
        ("config", "Restrictions", {"GeoRestriction": {"RestrictionType": "whitelist", "Items": ["DE"]}}),
        ("config", "OriginGroups", {"Quantity": 1, "Items": [{"Id": "group"}]}),
    ],
)
def test_what_is_not_imitated_is_rejected_by_name(environment: CdnEnvironment, where: str, setting: str, value: object):
    getattr(environment, where)[setting] = value
    answer = environment.get("/a.css")
    assert answer.status == 501
    assert {"Restrictions": "GeoRestriction"}.get(setting, setting) in answer.body.decode()


def test_the_access_log_has_a_line_for_each_answer(environment: CdnEnvironment):
    agent = "Mozilla/5.0 slipway-smoke/run-7"
    environment.get("/a.css?x=1", User_Agent=agent, Cookie="sessionid=1", Referer="https://www.example.com/")
    environment.get("/a.css", "HEAD")
    first, second = map(json.loads, environment.log.getvalue().splitlines())
    assert first.pop("time")
    assert first == {
        "run": "run-7",
        "method": "GET",
        "host": HOST,
        "uri": "/a.css?x=1",
        "status": 200,
        "x_cache": "Miss",
        "bytes": len(CSS),
        "cookie": True,
        "referer": "https://www.example.com/",
    }
    assert (second["run"], second["x_cache"], second["bytes"], second["cookie"]) == ("", "Hit", 0, False)
