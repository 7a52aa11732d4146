"""Which page is loaded on which device, in Chromium windows that are stand-ins here."""

import asyncio
from types import SimpleNamespace

import pytest

from static_smoke.browser import page_loads
from static_smoke.browser.watch import DESKTOP, PHONE, TABLET, PageLoad


class Window:
    def __init__(self, browser, device, *_):
        self.device = device

    async def load(self, crawled):
        return PageLoad(crawled.page.place, crawled.url, self.device.name)

    async def close(self):
        pass


@pytest.mark.parametrize("count", [2, 3])
def test_the_first_pages_are_loaded_on_each_device_the_others_on_a_desktop(count, monkeypatch):
    monkeypatch.setattr(page_loads, "Window", Window)
    pages = [
        SimpleNamespace(
            page=SimpleNamespace(place=f"/{number}", has_icon=True), url=f"/{number}", replay=False, signed_in=False
        )
        for number in range(count)
    ]
    loads = asyncio.run(page_loads.load_all(None, pages, [], 2, float("inf"), lambda text: None, set()))
    seen = {page.url: {load.device for load in loads if load.url == page.url} for page in pages}
    every, one = {device.name for device in (DESKTOP, PHONE, TABLET)}, {DESKTOP.name}
    assert seen == {page.url: every if number < 2 else one for number, page in enumerate(pages)}
