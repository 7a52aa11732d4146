"""Every page in Chromium, which is started once more if it is killed."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, Playwright

from static_smoke.browser import icons
from static_smoke.browser.chromium import KILLED, Killed, launch
from static_smoke.browser.devices import DESKTOP
from static_smoke.browser.page_loads import load_all
from static_smoke.browser.plan import Plan, Screen
from static_smoke.browser.watch import PageLoad
from static_smoke.options import Options

STARTS = 2


@dataclass(slots=True)
class Browsed:
    """``loads``: the page loads of the last browser; ``earlier``: those of one that was killed, with its findings.

    ``logs``: the net log of each browser that has ended. ``lost``: why the last one did not end by itself, or "".
    """

    loads: list[PageLoad] = field(default_factory=list)
    earlier: list[PageLoad] = field(default_factory=list)
    logs: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lost: str = ""


async def browse(
    playwright: Playwright | None,
    options: Options,
    wanted: list[Screen],
    plan: Plan,
    directory: Path,
) -> Browsed:
    """Loads all of ``wanted``. Raises NoBrowser where none starts.

    A browser that is killed takes its log with it, so the next one loads every page again.
    """
    seen = Browsed()
    for start in range(STARTS):
        log = directory / f"net-{start}.json"
        try:
            async with launch(playwright, options, plan.run, log, seen.notes.append) as browser:
                seen.earlier, seen.lost = seen.loads, ""
                seen.loads = await load_all(browser, wanted, plan)
                # A browser whose driver is gone still counts as connected.
                if any(load.problem == KILLED for load in seen.loads):
                    raise Killed(KILLED)
                await _probe_icons(browser, wanted, plan, seen.notes)
        except Killed as error:
            seen.lost = str(error)
            seen.notes.append(seen.lost)
        except Exception:
            # Without its driver none starts again: the first one's page loads are kept.
            if not seen.lost:
                raise
        seen.logs.append(log)
        if not seen.lost:
            break
        plan.missing_icons.clear()
        plan.workers.clear()
    return seen


async def _probe_icons(browser: Browser, wanted: list[Screen], plan: Plan, notes: list[str]) -> None:
    for crawled, device in wanted:
        if device is not DESKTOP or not browser.is_connected() or time.monotonic() >= plan.deadline:
            continue
        if icons.needs_probe(crawled, plan.missing_icons) and not await icons.probe(
            browser, crawled, plan.missing_icons
        ):
            notes.append(f"not checked: which icon a browser asks for on {crawled.page.place}")
