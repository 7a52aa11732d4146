"""The edge behind a socket."""

import socket
import ssl
from contextlib import asynccontextmanager

from aiohttp import HttpVersion10, web
from multidict import CIMultiDict

from rehearsal.cdn.access_log import AccessLog
from rehearsal.cdn.edge import Edge
from rehearsal.cdn.request import ViewerRequest


@asynccontextmanager
async def serving(edge: Edge, listener: socket.socket, tls: ssl.SSLContext | None, log: AccessLog):
    """Answer requests on ``listener`` while the context lasts."""

    async def handle(received: web.BaseRequest) -> web.Response:
        request = await _viewer_request(received)
        answer = await edge.answer(request)
        log.write(request, answer)
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    runner = web.ServerRunner(web.Server(handle, access_log=None), shutdown_timeout=1)
    await runner.setup()
    try:
        await web.SockSite(runner, listener, ssl_context=tls).start()
        yield
    finally:
        await runner.cleanup()


async def _viewer_request(received: web.BaseRequest) -> ViewerRequest:
    path, _, query = received.raw_path.partition("?")
    return ViewerRequest(
        method=received.method,
        scheme="https" if received.secure else "http",
        host=_without_port(received.headers.get("Host", "")),
        path=path,
        query=query,
        headers=CIMultiDict(received.headers),
        # Read from the socket itself: the edge, not aiohttp, decides what is too large.
        body=await received.content.read() if received.can_read_body else b"",
        http_1_0=received.version == HttpVersion10,
        remote=received.remote or "",
    )


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()
