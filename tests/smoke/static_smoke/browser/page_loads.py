"""Loads pages in a real Chromium, each with empty caches.

A window is reused for further pages on the same device: a new one takes a second of the processor, a page half of one.
"""

import asyncio
import time
from collections import defaultdict
from itertools import count

from playwright.async_api import Browser

from static_smoke.browser.chromium import KILLED
from static_smoke.browser.devices import Device
from static_smoke.browser.plan import Plan, Screen
from static_smoke.browser.watch import PageLoad
from static_smoke.browser.window import Window
from static_smoke.site.crawl import CrawledPage

MAX_WINDOWS = 2
PAGES_A_WINDOW = 12
TOO_LATE = "--minutes were over"


async def load_all(browser: Browser, wanted: list[Screen], plan: Plan) -> list[PageLoad]:
    """A page load for each of ``wanted``, in that order. What could not be loaded has ``failed`` and a ``problem``."""
    turn, begun = asyncio.Semaphore(MAX_WINDOWS), count(1)
    done: dict[int, PageLoad] = {}

    async def load_in(numbers: list[int], device: Device) -> None:
        async with turn:
            window = Window(browser, device, plan)
            for number in numbers:
                crawled = wanted[number][0]
                plan.say(f"load page {next(begun)} of {len(wanted)} in Chromium")
                if not browser.is_connected():
                    done[number] = _not_loaded(crawled, device, KILLED)
                elif time.monotonic() >= plan.deadline:
                    done[number] = _not_loaded(crawled, device, TOO_LATE)
                else:
                    done[number] = await window.load(crawled)
            await window.close()

    await asyncio.gather(*(load_in(numbers, device) for device, numbers in _windows(wanted)))
    return [done[number] for number in range(len(wanted))]


def _not_loaded(crawled: CrawledPage, device: Device, why: str) -> PageLoad:
    return PageLoad(crawled.page.place, crawled.url, device.name, problem=why, failed=True)


def _windows(wanted: list[Screen]) -> list[tuple[Device, list[int]]]:
    """Which of ``wanted`` a window loads one after the other; pages of a signed-in person come last in it."""
    shared, windows = defaultdict(list), []
    for number, (crawled, device) in enumerate(wanted):
        # Chromium requests an icon once in a window.
        if crawled.page.has_icon:
            shared[device].append(number)
        else:
            windows.append((device, [number]))
    for device, numbers in shared.items():
        lanes = max(-(-len(numbers) // PAGES_A_WINDOW), 1)
        windows += [
            (device, sorted(numbers[lane::lanes], key=lambda number: wanted[number][0].signed_in))
            for lane in range(lanes)
        ]
    return windows
