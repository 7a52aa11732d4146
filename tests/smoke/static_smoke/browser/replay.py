"""Gives a browser an answer that it cannot fetch by itself: an error page, a control."""

import asyncio
import base64
from collections.abc import Iterable
from contextlib import suppress

from playwright.async_api import BrowserContext, CDPSession, Error

from static_smoke.http.client import Answer

_NOT_REPLAYED = {"content-encoding", "content-length", "transfer-encoding", "set-cookie"}


async def replay(context: BrowserContext, session: CDPSession, answer: Answer) -> None:
    """From now on ``answer.url`` gives ``answer``, and everything else comes from the network.

    With the DevTools protocol: Playwright's own routing would suppress the request for /favicon.ico.
    """
    headers = _headers(answer.headers.items())
    body = base64.b64encode(answer.decoded()).decode()

    async def fulfil(event: dict) -> None:
        reply = {"requestId": event["requestId"], "responseCode": answer.status}
        # The page may be closed before its second request is answered.
        with suppress(Error):
            await session.send("Fetch.fulfillRequest", {**reply, "responseHeaders": headers, "body": body})

    tasks = set()

    def paused(event: dict) -> None:
        task = asyncio.ensure_future(fulfil(event))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    # A replayed page counts as public, and may not request a private address.
    with suppress(Error):
        await context.grant_permissions(["local-network-access"])
    session.on("Fetch.requestPaused", paused)
    pattern = answer.url.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")
    await session.send("Fetch.enable", {"patterns": [{"urlPattern": pattern}]})


def _headers(items: Iterable[tuple[str, str]]) -> list[dict]:
    return [{"name": name, "value": value} for name, value in items if name.lower() not in _NOT_REPLAYED]
