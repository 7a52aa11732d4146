"""Which page is loaded on which device, and what all windows of a browser share."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from static_smoke.browser.devices import DESKTOP, PHONE, TABLET, Device
from static_smoke.site.crawl import CrawledPage

DEVICES = (DESKTOP, PHONE, TABLET)
QUICK_DEVICES = (DESKTOP, PHONE)

# A page on a device.
Screen = tuple[CrawledPage, Device]


@dataclass(slots=True)
class Plan:
    """What all windows of a browser share.

    ``run``: the run id. ``deadline``: the monotonic second after which no further page is loaded. ``say`` is called
    with the progress. ``full``: whether pages are used as visitors use them. ``home``: the home page's place.
    ``missing_icons`` gets the URLs of icons that were answered 4xx; ``workers`` those of service workers whose pages
    were loaded again.
    """

    run: str
    cookies: list[dict]
    deadline: float
    full: bool = True
    home: str = ""
    say: Callable[[str], None] = lambda text: None
    missing_icons: set[str] = field(default_factory=set)
    workers: set[str] = field(default_factory=set)


def screens(pages: Iterable[CrawledPage], full_pages: int, depth: str) -> list[Screen]:
    """Every page on a desktop; the first ``full_pages`` on each device as well.

    The quick proof's first page on a phone as well; and of the error pages, which differ in words alone on most sites,
    those that load other files than the pages before.
    """
    devices, most = (DEVICES, full_pages) if depth == "full" else (QUICK_DEVICES, min(full_pages, 1))
    pages = pages if depth == "full" else _different(pages)
    return [
        (crawled, device)
        for number, crawled in enumerate(pages)
        for device in (devices if number < most else (DESKTOP,))
    ]


def _different(pages: Iterable[CrawledPage]) -> Iterator[CrawledPage]:
    seen = set()
    for crawled in sorted(pages, key=lambda crawled: crawled.replay):
        if not crawled.replay or crawled.page.signature not in seen:
            yield crawled
        seen.add(crawled.page.signature)
