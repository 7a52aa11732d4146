"""Runs the crawl alone, without the checks that follow it."""

import asyncio
import time
from typing import Any

from static_smoke.http.client import new_run
from static_smoke.http.hosts import Hosts
from static_smoke.options import Options
from static_smoke.site.crawl import CrawlResult, crawl
from tests.integration.smoke.stack import Stack


def crawl_site(stack: Stack, run: str = "", site: str = "", **changes: Any) -> CrawlResult:
    """``run``: the run's id; ``site``: else the stack's own; ``changes``: further options."""
    site, result = site or stack.site_url, CrawlResult()
    hosts = Hosts(site, stack.static_url, stack.media_url)
    asyncio.run(crawl(Options(site, **changes), hosts, run or new_run(), time.monotonic() + 60, result))
    return result
