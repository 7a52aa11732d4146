"""An icon counts as requested once the browser has sent the request."""

import asyncio
from types import SimpleNamespace

import pytest

from static_smoke.browser import icons
from static_smoke.browser.watch import PageLoad, Watch

URL = "https://www.example.com/favicon.ico"
BEGUN = "Network.requestWillBeSent", {"requestId": "7", "type": "Other", "request": {"url": URL}}
SENT = "Network.requestWillBeSentExtraInfo", {"requestId": "7"}
PAGE = "Network.requestWillBeSentExtraInfo", {"requestId": "1"}


class Session:
    def __init__(self):
        self.listening = {}

    def on(self, name, listener):
        self.listening[name] = listener

    async def send(self, name):
        pass


class Context:
    def __init__(self):
        self.session = Session()

    async def new_cdp_session(self, page):
        return self.session


def icons_after(*events, missing: set[str] | None = None) -> set[str]:
    async def watched() -> set[str]:
        context = Context()
        watch = Watch(context, PageLoad("/", "https://www.example.com/", "icon"), missing)
        session = await watch.listen_for_icon(None)
        for name, event in events:
            session.listening[name](event)
        await watch.icon(0.01)
        return watch.icons

    return asyncio.run(watched())


def test_a_request_that_is_only_begun_is_not_there_yet():
    """A busy machine's browser may be closed between the two: its net log then has no such request."""
    assert icons_after(PAGE, BEGUN) == set()


def test_the_two_events_come_in_any_order():
    assert icons_after(BEGUN, SENT) == icons_after(SENT, BEGUN) == {URL}


@pytest.mark.parametrize(("status", "asked_again"), [(404, False), (302, True)])
def test_no_page_waits_for_an_icon_that_was_answered_404(status, asked_again):
    """A site without one and without icons on its pages, such as a bare admin: each page took 25 seconds."""
    missing = set()
    icons_after(
        BEGUN, SENT, ("Network.responseReceived", {"requestId": "7", "response": {"status": status}}), missing=missing
    )
    page = SimpleNamespace(url="https://www.example.com/admin/", page=SimpleNamespace(has_icon=False))
    assert icons.is_requested(page, missing) is asked_again
