"""Whatever a site does, the run ends and says what it knows."""

import asyncio
import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from static_smoke import deadline
from static_smoke.http import coding
from static_smoke.options import Options
from static_smoke.run import Run
from static_smoke.verdict import Verdict

# Seconds: three for the run. The bound is --minutes and 30, and a machine may be busy.
MINUTES, OUTER = 0.05, 60.0
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"


@pytest.fixture(autouse=True)
def _little_grace(monkeypatch):
    monkeypatch.setattr(deadline, "GRACE", 0.5)


@contextmanager
def serving(reply: Callable) -> Iterator[str]:
    """The URL of a server that does ``reply(path, writer)`` for each request."""
    loop, serving = asyncio.new_event_loop(), set()

    async def serve(reader, writer):
        serving.add(asyncio.current_task())
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            request = await reader.readuntil(b"\r\n\r\n")
            await reply(request.split()[1].decode(), writer)
            await writer.drain()
            writer.close()

    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        for task in serving:
            loop.call_soon_threadsafe(task.cancel)
        loop.call_soon_threadsafe(loop.call_later, 0.1, loop.stop)
        thread.join()


def prove(reply: Callable, **changes) -> Verdict:
    """The verdict of a run that ended in time; before each part its report was kept."""
    kept = []
    with serving(reply) as site:
        begun = time.monotonic()
        verdict = Run(Options(site, **{"minutes": MINUTES, **changes}), keep=kept.append).run()
    assert time.monotonic() - begun < OUTER
    assert kept and {it.verdict for it in kept} <= {"inconclusive", "failed"}
    return verdict


def page(body: bytes = b"", coded: bytes = b"") -> bytes:
    return HEAD + coded + b"\r\n<link rel=icon href='data:,'>" + body


HOME = page(b'<a href="/deep/">deep</a> <img src="/static/leak.png">')


async def slow_pages(path, writer):
    links = b"".join(b'<a href="/%d/">x</a>' % number for number in range(30))
    if path.strip("/").isdecimal():
        await asyncio.sleep(5)
    writer.write(page(links))


def drop_by_drop(start: bytes, drop: bytes):
    async def reply(path, writer):
        if path != "/deep/":
            writer.write(HOME)
            return
        writer.write(start)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(0.05)

    return reply


async def endless(path, writer):
    if path != "/deep/":
        writer.write(HOME)
        return
    writer.write(HEAD + b"\r\n")
    while True:
        writer.write(b"<p>endless" * 10_000)
        await writer.drain()


async def redirects(path, writer):
    if path == "/":
        writer.write(HOME)
    else:
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: %s0\r\nContent-Length: 0\r\n\r\n" % path.encode())


@pytest.mark.parametrize(
    "reply",
    [slow_pages, endless, redirects, drop_by_drop(HEAD + b"\r\n", b"x"), drop_by_drop(HEAD, b"X-More: x\r\n")],
    ids=["5 s a page", "an endless page", "a redirect loop", "a byte now and then", "headers without an end"],
)
def test_a_site_that_holds_the_proof_up_does_not_keep_it(reply):
    verdict = prove(reply)
    assert verdict.status == 1
    assert [page["url"].rpartition(":")[2].partition("/")[2] for page in verdict.pages][:1] == [""]
    assert reply is slow_pages or any(finding.url.endswith("/static/leak.png") for finding in verdict.findings)


async def large(path, writer):
    writer.write(HOME if path == "/" else page(b"<div>" * 4_000_000 if path == "/deep/" else b""))


def test_of_20_megabytes_of_html_the_start_is_read_or_given_up():
    verdict = prove(large)
    assert any(finding.url.endswith("/static/leak.png") for finding in verdict.findings)
    assert "/deep/ (" in verdict.checks["P"].reason and "P" in {it["check"] for it in verdict.unverified}


BOMB = gzip.compress(b"<p>" * 70_000_000, 1)


async def bomb(path, writer):
    if path == "/deep/":
        writer.write(HEAD + b"Content-Encoding: gzip\r\n\r\n" + BOMB)
    else:
        writer.write(HOME)


def test_a_page_that_decodes_to_200_megabytes_takes_as_many_as_the_bound(monkeypatch):
    decoded = []
    inflate = coding._inflate
    monkeypatch.setattr(coding, "_inflate", lambda *given: decoded.append(inflate(*given)) or decoded[-1])
    verdict = prove(bomb)
    assert any("once decoded" in finding.what for finding in verdict.findings)
    assert decoded and max(len(body) for body, _ in decoded) <= coding.MAX_BYTES + 1


def test_the_rest_of_a_long_page_is_said_not_to_be_read(monkeypatch):
    monkeypatch.setattr(coding, "MAX_PAGE", 200)

    async def reply(path, writer):
        writer.write(page(b'<img src="/static/leak.png">' + b" " * 500 + b'<img src="/static/late.png">'))

    verdict = prove(reply)
    assert {finding.url.rpartition("/")[2] for finding in verdict.findings} == {"leak.png"}
    assert verdict.checks["P"].reason.startswith("the rest of http://127.0.0.1:")


def test_the_bytes_of_files_that_only_the_manifest_names_are_let_go_once_judged(stack):
    stack.put("more.css", "p{}", "text/css")
    stack.write_manifest()
    run = Run(Options(stack.site_url, stack.static_url, stack.media_url, manifests=(stack.manifest,), max_pages=1))
    verdict = run.run()
    assert verdict.findings == [] and [asset.last.status for asset in run.listed.values()] == [200]
    assert not any(answer.body for asset in run.listed.values() for answer in asset.answers)
