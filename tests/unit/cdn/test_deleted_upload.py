"""A deleted upload at the edge: the web process may not purge it."""

from slipway.web.media.limits import cache_control
from tests.unit.cdn.environment import CdnEnvironment

KEY = "/example-com/static/photo.webp"


def test_it_is_gone_after_a_minute(environment: CdnEnvironment):
    environment.origin.put(KEY, Cache_Control=cache_control())
    assert environment.get("/photo.webp").status == 200
    environment.now += 59
    assert environment.get("/photo.webp").x_cache == "Hit"
    del environment.origin.objects[KEY]
    environment.now += 2
    assert environment.get("/photo.webp").status == 403  # as S3 says to who may not list


def test_one_that_is_still_there_costs_a_request_without_a_body_a_minute(environment: CdnEnvironment):
    environment.origin.put(KEY, Cache_Control=cache_control())
    for _ in range(10):
        environment.now += 30
        for _ in range(5):
            assert environment.get("/photo.webp").status == 200
    asked = environment.origin.requests
    assert len(asked) == 5
    assert all("If-None-Match" in request.headers for request in asked[1:])


def test_a_browser_keeps_it_for_a_year():
    assert "max-age=31536000, immutable" in cache_control()
