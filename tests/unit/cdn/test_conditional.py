"""304 and 206 from the cache."""

import pytest

from tests.unit.cdn.environment import CSS, CdnEnvironment

KEY = "/example-com/static/a.css"
MODIFIED = "Sat, 27 Jun 2026 10:00:00 GMT"


@pytest.fixture(autouse=True)
def dated(environment: CdnEnvironment) -> None:
    environment.origin.put(KEY, ETag='"abc"', Last_Modified=MODIFIED, Cache_Control="max-age=31536000")


@pytest.mark.parametrize("condition", ['"abc"', 'W/"abc"', '"x", "abc"', "*"])
def test_a_viewer_with_a_current_copy_gets_a_304(environment: CdnEnvironment, condition: str):
    environment.get("/a.css")
    answer = environment.get("/a.css", If_None_Match=condition)
    assert (answer.status, answer.body, answer.x_cache) == (304, b"", "Hit")
    assert answer.headers["ETag"] == '"abc"'
    assert answer.headers["Cache-Control"] == "max-age=31536000"
    assert len(environment.origin.requests) == 1


def test_a_viewer_who_has_another_gets_it_whole(environment: CdnEnvironment):
    assert environment.get("/a.css", If_None_Match='"old"', If_Modified_Since=MODIFIED).status == 200


@pytest.mark.parametrize(
    ("since", "status"), [(MODIFIED, 304), ("Sat, 27 Jun 2026 09:59:59 GMT", 200), ("yesterday", 200)]
)
def test_dates_count_without_an_etag(environment: CdnEnvironment, since: str, status: int):
    assert environment.get("/a.css", If_Modified_Since=since).status == status


def test_the_compressed_copys_weak_etag_is_good_for_a_304(environment: CdnEnvironment):
    etag = environment.get("/a.css", Accept_Encoding="br").headers["ETag"]
    assert environment.get("/a.css", Accept_Encoding="br", If_None_Match=etag).status == 304


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=100-", 100, len(CSS)),
        ("bytes=-5", len(CSS) - 5, len(CSS)),
        ("bytes=0-999999", 0, len(CSS)),
    ],
)
def test_a_range_is_cut_from_the_whole_object(environment: CdnEnvironment, asked: str, start: int, stop: int):
    answer = environment.get("/a.css", Range=asked)
    assert (answer.status, answer.body) == (206, CSS[start:stop])
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(CSS)}"
    assert "Range" not in environment.origin.requests[0].headers
    assert environment.get("/a.css").x_cache == "Hit"


def test_a_range_beyond_the_end_is_416(environment: CdnEnvironment):
    answer = environment.get("/a.css", Range="bytes=999999-")
    assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{len(CSS)}")


@pytest.mark.parametrize("asked", ["bytes=9-0", "bytes=-", "lines=0-9", "bytes=300-400,100-200"])
def test_a_range_that_is_none_gets_the_whole(environment: CdnEnvironment, asked: str):
    answer = environment.get("/a.css", Range=asked)
    assert (answer.status, answer.body) == (200, CSS)


def test_a_weak_etag_is_no_promise_about_bytes(environment: CdnEnvironment):
    etag = environment.get("/a.css", Accept_Encoding="br").headers["ETag"]
    answer = environment.get("/a.css", Accept_Encoding="br", Range="bytes=0-9", If_Range=etag)
    assert answer.status == 200


@pytest.mark.parametrize(("condition", "status"), [('"abc"', 206), ('"old"', 200), (MODIFIED, 206)])
def test_if_range_asks_for_the_rest_of_the_same_object(environment: CdnEnvironment, condition: str, status: int):
    assert environment.get("/a.css", Range="bytes=0-9", If_Range=condition).status == status
