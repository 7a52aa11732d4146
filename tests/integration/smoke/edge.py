"""An edge rule: a server before the CDN that redirects one path and passes the rest on."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import ClientSession, web

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@contextmanager
def redirecting(path: str, target: str, cdn: int) -> Iterator[int]:
    """The port of a server that answers ``path`` with a 302 to ``target``, and passes the rest on to port ``cdn``."""

    async def answer(request: web.Request) -> web.Response:
        if request.path == path:
            return web.Response(status=302, headers={"Location": target})
        async with (
            ClientSession(auto_decompress=False) as session,
            session.get(f"http://127.0.0.1:{cdn}{request.path_qs}", headers=request.headers) as asked,
        ):
            headers = [(name, value) for name, value in asked.headers.items() if name.lower() not in _HOP_BY_HOP]
            return web.Response(status=asked.status, body=await asked.read(), headers=headers)

    async def serve() -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(serve(), loop).result()
    try:
        yield runner.addresses[0][1]
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
