"""Origins that are no bucket: a distribution that pulls from the site's own server really does."""

from tests.unit.cdn.world import World


def test_a_custom_origin_is_asked_unsigned_under_its_own_name(world: World):
    world.use_custom_origin()
    world.origin.put("/a.css", X_Origin="slipway")
    answer = world.get("/a.css", User_Agent="Mozilla/5.0", Referer="https://www.example.com/")
    assert (answer.status, answer.headers["X-Origin"]) == (200, "slipway")
    (asked,) = world.origin.requests
    assert asked.headers["Host"] == f"www.localhost:{world.origin.port}"
    assert asked.headers["User-Agent"] == "Amazon CloudFront"
    assert asked.headers["X-Forwarded-For"] == "127.0.0.1"
    assert not {"Authorization", "Referer", "Cookie"} & set(asked.headers)


def test_an_origin_request_policy_can_pass_the_viewers_host(world: World):
    world.use_custom_origin()
    world.origin.put("/a.css")
    world.behaviour["OriginRequestPolicyId"] = "request"
    world.origin_request["HeadersConfig"] = {"HeaderBehavior": "allViewer"}
    world.get("/a.css", X_Custom="1")
    assert world.origin.requests[0].headers["Host"] == "static.example.com"
    assert world.origin.requests[0].headers["X-Custom"] == "1"


def test_custom_headers_are_added_and_win(world: World):
    headers = [{"HeaderName": "X-Secret", "HeaderValue": "s"}, {"HeaderName": "User-Agent", "HeaderValue": "me"}]
    world.s3_origin["CustomHeaders"] = {"Quantity": 2, "Items": headers}
    world.get("/a.css")
    asked = world.origin.requests[0].headers
    assert (asked["X-Secret"], asked["User-Agent"]) == ("s", "me")


def test_a_redirect_of_the_origin_goes_to_the_viewer(world: World):
    world.use_custom_origin()
    world.origin.put("/a.css", b"", status=302, Location="https://www.example.com/a.css")
    answer = world.get("/a.css")
    assert (answer.status, answer.headers["Location"]) == (302, "https://www.example.com/a.css")
    assert world.get("/a.css").x_cache == "Hit"


def test_the_origins_protocol_is_the_configured_one(world: World):
    world.use_custom_origin(OriginProtocolPolicy="https-only", HTTPSPort=world.origin.port)
    world.origin.put("/a.css")
    assert world.get("/a.css").status == 502
    world.now += 11
    world.s3_origin["CustomOriginConfig"]["OriginProtocolPolicy"] = "match-viewer"
    assert world.get("/a.css").status == 200


def test_the_behavior_chooses_the_origin(world: World):
    world.config["Origins"]["Items"].append(
        {
            "Id": "site",
            "DomainName": "www.localhost",
            "CustomOriginConfig": {"HTTPPort": world.origin.port, "OriginProtocolPolicy": "http-only"},
        }
    )
    world.behaviour["TargetOriginId"] = "site"
    world.get("/a.css")
    assert world.origin.requests[0].path == "/a.css"
