"""br and gzip by CloudFront's rules."""

import gzip
from random import Random

import brotli
import pytest

from tests.unit.cdn.environment import CSS, CdnEnvironment

KEY = "/example-com/static/a.css"


def test_brotli_comes_before_gzip(environment: CdnEnvironment):
    answer = environment.get("/a.css", Accept_Encoding="gzip, deflate, br")
    assert answer.headers["Content-Encoding"] == "br"
    assert brotli.decompress(answer.body) == CSS
    assert answer.headers["Content-Length"] == str(len(answer.body))


def test_gzip_for_who_knows_no_brotli(environment: CdnEnvironment):
    answer = environment.get("/a.css", Accept_Encoding="gzip")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.body) == CSS


def test_the_compressed_object_is_kept(environment: CdnEnvironment):
    environment.get("/a.css", Accept_Encoding="br")
    answer = environment.get("/a.css", Accept_Encoding="br")
    assert (answer.x_cache, answer.headers["Content-Encoding"]) == ("Hit", "br")


def test_who_accepts_nothing_gets_it_as_it_is(environment: CdnEnvironment):
    answer = environment.get("/a.css")
    assert answer.headers["Content-Encoding"] is None
    assert answer.body == CSS


def test_compress_switched_off_compresses_nothing(environment: CdnEnvironment):
    environment.behaviour["Compress"] = False
    assert environment.get("/a.css", Accept_Encoding="br").headers["Content-Encoding"] is None


def test_what_is_cached_already_stays_as_it_is_when_compress_is_switched_on(environment: CdnEnvironment):
    environment.behaviour["Compress"] = False
    environment.get("/a.css", Accept_Encoding="br")
    environment.behaviour["Compress"] = True
    assert environment.get("/a.css", Accept_Encoding="br").headers["Content-Encoding"] is None


@pytest.mark.parametrize(
    ("gzip_on", "brotli_on", "expected"),
    [(True, True, "br"), (True, False, "gzip"), (False, True, "br"), (False, False, None)],
)
def test_the_policys_flags_choose_the_encodings(
    environment: CdnEnvironment, gzip_on: bool, brotli_on: bool, expected: str | None
):
    environment.use_own_cache_policy()
    parameters = environment.cache_policy["ParametersInCacheKeyAndForwardedToOrigin"]
    parameters["EnableAcceptEncodingGzip"] = gzip_on
    parameters["EnableAcceptEncodingBrotli"] = brotli_on
    assert environment.get("/a.css", Accept_Encoding="gzip, br").headers["Content-Encoding"] == expected


@pytest.mark.parametrize(("size", "expected"), [(999, None), (1_000, "gzip"), (10_000_000, "gzip"), (10_000_001, None)])
def test_only_sizes_between_the_limits_are_compressed(environment: CdnEnvironment, size: int, expected: str | None):
    environment.origin.put(KEY, b"x" * size)
    assert environment.get("/a.css", Accept_Encoding="gzip").headers["Content-Encoding"] == expected


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
def test_only_the_documented_types_are_compressed(environment: CdnEnvironment, content_type: str, expected: str | None):
    environment.origin.put(KEY, Content_Type=content_type)
    assert environment.get("/a.css", Accept_Encoding="br").headers["Content-Encoding"] == expected


def test_an_answer_without_content_length_is_not_compressed(environment: CdnEnvironment):
    environment.origin.chunked.add(KEY)
    answer = environment.get("/a.css", Accept_Encoding="br")
    assert answer.headers["Content-Encoding"] is None
    assert answer.body == CSS


def test_what_the_origin_encoded_is_not_encoded_again(environment: CdnEnvironment):
    body = gzip.compress(Random(1).randbytes(5000))
    environment.origin.put(KEY, body, Content_Encoding="gzip")
    answer = environment.get("/a.css", Accept_Encoding="br, gzip")
    assert (answer.headers["Content-Encoding"], answer.body) == ("gzip", body)


@pytest.mark.parametrize(("sent", "expected"), [('"abc"', 'W/"abc"'), ('W/"abc"', 'W/"abc"'), ("abc", None)])
def test_the_etag_becomes_weak(environment: CdnEnvironment, sent: str, expected: str | None):
    environment.origin.put(KEY, ETag=sent)
    assert environment.get("/a.css", Accept_Encoding="br").headers["ETag"] == expected


def test_the_etag_stays_strong_uncompressed(environment: CdnEnvironment):
    environment.origin.put(KEY, ETag='"abc"')
    assert environment.get("/a.css").headers["ETag"] == '"abc"'


def test_vary_names_accept_encoding_once(environment: CdnEnvironment):
    environment.origin.put(KEY, Vary="Origin")
    assert environment.get("/a.css", Accept_Encoding="br").headers["Vary"] == "Origin, Accept-Encoding"
    environment.origin.put("/example-com/static/b.css", Vary="accept-encoding")
    assert environment.get("/b.css", Accept_Encoding="br").headers["Vary"] == "accept-encoding"
