"""Which page is loaded on which device and in which window, in Chromium windows that are stand-ins here."""

import asyncio
from types import SimpleNamespace

import pytest

from static_smoke.browser import page_loads
from static_smoke.browser.chromium import KILLED
from static_smoke.browser.devices import DESKTOP, PHONE, TABLET
from static_smoke.browser.plan import Plan, screens
from static_smoke.browser.watch import PageLoad


class Browser:
    def __init__(self):
        self.alive = True

    def is_connected(self):
        return self.alive


@pytest.fixture
def opened(monkeypatch):
    """The windows, each with its device and the pages that it has loaded."""
    windows = []

    class Window:
        def __init__(self, browser, device, plan):
            self.device, self.loaded = device, []
            windows.append(self)

        async def load(self, crawled):
            self.loaded.append(crawled.url)
            return PageLoad(crawled.page.place, crawled.url, self.device.name)

        async def close(self):
            pass

    monkeypatch.setattr(page_loads, "Window", Window)
    return windows


def crawled(url, *, has_icon=True, signed_in=False, replay=False, files=""):
    page = SimpleNamespace(place=url, has_icon=has_icon, signature=files)
    return SimpleNamespace(page=page, url=url, replay=replay, signed_in=signed_in)


def load(pages, *, full_pages=2, depth="full", browser=None):
    plan = Plan("run", [], float("inf"))
    return asyncio.run(page_loads.load_all(browser or Browser(), screens(pages, full_pages, depth), plan))


@pytest.mark.parametrize("count", [2, 3])
def test_the_first_pages_are_loaded_on_each_device_the_others_on_a_desktop(count, opened):
    pages = [crawled(f"/{number}") for number in range(count)]
    loads = load(pages)
    seen = {page.url: {load.device for load in loads if load.url == page.url} for page in pages}
    every, one = {device.name for device in (DESKTOP, PHONE, TABLET)}, {DESKTOP.name}
    assert seen == {page.url: every if number < 2 else one for number, page in enumerate(pages)}


def test_the_quick_proof_loads_the_home_page_on_a_phone_too_and_nothing_else(opened):
    loads = load([crawled("/"), crawled("/wall/")], depth="quick", full_pages=6)
    assert [(load.url, load.device) for load in loads] == [("/", "desktop"), ("/", "phone"), ("/wall/", "desktop")]


def test_the_quick_proof_loads_no_error_page_that_loads_what_another_page_does(opened):
    pages = [
        crawled("/ (400)", replay=True, files="base"),
        crawled("/", files="home"),
        crawled("/404", files="base"),
        crawled("/ (405)", replay=True, files="other"),
    ]
    assert {load.url for load in load(pages, full_pages=0, depth="quick")} == {"/", "/404", "/ (405)"}
    assert {load.url for load in load(pages, full_pages=0)} == {"/ (400)", "/", "/404", "/ (405)"}


def test_a_window_loads_error_pages_and_a_signed_in_persons_pages_too(opened):
    """A window of its own for each costs a second of the processor."""
    pages = [crawled("/in/", signed_in=True), crawled("/"), crawled("/ (400)", replay=True)]
    loads = load(pages, full_pages=0)
    (window,) = opened
    assert window.loaded == ["/", "/ (400)", "/in/"]
    assert [load.url for load in loads] == ["/in/", "/", "/ (400)"]


def test_a_page_without_an_icon_has_a_window_of_its_own(opened):
    """Chromium asks for the icon once in a window."""
    load([crawled("/a", has_icon=False), crawled("/b", has_icon=False), crawled("/c")], full_pages=0)
    assert sorted(window.loaded for window in opened) == [["/a"], ["/b"], ["/c"]]


def test_what_a_killed_browser_has_not_loaded_says_so(opened):
    browser = Browser()
    browser.alive = False
    loads = load([crawled("/"), crawled("/wall/")], full_pages=0, browser=browser)
    assert [(load.failed, load.problem) for load in loads] == [(True, KILLED)] * 2
