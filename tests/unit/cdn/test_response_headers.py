"""Response headers policies."""

import pytest

from rehearsal.cdn.response_headers import origin_matches
from tests.unit.cdn.environment import CdnEnvironment

SITE = "https://www.example.com"
KEY = "/example-com/static/a.css"


@pytest.fixture(autouse=True)
def cors(environment: CdnEnvironment) -> dict:
    environment.response_headers["CorsConfig"] = {
        "AccessControlAllowOrigins": {"Quantity": 1, "Items": [SITE]},
        "AccessControlAllowHeaders": {"Quantity": 1, "Items": ["X-Custom"]},
        "AccessControlAllowMethods": {"Quantity": 2, "Items": ["GET", "HEAD"]},
        "AccessControlAllowCredentials": False,
        "AccessControlExposeHeaders": {"Quantity": 1, "Items": ["ETag"]},
        "AccessControlMaxAgeSec": 600,
        "OriginOverride": True,
    }
    return environment.response_headers["CorsConfig"]


def allow_origin(environment: CdnEnvironment, **headers: str) -> str | None:
    return environment.get("/a.css", **headers).headers["Access-Control-Allow-Origin"]


def test_only_a_cors_request_gets_cors_headers(environment: CdnEnvironment):
    plain = environment.get("/a.css")
    assert not [name for name in plain.headers if name.startswith("Access-Control")]
    answer = environment.get("/a.css", Origin=SITE)
    assert answer.x_cache == "Hit"
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert answer.headers["Access-Control-Expose-Headers"] == "ETag"
    assert "Access-Control-Allow-Methods" not in answer.headers


def test_another_origin_gets_none(environment: CdnEnvironment):
    assert allow_origin(environment, Origin="https://evil.test") is None


def test_an_open_list_answers_with_the_star(environment: CdnEnvironment, cors: dict):
    cors["AccessControlAllowOrigins"]["Items"] = ["*"]
    assert allow_origin(environment, Origin="https://evil.test") == "*"


def test_a_policy_without_cors_adds_none(environment: CdnEnvironment):
    del environment.response_headers["CorsConfig"]
    assert allow_origin(environment, Origin=SITE) is None


def test_a_behavior_without_a_policy_adds_none(environment: CdnEnvironment):
    del environment.behaviour["ResponseHeadersPolicyId"]
    assert allow_origin(environment, Origin=SITE) is None


@pytest.mark.parametrize(("override", "expected"), [(True, SITE), (False, "https://old.example.com")])
def test_origin_override_decides_between_policy_and_origin(
    environment: CdnEnvironment, cors: dict, override: bool, expected: str
):
    environment.origin.put(KEY, Access_Control_Allow_Origin="https://old.example.com")
    cors["OriginOverride"] = override
    assert allow_origin(environment, Origin=SITE) == expected


def test_one_cors_header_of_the_origin_leaves_out_all_of_the_policys(environment: CdnEnvironment, cors: dict):
    environment.origin.put(KEY, Access_Control_Allow_Origin="*")
    cors["OriginOverride"] = False
    answer = environment.get("/a.css", Origin=SITE)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Expose-Headers"] is None


def test_a_preflight_gets_methods_headers_and_age(environment: CdnEnvironment, cors: dict):
    asked = {"Origin": SITE, "Access_Control_Request_Method": "GET"}
    answer = environment.get("/a.css", "OPTIONS", **asked)
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
    assert answer.headers["Access-Control-Allow-Headers"] == "X-Custom"
    assert answer.headers["Access-Control-Max-Age"] == "600"
    cors["AccessControlAllowMethods"]["Items"] = ["ALL"]
    cors["AccessControlAllowHeaders"]["Items"] = ["*"]
    answer = environment.get("/a.css", "OPTIONS", Access_Control_Request_Headers="x-a,x-b", **asked)
    assert "DELETE" in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Headers"] == "x-a,x-b"


def test_credentials_are_allowed_when_configured(environment: CdnEnvironment, cors: dict):
    assert environment.get("/a.css", Origin=SITE).headers["Access-Control-Allow-Credentials"] is None
    cors["AccessControlAllowCredentials"] = True
    assert environment.get("/a.css", Origin=SITE).headers["Access-Control-Allow-Credentials"] == "true"


