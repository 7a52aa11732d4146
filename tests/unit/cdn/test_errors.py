"""Errors of the origin: how long they stay, and the pages that replace them."""

import socket
import threading

import pytest

from tests.unit.cdn.environment import CSS, CdnEnvironment

KEY = "/example-com/static/a.css"


def answer_with(environment: CdnEnvironment, code: int, **fields: object) -> None:
    items = [{"ErrorCode": code, **fields}]
    environment.config["CustomErrorResponses"] = {"Quantity": 1, "Items": items}


def seconds_cached(environment: CdnEnvironment, path: str) -> int:
    """How many whole seconds the edge goes on without asking the origin for ``path``."""
    environment.get(path)
    asked = len(environment.origin.requests)
    for second in range(40):
        environment.get(path)
        if len(environment.origin.requests) > asked:
            return second
        environment.now += 1
    return 40


def test_a_key_asked_for_before_its_upload_stays_403_for_ten_seconds(environment: CdnEnvironment):
    assert environment.get("/new.css").status == 403
    environment.origin.put("/example-com/static/new.css")
    environment.now += 9
    assert (environment.get("/new.css").status, environment.get("/new.css").x_cache) == (403, "Error")
    environment.now += 1
    assert environment.get("/new.css").status == 200


@pytest.mark.parametrize("seconds", [0, 1, 30])
def test_the_error_caching_time_is_the_configured_one(environment: CdnEnvironment, seconds: int):
    answer_with(environment, 403, ErrorCachingMinTTL=seconds)
    assert seconds_cached(environment, "/missing.css") == seconds


def test_the_error_caching_time_of_another_status_does_not_count(environment: CdnEnvironment):
    answer_with(environment, 404, ErrorCachingMinTTL=1)
    assert seconds_cached(environment, "/missing.css") == 10


def test_an_origins_max_age_prolongs_an_error(environment: CdnEnvironment):
    environment.origin.put(KEY, b"no", status=404, Cache_Control="max-age=25")
    environment.use_custom_origin()
    assert seconds_cached(environment, KEY) == 25


@pytest.mark.parametrize(("status", "seconds"), [(404, 10), (500, 10), (503, 10), (416, 0), (418, 0)])
def test_only_the_listed_statuses_are_cached(environment: CdnEnvironment, status: int, seconds: int):
    environment.use_custom_origin()
    environment.origin.put(KEY, b"no", status=status)
    assert seconds_cached(environment, KEY) == seconds


def test_a_custom_error_page_replaces_body_and_status(environment: CdnEnvironment):
    answer_with(environment, 403, ResponsePagePath="/404.html", ResponseCode="404", ErrorCachingMinTTL=5)
    environment.origin.put("/example-com/static/404.html", b"<h1>lost</h1>", Content_Type="text/html")
    answer = environment.get("/missing.css")
    assert (answer.status, answer.body, answer.x_cache) == (404, b"<h1>lost</h1>", "Error")
    assert answer.headers["Content-Type"] == "text/html"


def test_without_the_page_the_error_itself_is_answered(environment: CdnEnvironment):
    answer_with(environment, 403, ResponsePagePath="/404.html", ResponseCode="404")
    assert environment.get("/missing.css").status == 403


def test_an_expired_object_outlives_its_origins_trouble(environment: CdnEnvironment):
    environment.use_own_cache_policy()
    environment.get("/a.css")
    environment.origin.put(KEY, b"broken", status=503)
    environment.now += 101
    asked = len(environment.origin.requests)
    assert [environment.get("/a.css").body for _ in range(3)] == [CSS] * 3
    assert len(environment.origin.requests) == asked + 1
    environment.now += 10
    assert environment.get("/a.css").headers["Age"] == "111"
    assert len(environment.origin.requests) == asked + 2


def test_an_expired_object_that_was_deleted_is_gone(environment: CdnEnvironment):
    environment.use_own_cache_policy()
    environment.get("/a.css")
    del environment.origin.objects[KEY]
    environment.now += 101
    assert environment.get("/a.css").status == 403


def test_an_origin_that_rejects_connections_is_502(environment: CdnEnvironment):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    environment.use_custom_origin(HTTPPort=port)
    answer = environment.get("/a.css")
    assert (answer.status, answer.x_cache, answer.headers["Server"]) == (502, "Error", "CloudFront")


def test_an_origin_that_does_not_answer_in_time_is_504(environment: CdnEnvironment):
    environment.use_custom_origin(OriginReadTimeout=0.3)
    environment.s3_origin["ConnectionAttempts"] = 2
    environment.origin.hold = threading.Event()
    answer = environment.get("/a.css")
    environment.origin.hold.set()
    assert answer.status == 504
    assert len(environment.origin.requests) == 2


def test_an_s3_origin_that_names_no_bucket_is_502(environment: CdnEnvironment):
    environment.s3_origin["DomainName"] = "bucket.example.com"
    assert environment.get("/a.css").status == 502
