"""What enters the cache, how long it stays and how a viewer can tell."""

import re
import threading

import pytest

from tests.unit.cdn.environment import CSS, CdnEnvironment


def test_the_second_answer_comes_from_the_cache(environment: CdnEnvironment):
    first, second = environment.get("/a.css"), environment.get("/a.css")
    assert (first.x_cache, second.x_cache) == ("Miss", "Hit")
    assert first.body == second.body == CSS
    assert len(environment.origin.requests) == 1


def test_an_answer_of_the_origin_itself_is_never_a_hit(environment: CdnEnvironment):
    # An origin that is a CDN too must not lend its words.
    environment.origin.put("/example-com/static/a.css", X_Cache="Hit from cloudfront")
    assert environment.get("/a.css").x_cache == "Miss"


def test_cloudfronts_own_headers_look_like_its_own(environment: CdnEnvironment):
    headers = environment.get("/a.css").headers
    assert re.fullmatch(r"1\.1 [0-9a-f]{32}\.cloudfront\.net \(CloudFront\)", headers["Via"])
    assert re.fullmatch(r"[A-Z]{3}\d+-[A-Z]\d+", headers["X-Amz-Cf-Pop"])
    assert re.fullmatch(r"[\w-]{54}==", headers["X-Amz-Cf-Id"])


def test_age_counts_the_seconds_in_the_cache_and_a_miss_has_none(environment: CdnEnvironment):
    assert environment.get("/a.css").headers["Age"] is None
    environment.now += 42
    assert environment.get("/a.css").headers["Age"] == "42"


def test_simultaneous_misses_ask_the_origin_once(environment: CdnEnvironment):
    environment.origin.hold = threading.Event()
    answers = []
    viewers = [threading.Thread(target=lambda: answers.append(environment.get("/a.css"))) for _ in range(5)]
    for viewer in viewers:
        viewer.start()
    assert environment.origin.asked.wait(60)
    environment.origin.hold.set()
    for viewer in viewers:
        viewer.join()
    assert sorted(answer.x_cache for answer in answers) == ["Hit"] * 4 + ["Miss"]
    assert len(environment.origin.requests) == 1


def test_head_shares_the_object_and_sends_no_body(environment: CdnEnvironment):
    head = environment.get("/a.css", "HEAD")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(CSS)))
    assert environment.get("/a.css").x_cache == "Hit"


# Time to live. Each case: MinTTL, DefaultTTL, MaxTTL, the origin's headers, seconds it stays.
TTLS = [
    (0, 100, 1000, {}, 100),
    (200, 100, 1000, {}, 200),
    (0, 100, 1000, {"Cache_Control": "max-age=50"}, 50),
    (0, 100, 1000, {"Cache_Control": "max-age=5000"}, 1000),
    (60, 100, 1000, {"Cache_Control": "max-age=50"}, 60),
    (0, 100, 1000, {"Cache_Control": "max-age=50, s-maxage=70"}, 70),
    (60, 100, 1000, {"Cache_Control": "no-store"}, 60),
    (60, 100, 1000, {"Cache_Control": "private, no-cache"}, 60),
    (
        0,
        100,
        1000,
        {"Date": "Sat, 27 Jun 2026 10:00:00 GMT", "Expires": "Sat, 27 Jun 2026 10:00:30 GMT"},
        30,
    ),
    (0, 100, 1000, {"Expires": "Sat, 27 Jun 2026 10:00:00 GMT", "Cache_Control": "max-age=50"}, 50),
]


@pytest.mark.parametrize(("minimum", "default", "maximum", "headers", "seconds"), TTLS)
def test_an_object_stays_for_its_time_to_live(
    environment: CdnEnvironment, minimum: int, default: int, maximum: int, headers: dict, seconds: int
):
    environment.use_own_cache_policy(MinTTL=minimum, DefaultTTL=default, MaxTTL=maximum)
    environment.origin.put("/example-com/static/a.css", **headers)
    environment.get("/a.css")
    environment.now += seconds - 1
    assert environment.get("/a.css").x_cache == "Hit"
    environment.now += 1
    assert environment.get("/a.css").x_cache == "RefreshHit"


