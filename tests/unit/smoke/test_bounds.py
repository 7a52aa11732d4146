"""Responses are read within limits: of bytes, decoded bytes, header lines and time."""

import asyncio
import gzip
import tracemalloc
import zlib

import brotli
import pytest
from multidict import CIMultiDict

from static_smoke.checks import headers
from static_smoke.checks.fetch import Asset
from static_smoke.http import coding
from static_smoke.http.client import Answer, Client
from static_smoke.http.hosts import Hosts
from static_smoke.options import Options
from static_smoke.rules import Rule
from static_smoke.site.crawl import CrawlResult
from static_smoke.site.manifest import Manifest

SITE = "https://www.example.com/"
HOSTS = Hosts(SITE, "https://static.example.com/")
PACK = {
    "gzip": lambda body: gzip.compress(body, 1),
    "deflate": zlib.compress,
    "br": lambda body: brotli.compress(body, quality=1),
}


@pytest.fixture
def small_bound(monkeypatch):
    """A fifth of a real one, so that what is far beyond it is made quickly."""
    monkeypatch.setattr(coding, "MAX_BYTES", 6_000_000)


@pytest.fixture
def bombs(small_bound):
    """Zeros by coding, seven times the bound."""
    zeros = bytes(42_000_000)
    return {name: pack(zeros) for name, pack in PACK.items()}


def page(body, coded, url=SITE):
    return Answer(url, 200, CIMultiDict({"Content-Type": "text/html", "Content-Encoding": coded}), body)


@pytest.mark.parametrize("coded", PACK)
def test_a_small_body_that_decodes_to_a_large_one_takes_little_memory(bombs, coded):
    assert len(bombs[coded]) < 250_000
    tracemalloc.start()
    with pytest.raises(ValueError, match="more than 6 MB once decoded, of"):
        coding.decode(bombs[coded], coded)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 3 * coding.MAX_BYTES


@pytest.mark.parametrize("coded", PACK)
def test_a_body_of_exactly_the_bound_is_taken(monkeypatch, coded):
    body = b"x" * 5000
    monkeypatch.setattr(coding, "MAX_BYTES", 5000)
    assert coding.decode(PACK[coded](body), coded) == body
    monkeypatch.setattr(coding, "MAX_BYTES", 4999)
    with pytest.raises(ValueError, match="once decoded"):
        coding.decode(PACK[coded](body), coded)


@pytest.mark.parametrize("coded", PACK)
def test_a_body_without_its_end_is_not_taken_for_whole(coded):
    body = PACK[coded](bytes(range(256)) * 100)
    with pytest.raises(ValueError, match=f"not {coded}: "):
        coding.decode(body[:-5], coded)


def test_what_is_coded_over_and_over_is_rejected_at_once():
    with pytest.raises(ValueError, match="labelled as encoded 1000 times"):
        coding.undo(b"", ",".join(["gzip"] * 1000))
    with pytest.raises(ValueError, match="unknown content coding 'zstd'"):
        coding.undo(b"", "zstd")
    twice = gzip.compress(gzip.compress(b"page"))
    assert coding.undo(twice, "gzip, gzip") == b"page"


def test_a_page_that_is_too_large_is_a_finding(bombs):
    found = CrawlResult()
    assert found.add(page(bombs["gzip"], "gzip"), "page") is None
    ((check, what),) = ((fact.rule, fact.what) for fact in found.facts)
    assert check is Rule.ENCODING and what.startswith("Content-Encoding: gzip, but the body is more than 6 MB")
    assert found.pages == [] and found.notes == [f"{SITE}: {what}"]


def test_a_page_that_is_not_what_its_label_says_is_a_finding():
    found = CrawlResult()
    assert found.add(page(b"<p>plain", "br"), "404", replay=True) is None
    assert [fact.rule for fact in found.facts] == [Rule.ENCODING]


def test_an_asset_that_is_too_large_is_a_finding(bombs):
    sent = CIMultiDict({"Content-Type": "text/css", "Content-Encoding": "br", "X-Cache": "Hit"})
    url = f"{HOSTS.static}a.css"
    asset = Asset(url, "style", SITE, answers=[Answer(url, 200, sent, bombs["br"])] * 2)
    facts = list(headers.judge([asset], HOSTS, Manifest(), "X-Origin"))
    assert [fact.rule for fact in facts] == [Rule.ENCODING]
    assert asset.body == bombs["br"]


def asked(reply, patience=30.0, times=1):
    """The client's answers of a server that does ``reply(writer)`` once it was asked."""

    serving = set()

    async def serve(reader, writer):
        serving.add(asyncio.current_task())
        try:
            await reader.readuntil(b"\r\n\r\n")
            await reply(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def play():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with server:
            async with Client(Options(url), "run", patience=patience) as client:
                answers = [await client.request(url) for _ in range(times)]
            await asyncio.gather(*serving)
        return answers

    return asyncio.run(play())


async def endless(writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n")
    while True:
        writer.write(bytes(100_000))
        await writer.drain()


def test_a_body_without_an_end_is_read_to_the_bound(monkeypatch):
    monkeypatch.setattr(coding, "MAX_BYTES", 1_000_000)
    first, again = asked(endless, times=2)
    assert first.status == again.status == 200
    assert (len(first.body), first.cut) == (1_000_000, True)
    assert first.text == ""


def test_a_video_is_no_finding():
    sent = CIMultiDict({"Content-Type": "video/mp4", "Cache-Control": "public, max-age=60", "X-Cache": "Hit"})
    url = f"{HOSTS.static}film.mp4"
    asset = Asset(url, "media", SITE, answers=[Answer(url, 200, sent, b"x", cut=True)] * 2)
    assert list(headers.judge([asset], HOSTS, Manifest(), "X-Origin")) == []


async def dripping(writer):
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


def test_a_body_that_comes_drop_by_drop_has_a_deadline():
    (answer,) = asked(dripping, patience=0.3)
    assert (answer.status, answer.error) == (0, "no complete answer within 0.3 s")


async def long_line(writer):
    writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        writer.write(b"x" * 10_000)
        await writer.drain()


async def many_lines(writer):
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: x\r\n" * 100)
        await writer.drain()


@pytest.mark.parametrize("reply", [long_line, many_lines])
def test_headers_without_an_end_are_an_error(reply):
    (answer,) = asked(reply)
    assert answer.status == 0 and answer.error and "within" not in answer.error


def test_of_an_assets_answers_the_last_ones_bytes_are_kept():
    asset = Asset(SITE, "image", SITE)
    for number in range(3):
        asset.add(Answer(SITE, 200, CIMultiDict({"X-Cache": f"MISS {number}"}), b"bytes"))
    assert [answer.body for answer in asset.answers] == [b"", b"", b"bytes"]
    assert [answer.headers["X-Cache"] for answer in asset.answers] == ["MISS 0", "MISS 1", "MISS 2"]
