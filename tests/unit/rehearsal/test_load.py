"""Every request is counted once, as answered or as failed; a slow server delays no other request."""

import asyncio
import ssl
import threading

import pytest
from aiohttp import web

from rehearsal.authority import Authority
from rehearsal.load import Load, seconds_each
from slipway.web.errors import SlipwayError

NAME = "www.slipway.test"
RATE = 200


class Site:
    """A TLS server in a thread. ``asked`` are the requests; ``release`` lets those wait that are held."""

    def __init__(self, authority):
        self.asked = []
        self.reached = threading.Event()
        self.loop = asyncio.new_event_loop()
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(*authority.issue("www", [NAME]))
        self.handler = self.answer
        self.wanted = 3

    async def answer(self, request):
        return web.Response(text="page")

    async def _handle(self, request):
        self.asked.append(request.headers["Host"])
        if len(self.asked) >= self.wanted:
            self.reached.set()
        return await self.handler(request)

    async def _start(self):
        self.held = asyncio.Event()
        self.runner = web.ServerRunner(web.Server(self._handle))
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0, ssl_context=self.context).start()
        self.port = self.runner.addresses[0][1]

    def __enter__(self):
        self.loop.run_until_complete(self._start())
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        return self

    def release(self):
        self.loop.call_soon_threadsafe(self.held.set)

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self.runner.cleanup(), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def site(authority):
    with Site(authority) as served:
        yield served


def load(site, authority):
    return Load([f"https://{NAME}/"], site.port, authority.certificate, RATE)


def test_every_answer_is_counted(site, authority):
    with load(site, authority) as requests:
        assert site.reached.wait(30)
    assert requests.failed == []
    assert requests.sent == len(requests.answered) == len(site.asked) >= 3
    assert set(site.asked) == {NAME}
    assert str(requests).startswith(f"0 of {requests.sent} failed")


def test_an_error_is_a_failure_and_so_is_a_redirect(site, authority):
    async def answer(request):
        return web.Response(status=503 if len(site.asked) % 2 else 301, headers={"Location": "/elsewhere"})

    site.handler = answer
    with load(site, authority) as requests:
        assert site.reached.wait(30)
    assert requests.answered == []
    assert {why for _, why in requests.failed} == {"/: status 503", "/: status 301"}


def test_a_connection_that_breaks_is_a_failure(site, authority):
    async def hang_up(request):
        request.transport.abort()
        return web.Response()

    site.handler = hang_up
    with load(site, authority) as requests:
        assert site.reached.wait(30)
    assert requests.answered == []
    assert len(requests.failed) >= 3


def test_others_are_sent_while_one_waits_and_all_are_waited_for(site, authority):
    async def wait(request):
        await site.held.wait()
        return web.Response()

    site.handler = wait
    with load(site, authority) as requests:
        # All of these hang in the server at once.
        assert site.reached.wait(30)
        site.release()
    assert (requests.failed, len(requests.answered)) == ([], len(site.asked))


def test_another_authoritys_site_is_not_visited(site, tmp_path):
    stranger = Authority(tmp_path / "stranger")
    sending = load(site, stranger)
    with sending as requests:
        while not requests.failed:
            pass
    assert requests.answered == []
    assert "certificate" in requests.failed[0][1].lower()


def test_one_request_is_timed_while_no_other_is_made(site, authority):
    async def wait(request):
        await asyncio.sleep(0.01)
        return web.Response()

    site.handler = wait
    assert 0.01 <= seconds_each([f"https://{NAME}/"], site.port, authority.certificate, count=4) < 5
    assert len(site.asked) == 4


def test_a_site_that_does_not_answer_before_the_load_is_one_line(site, authority):
    async def hang_up(request):
        request.transport.abort()
        return web.Response()

    site.handler = hang_up
    with pytest.raises(SlipwayError, match="does not answer before the load"):
        seconds_each([f"https://{NAME}/"], site.port, authority.certificate)
