"""Errors of the origin: how long they stay, and the pages that replace them."""

import socket
import threading

import pytest

from tests.unit.cdn.world import CSS, World

KEY = "/example-com/static/a.css"


def answer_with(world: World, code: int, **fields: object) -> None:
    items = [{"ErrorCode": code, **fields}]
    world.config["CustomErrorResponses"] = {"Quantity": 1, "Items": items}


def seconds_cached(world: World, path: str) -> int:
    """How many whole seconds the edge goes on without asking the origin for ``path``."""
    world.get(path)
    asked = len(world.origin.requests)
    for second in range(40):
        world.get(path)
        if len(world.origin.requests) > asked:
            return second
        world.now += 1
    return 40


def test_a_key_asked_for_before_its_upload_stays_403_for_ten_seconds(world: World):
    assert world.get("/new.css").status == 403
    world.origin.put("/example-com/static/new.css")
    world.now += 9
    assert (world.get("/new.css").status, world.get("/new.css").x_cache) == (403, "Error")
    world.now += 1
    assert world.get("/new.css").status == 200


@pytest.mark.parametrize("seconds", [0, 1, 30])
def test_the_error_caching_time_is_the_configured_one(world: World, seconds: int):
    answer_with(world, 403, ErrorCachingMinTTL=seconds)
    assert seconds_cached(world, "/missing.css") == seconds


def test_the_error_caching_time_of_another_status_does_not_count(world: World):
    answer_with(world, 404, ErrorCachingMinTTL=1)
    assert seconds_cached(world, "/missing.css") == 10


def test_an_origins_max_age_prolongs_an_error(world: World):
    world.origin.put(KEY, b"no", status=404, Cache_Control="max-age=25")
    world.use_custom_origin()
    assert seconds_cached(world, KEY) == 25


@pytest.mark.parametrize(("status", "seconds"), [(404, 10), (500, 10), (503, 10), (416, 0), (418, 0)])
def test_only_the_listed_statuses_are_cached(world: World, status: int, seconds: int):
    world.use_custom_origin()
    world.origin.put(KEY, b"no", status=status)
    assert seconds_cached(world, KEY) == seconds


def test_a_custom_error_page_replaces_body_and_status(world: World):
    answer_with(world, 403, ResponsePagePath="/404.html", ResponseCode="404", ErrorCachingMinTTL=5)
    world.origin.put("/example-com/static/404.html", b"<h1>lost</h1>", Content_Type="text/html")
    answer = world.get("/missing.css")
    assert (answer.status, answer.body, answer.x_cache) == (404, b"<h1>lost</h1>", "Error")
    assert answer.headers["Content-Type"] == "text/html"


def test_without_the_page_the_error_itself_is_answered(world: World):
    answer_with(world, 403, ResponsePagePath="/404.html", ResponseCode="404")
    assert world.get("/missing.css").status == 403


def test_an_expired_object_outlives_its_origins_trouble(world: World):
    world.use_own_cache_policy()
    world.get("/a.css")
    world.origin.put(KEY, b"broken", status=503)
    world.now += 101
    asked = len(world.origin.requests)
    assert [world.get("/a.css").body for _ in range(3)] == [CSS] * 3
    assert len(world.origin.requests) == asked + 1
    world.now += 10
    assert world.get("/a.css").headers["Age"] == "111"
    assert len(world.origin.requests) == asked + 2


def test_an_expired_object_that_was_deleted_is_gone(world: World):
    world.use_own_cache_policy()
    world.get("/a.css")
    del world.origin.objects[KEY]
    world.now += 101
    assert world.get("/a.css").status == 403


def test_an_origin_that_refuses_connections_is_502(world: World):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    world.use_custom_origin(HTTPPort=port)
    answer = world.get("/a.css")
    assert (answer.status, answer.x_cache, answer.headers["Server"]) == (502, "Error", "CloudFront")


def test_an_origin_that_does_not_answer_in_time_is_504(world: World):
    world.use_custom_origin(OriginReadTimeout=0.3)
    world.s3_origin["ConnectionAttempts"] = 2
    world.origin.hold = threading.Event()
    answer = world.get("/a.css")
    world.origin.hold.set()
    assert answer.status == 504
    assert len(world.origin.requests) == 2


def test_an_s3_origin_that_names_no_bucket_is_502(world: World):
    world.s3_origin["DomainName"] = "bucket.example.com"
    assert world.get("/a.css").status == 502