@pytest.mark.parametrize(
    ("pattern", "origin", "expected"),
    [
        (SITE, SITE, True),
        (SITE, "http://www.example.com", False),
        (SITE, f"{SITE}:8443", False),
        ("http://www.slipway.localhost:8000", "http://www.slipway.localhost:8000", True),
        ("http://www.slipway.localhost:8000", "http://www.slipway.localhost:8001", False),
        ("www.example.com", "http://www.example.com", True),
        ("www.example.com", SITE, True),
        ("*.example.com", SITE, True),
        ("*.example.com", "https://example.com", False),
        ("*.example.com", "https://www.example.com.evil.test", False),
        ("https://*.example.com", "http://www.example.com", False),
        ("http://example.com:*", "http://example.com:123", True),
        ("http://example.com:*", "http://example.com", True),
    ],
)
def test_allowed_origins_match_by_scheme_host_and_port(pattern: str, origin: str, expected: bool):
    assert origin_matches(pattern, origin) is expected


@pytest.mark.parametrize(
    ("config", "header", "expected"),
    [
        ({"ContentTypeOptions": {"Override": True}}, "X-Content-Type-Options", "nosniff"),
        ({"FrameOptions": {"Override": True, "FrameOption": "DENY"}}, "X-Frame-Options", "DENY"),
        (
            {"ReferrerPolicy": {"Override": True, "ReferrerPolicy": "same-origin"}},
            "Referrer-Policy",
            "same-origin",
        ),
        (
            {"ContentSecurityPolicy": {"Override": True, "ContentSecurityPolicy": "default-src 'none'"}},
            "Content-Security-Policy",
            "default-src 'none'",
        ),
        (
            {
                "StrictTransportSecurity": {
                    "Override": True,
                    "AccessControlMaxAgeSec": 63072000,
                    "IncludeSubdomains": True,
                    "Preload": True,
                }
            },
            "Strict-Transport-Security",
            "max-age=63072000; includeSubDomains; preload",
        ),
        (
            {"XSSProtection": {"Override": True, "Protection": True, "ModeBlock": True}},
            "X-XSS-Protection",
            "1; mode=block",
        ),
    ],
)
def test_a_security_header_is_set_when_configured(
    environment: CdnEnvironment, config: dict, header: str, expected: str
):
    assert environment.get("/a.css").headers[header] is None
    environment.response_headers["SecurityHeadersConfig"] = config
    assert environment.get("/a.css").headers[header] == expected


@pytest.mark.parametrize(("override", "expected"), [(True, "DENY"), (False, "SAMEORIGIN")])
def test_a_security_headers_override_decides(environment: CdnEnvironment, override: bool, expected: str):
    environment.origin.put(KEY, X_Frame_Options="SAMEORIGIN")
    config = {"FrameOptions": {"Override": override, "FrameOption": "DENY"}}
    environment.response_headers["SecurityHeadersConfig"] = config
    assert environment.get("/a.css").headers["X-Frame-Options"] == expected


@pytest.mark.parametrize(("override", "expected"), [(True, "policy"), (False, "origin")])
def test_custom_headers_are_added(environment: CdnEnvironment, override: bool, expected: str):
    environment.origin.put(KEY, X_Both="origin")
    items = [
        {"Header": "X-Both", "Value": "policy", "Override": override},
        {"Header": "Cross-Origin-Resource-Policy", "Value": "cross-origin", "Override": True},
    ]
    environment.response_headers["CustomHeadersConfig"] = {"Quantity": 2, "Items": items}
    answer = environment.get("/a.css")
    assert answer.headers["X-Both"] == expected
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_headers_are_removed_before_others_are_added(environment: CdnEnvironment):
    environment.origin.put(KEY, X_Amz_Meta_Secret="s", Server="AmazonS3", X_Both="origin")
    removed = [{"Header": name} for name in ("x-amz-meta-secret", "Server", "X-Both")]
    environment.response_headers["RemoveHeadersConfig"] = {"Quantity": 3, "Items": removed}
    added = [{"Header": "X-Both", "Value": "policy", "Override": False}]
    environment.response_headers["CustomHeadersConfig"] = {"Quantity": 1, "Items": added}
    headers = environment.get("/a.css").headers
    assert headers["X-Amz-Meta-Secret"] is None
    assert headers["Server"] == "CloudFront"
    assert headers["X-Both"] == "policy"


def test_the_policy_holds_for_errors_and_304_too(environment: CdnEnvironment):
    environment.response_headers["SecurityHeadersConfig"] = {"ContentTypeOptions": {"Override": True}}
    assert environment.get("/missing.css").headers["X-Content-Type-Options"] == "nosniff"
    etag = environment.get("/a.css").headers["ETag"]
    again = environment.get("/a.css", If_None_Match=etag, Origin=SITE)
    assert (again.status, again.headers["Access-Control-Allow-Origin"]) == (304, SITE)
