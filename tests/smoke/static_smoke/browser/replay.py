"""Gives a browser an answer that it cannot fetch by itself: an error page, a control."""

import asyncio
import base64
from collections.abc import Iterable
from contextlib import suppress

from playwright.async_api import BrowserContext, CDPSession, Error

from static_smoke.http.client import Answer

_NOT_REPLAYED = {"content-encoding", "content-length", "transfer-encoding", "set-cookie"}


class Replay:
    """From ``begin`` to ``end`` one URL gives one answer, and everything else comes from the network.

    With the DevTools protocol: Playwright's own routing would suppress the request for /favicon.ico.
    """

    def __init__(self, session: CDPSession, answer: Answer):
        self._session, self._answer = session, answer
        self._tasks: set[asyncio.Task] = set()

    @classmethod
    async def begin(cls, context: BrowserContext, session: CDPSession, answer: Answer) -> "Replay":
        # A replayed page counts as public, and may not request a private address.
        with suppress(Error):
            await context.grant_permissions(["local-network-access"])
        replay = cls(session, answer)
        session.on("Fetch.requestPaused", replay._paused)
        pattern = answer.url.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")
        await session.send("Fetch.enable", {"patterns": [{"urlPattern": pattern}]})
        return replay

    async def end(self) -> None:
        await self._session.send("Fetch.disable")
        self._session.remove_listener("Fetch.requestPaused", self._paused)

    def _paused(self, event: dict) -> None:
        task = asyncio.ensure_future(self._fulfil(event["requestId"]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fulfil(self, request: str) -> None:
        answer = self._answer
        reply = {
            "requestId": request,
            "responseCode": answer.status,
            "responseHeaders": _headers(answer.headers.items()),
        }
        # The page may be closed before its second request is answered.
        with suppress(Error):
            body = base64.b64encode(answer.decoded()).decode()
            await self._session.send("Fetch.fulfillRequest", {**reply, "body": body})


def _headers(items: Iterable[tuple[str, str]]) -> list[dict]:
    return [{"name": name, "value": value} for name, value in items if name.lower() not in _NOT_REPLAYED]
