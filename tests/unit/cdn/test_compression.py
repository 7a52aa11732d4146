"""br and gzip by CloudFront's rules."""

import gzip
from random import Random

import brotli
import pytest

from tests.unit.cdn.world import CSS, World

KEY = "/example-com/static/a.css"


def test_brotli_comes_before_gzip(world: World):
    answer = world.get("/a.css", Accept_Encoding="gzip, deflate, br")
    assert answer.headers["Content-Encoding"] == "br"
    assert brotli.decompress(answer.body) == CSS
    assert answer.headers["Content-Length"] == str(len(answer.body))


def test_gzip_for_who_knows_no_brotli(world: World):
    answer = world.get("/a.css", Accept_Encoding="gzip")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.body) == CSS


def test_the_compressed_object_is_kept(world: World):
    world.get("/a.css", Accept_Encoding="br")
    answer = world.get("/a.css", Accept_Encoding="br")
    assert (answer.x_cache, answer.headers["Content-Encoding"]) == ("Hit", "br")


def test_who_accepts_nothing_gets_it_as_it_is(world: World):
    answer = world.get("/a.css")
    assert answer.headers["Content-Encoding"] is None
    assert answer.body == CSS


def test_compress_switched_off_compresses_nothing(world: World):
    world.behaviour["Compress"] = False
    assert world.get("/a.css", Accept_Encoding="br").headers["Content-Encoding"] is None


def test_what_is_cached_already_stays_as_it_is_when_compress_is_switched_on(world: World):
    world.behaviour["Compress"] = False
    world.get("/a.css", Accept_Encoding="br")
    world.behaviour["Compress"] = True
    assert world.get("/a.css", Accept_Encoding="br").headers["Content-Encoding"] is None


@pytest.mark.parametrize(
    ("gzip_on", "brotli_on", "expected"),
    [(True, True, "br"), (True, False, "gzip"), (False, True, "br"), (False, False, None)],
)
def test_the_policys_flags_choose_the_encodings(world: World, gzip_on: bool, brotli_on: bool, expected: str | None):
    world.use_own_cache_policy()
    parameters = world.cache_policy["ParametersInCacheKeyAndForwardedToOrigin"]
    parameters["EnableAcceptEncodingGzip"] = gzip_on
    parameters["EnableAcceptEncodingBrotli"] = brotli_on
    assert world.get("/a.css", Accept_Encoding="gzip, br").headers["Content-Encoding"] == expected


@pytest.mark.parametrize(("size", "expected"), [(999, None), (1_000, "gzip"), (10_000_000, "gzip"), (10_000_001, None)])
def test_only_sizes_between_the_limits_are_compressed(world: World, size: int, expected: str | None):
    world.origin.put(KEY, b"x" * size)
    assert world.get("/a.css", Accept_Encoding="gzip").headers["Content-Encoding"] == expected


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("text/css", "br"),
        ("text/javascript; charset=utf-8", "br"),
        ("image/svg+xml", "br"),
        ("application/json", "br"),
        ("font/otf", "br"),
        ("font/woff2", None),
        ("image/webp", None),
        ("application/manifest+json", None),
        ("text/markdown", None),
    ],
)
def test_only_the_documented_types_are_compressed(world: World, content_type: str, expected: str | None):
    world.origin.put(KEY, Content_Type=content_type)
    assert world.get("/a.css", Accept_Encoding="br").headers["Content-Encoding"] == expected


def test_an_answer_without_content_length_is_not_compressed(world: World):
    world.origin.chunked.add(KEY)
    answer = world.get("/a.css", Accept_Encoding="br")
    assert answer.headers["Content-Encoding"] is None
    assert answer.body == CSS


def test_what_the_origin_encoded_is_not_encoded_again(world: World):
    body = gzip.compress(Random(1).randbytes(5000))
    world.origin.put(KEY, body, Content_Encoding="gzip")
    answer = world.get("/a.css", Accept_Encoding="br, gzip")
    assert (answer.headers["Content-Encoding"], answer.body) == ("gzip", body)


@pytest.mark.parametrize(("sent", "expected"), [('"abc"', 'W/"abc"'), ('W/"abc"', 'W/"abc"'), ("abc", None)])
def test_the_etag_becomes_weak(world: World, sent: str, expected: str | None):
    world.origin.put(KEY, ETag=sent)
    assert world.get("/a.css", Accept_Encoding="br").headers["ETag"] == expected


def test_the_etag_stays_strong_uncompressed(world: World):
    world.origin.put(KEY, ETag='"abc"')
    assert world.get("/a.css").headers["ETag"] == '"abc"'


def test_vary_names_accept_encoding_once(world: World):
    world.origin.put(KEY, Vary="Origin")
    assert world.get("/a.css", Accept_Encoding="br").headers["Vary"] == "Origin, Accept-Encoding"
    world.origin.put("/example-com/static/b.css", Vary="accept-encoding")
    assert world.get("/b.css", Accept_Encoding="br").headers["Vary"] == "accept-encoding"
