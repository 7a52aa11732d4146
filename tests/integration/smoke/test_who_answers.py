"""Who answers for the CDN's hosts, at each address and to each kind of request."""

import asyncio
import socket

import pytest
from aiohttp import web

from static_smoke.http.client import Resolver
from tests.integration.smoke.stack import IMMUTABLE, Object, hashed


@pytest.fixture
def resolving(monkeypatch):
    """Makes a host resolve to (address, port) pairs."""
    usual = Resolver.resolve

    def arrange(host, *pairs):
        async def resolve(self, name, port=0, family=socket.AF_UNSPEC):
            found = await usual(self, name, port, family)
            if name != host:
                return found
            families = (socket.AF_INET6 if ":" in address else socket.AF_INET for address, _ in pairs)
            return [
                found[0] | {"host": address, "port": at, "family": kind}
                for (address, at), kind in zip(pairs, families, strict=True)
            ]

        monkeypatch.setattr(Resolver, "resolve", resolve)

    return arrange


@pytest.fixture
def origin_by_ipv6(stack):
    """The origin's port at ::1."""

    async def start():
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", stack._origin)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "::1", 0).start()
        return runner

    runner = asyncio.run_coroutine_threadsafe(start(), stack._loop).result()
    yield runner.addresses[0][1]
    asyncio.run_coroutine_threadsafe(runner.cleanup(), stack._loop).result()


def test_a_second_address_that_is_the_origins_is_found(stack, prove, resolving, origin_by_ipv6):
    resolving("static.sound.localhost", ("127.0.0.1", stack.cdn_port), ("::1", origin_by_ipv6))
    verdict = prove(browser=None, origin_log=None, login=None)
    addressed = [finding.what for finding in verdict.findings if finding.rule == "SAME_ADDRESS"]
    assert [what.partition("resolves to ")[2] for what in addressed] == [
        f"::1 port {origin_by_ipv6}, where the origin answers (X-Origin: sound)"
    ]


def test_an_address_that_this_computer_does_not_reach_is_no_green(stack, prove, resolving):
    resolving("static.sound.localhost", ("127.0.0.1", stack.cdn_port), ("::1", 9))
    verdict = prove(browser=None, origin_log=None, login=None)
    assert verdict.findings == []
    assert verdict.checks["H"].reason.startswith("this computer does not reach static.sound.localhost:")
    assert "by IPv6 (::1: " in verdict.checks["H"].reason
    assert "H" in {claim["check"] for claim in verdict.unverified if claim["extent"] == "part"}


def test_a_cdn_that_sends_head_on_to_the_origin_is_found(stack, prove):
    def head_only(request, name):
        if request.method == "HEAD" and name.endswith(".css"):
            return web.Response(status=302, headers={"Location": f"{stack.site_url}static/{name}"})
        return None

    stack.cdn_override = head_only
    (finding,) = prove(browser=None, origin_log=None, login=None).findings
    assert finding.check == "H" and finding.what.startswith("302 to the origin for HEAD: ")
    assert finding.url == stack.url.css


def test_assets_that_vary_by_cookie_are_one_finding(stack, prove):
    for thing in stack.static.values():
        thing.headers["Vary"] = "Origin, Cookie"
    (finding,) = prove(browser=None, origin_log=None, login=None).findings
    assert finding.rule == "VARIES" and finding.what == "Vary is 'Origin, Cookie'"
    assert len(finding.also) == 10


def test_old_bytes_under_a_new_name_are_found_without_a_manifest(stack, prove):
    stack.rename("js/app.js").body = stack.rename("js/app.js").body + b"// of another build"
    (finding,) = prove(browser=None, origin_log=None, login=None, manifests=()).findings
    assert finding.check == "H" and finding.what == "the bytes do not match the hash in the name"
    assert finding.url == stack.url.js


def test_names_with_a_hash_that_cannot_be_told_are_noted(stack, prove):
    stack.static["vendor-B1gW-dAt.js"] = Object(b"1", "text/javascript", IMMUTABLE)
    stack.static[hashed("plain.js", b"2")] = Object(b"2", "text/javascript")
    tag = f'<script src="{stack.static_url}vendor-B1gW-dAt.js"></script></body>'
    stack.pages["/"] = stack.pages["/"].replace("</body>", tag)
    verdict = prove(browser=None, origin_log=None, login=None)
    assert verdict.findings == []
    (note,) = [note for note in verdict.notes if "hash of their bytes" in note]
    assert "vendor-B1gW-dAt.js (see --manifest)" in note


def test_a_site_whose_marker_is_taken_out_is_known_in_part(stack, prove):
    page = stack._origin

    async def without(request):
        answer = await page(request)
        del answer.headers["X-Origin"]
        return answer

    stack._origin = without
    # The server has the method that was bound when it started.
    port, stop = stack._call(stack._serve(stack._origin))
    resolve = {("www.sound.localhost", stack.origin_port): ("127.0.0.1", port)}
    verdict = prove(browser=None, origin_log=None, login=None, resolve=resolve)
    stack._call(stop())
    assert verdict.findings == []
    assert verdict.checks["H"].reason == "the site's pages carry no X-Origin, by which the origin is told from the CDN"
