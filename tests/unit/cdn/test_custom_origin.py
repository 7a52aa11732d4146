"""Custom origins: a distribution that pulls from the site's own server."""

from tests.unit.cdn.environment import CdnEnvironment


def test_a_custom_origin_is_asked_unsigned_under_its_own_name(environment: CdnEnvironment):
    environment.use_custom_origin()
    environment.origin.put("/a.css", X_Origin="slipway")
    answer = environment.get("/a.css", User_Agent="Mozilla/5.0", Referer="https://www.example.com/")
    assert (answer.status, answer.headers["X-Origin"]) == (200, "slipway")
    (asked,) = environment.origin.requests
    assert asked.headers["Host"] == f"www.localhost:{environment.origin.port}"
    assert asked.headers["User-Agent"] == "Amazon CloudFront"
    assert asked.headers["X-Forwarded-For"] == "127.0.0.1"
    assert not {"Authorization", "Referer", "Cookie"} & set(asked.headers)


def test_an_origin_request_policy_can_pass_the_viewers_host(environment: CdnEnvironment):
    environment.use_custom_origin()
    environment.origin.put("/a.css")
    environment.behaviour["OriginRequestPolicyId"] = "request"
    environment.origin_request["HeadersConfig"] = {"HeaderBehavior": "allViewer"}
    environment.get("/a.css", X_Custom="1")
    assert environment.origin.requests[0].headers["Host"] == "static.example.com"
    assert environment.origin.requests[0].headers["X-Custom"] == "1"


def test_custom_headers_are_added_and_win(environment: CdnEnvironment):
    headers = [{"HeaderName": "X-Secret", "HeaderValue": "s"}, {"HeaderName": "User-Agent", "HeaderValue": "me"}]
    environment.s3_origin["CustomHeaders"] = {"Quantity": 2, "Items": headers}
    environment.get("/a.css")
    asked = environment.origin.requests[0].headers
    assert (asked["X-Secret"], asked["User-Agent"]) == ("s", "me")


def test_a_redirect_of_the_origin_goes_to_the_viewer(environment: CdnEnvironment):
    environment.use_custom_origin()
    environment.origin.put("/a.css", b"", status=302, Location="https://www.example.com/a.css")
    answer = environment.get("/a.css")
    assert (answer.status, answer.headers["Location"]) == (302, "https://www.example.com/a.css")
    assert environment.get("/a.css").x_cache == "Hit"


def test_the_origins_protocol_is_the_configured_one(environment: CdnEnvironment):
    environment.use_custom_origin(OriginProtocolPolicy="https-only", HTTPSPort=environment.origin.port)
    environment.origin.put("/a.css")
    assert environment.get("/a.css").status == 502
    environment.now += 11
    environment.s3_origin["CustomOriginConfig"]["OriginProtocolPolicy"] = "match-viewer"
    assert environment.get("/a.css").status == 200


def test_the_behavior_chooses_the_origin(environment: CdnEnvironment):
    environment.config["Origins"]["Items"].append(
        {
            "Id": "site",
            "DomainName": "www.localhost",
            "CustomOriginConfig": {"HTTPPort": environment.origin.port, "OriginProtocolPolicy": "http-only"},
        }
    )
    environment.behaviour["TargetOriginId"] = "site"
    environment.get("/a.css")
    assert environment.origin.requests[0].path == "/a.css"