@pytest.mark.parametrize("directive", ["no-store", "private"])
def test_without_a_minimum_the_origin_can_forbid_caching(environment: CdnEnvironment, directive: str):
    environment.use_own_cache_policy(MinTTL=0)
    environment.origin.put("/example-com/static/a.css", Cache_Control=directive)
    assert [environment.get("/a.css").x_cache for _ in range(2)] == ["Miss", "Miss"]


def test_no_cache_asks_the_origin_each_time(environment: CdnEnvironment):
    environment.use_own_cache_policy(MinTTL=0)
    environment.origin.put("/example-com/static/a.css", Cache_Control="no-cache")
    assert [environment.get("/a.css").x_cache for _ in range(2)] == ["Miss", "RefreshHit"]


def test_the_managed_policy_keeps_for_a_day_whatever_has_no_header(environment: CdnEnvironment):
    environment.get("/a.css")
    environment.now += 86_399
    assert environment.get("/a.css").x_cache == "Hit"
    environment.now += 1
    assert environment.get("/a.css").x_cache == "RefreshHit"


def test_an_expired_object_is_confirmed_by_its_etag(environment: CdnEnvironment):
    environment.use_own_cache_policy()
    environment.get("/a.css", Accept_Encoding="br")
    environment.now += 101
    refreshed = environment.get("/a.css", Accept_Encoding="br")
    assert (refreshed.x_cache, refreshed.headers["Content-Encoding"]) == ("RefreshHit", "br")
    etag = environment.origin.objects["/example-com/static/a.css"][1]["ETag"]
    # The origin's own tag, not the weak one that viewers of the compressed copy see.
    assert environment.origin.requests[-1].headers["If-None-Match"] == etag
    assert environment.get("/a.css", Accept_Encoding="br").x_cache == "Hit"


def test_an_expired_object_that_changed_is_a_miss(environment: CdnEnvironment):
    environment.use_own_cache_policy()
    environment.get("/a.css")
    environment.now += 101
    environment.origin.put("/example-com/static/a.css", b"new")
    answer = environment.get("/a.css")
    assert (answer.x_cache, answer.body) == ("Miss", b"new")


def test_a_viewers_cache_control_does_not_reach_past_the_cache(environment: CdnEnvironment):
    environment.get("/a.css")
    assert environment.get("/a.css", Cache_Control="no-cache", Pragma="no-cache").x_cache == "Hit"


# Invalidation.


@pytest.mark.parametrize("path", ["/a.css", "/a*", "/*"])
def test_an_invalidation_removes_what_its_path_names(environment: CdnEnvironment, path: str):
    environment.get("/a.css")
    environment.invalidate(path)
    assert environment.get("/a.css").x_cache == "Miss"


@pytest.mark.parametrize("path", ["/b.css", "/A.css", "/a", "/b*", "/*.css"])
def test_an_invalidation_spares_what_its_path_does_not_name(environment: CdnEnvironment, path: str):
    environment.get("/a.css")
    environment.invalidate(path)
    assert environment.get("/a.css").x_cache == "Hit"


def test_an_invalidation_removes_every_encoding(environment: CdnEnvironment):
    for encoding in ("br", "gzip"):
        environment.get("/a.css", Accept_Encoding=encoding)
    environment.invalidate("/a.css")
    for encoding in ("br", "gzip"):
        assert environment.get("/a.css", Accept_Encoding=encoding).x_cache == "Miss"


def test_an_invalidation_takes_effect_once(environment: CdnEnvironment):
    environment.invalidate("/*")
    assert [environment.get("/a.css").x_cache for _ in range(2)] == ["Miss", "Hit"]


def test_another_distributions_invalidation_removes_nothing(environment: CdnEnvironment):
    environment.get("/a.css")
    environment.invalidate("/*", distribution="EOTHER")
    assert environment.get("/a.css").x_cache == "Hit"


def test_an_answer_that_an_invalidation_overtook_is_not_kept(environment: CdnEnvironment):
    environment.origin.hold = threading.Event()
    viewer = threading.Thread(target=lambda: environment.get("/a.css"))
    viewer.start()
    assert environment.origin.asked.wait(60)
    environment.invalidate("/a.css")
    environment.origin.put("/example-com/static/b.css")
    other = threading.Thread(target=lambda: environment.get("/b.css"))
    environment.origin.asked.clear()
    other.start()
    assert environment.origin.asked.wait(60)
    environment.origin.hold.set()
    viewer.join()
    other.join()
    assert environment.get("/a.css").x_cache == "Miss"
