"""The one sentence that a run ends with, and the lines below it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from static_smoke.verdict import Verdict

# Each check in words.
NAMES = {
    "P": "the parser",
    "B": "the browser",
    "N": "the net log",
    "H": "the headers",
    "O": "the origin's log",
    "C": "the canary",
    "A": "the provisioned state",
}


def sentence(verdict: Verdict) -> str:
    """One line: the result, and in brackets the depth, what was looked at, what was left out and who was not heard."""
    around = scope(verdict)
    if verdict.verdict == "inconclusive":
        return f"the run is inconclusive: {'; '.join(verdict.doubts)} ({around})"
    if verdict.findings:
        failed = ", ".join(sorted({finding.check for finding in verdict.findings}))
        return f"{count(verdict.causes, 'finding')} (checks: {failed}; {around})"
    served = f"{count(verdict.served, 'asset')} from the {'bucket, without a CDN' if verdict.no_cdn else 'CDN'}"
    excused = f"; allowed by the site's owner: {', '.join(verdict.excused)}" if verdict.excused else ""
    if verdict.maybes:
        excused += f"; {count(len(verdict.maybes), 'string')} of scripts may be requests to the origin"
    if verdict.pull:
        return (
            f"no page sends a visitor to the origin for static files ({around}); "
            f"{served}, which pulls them from the origin{excused}"
        )
    result = "0 static requests reached the origin" if verdict.is_whole else "no static request to the origin was seen"
    return f"{result} ({around}); {served}{excused}"


def scope(verdict: Verdict) -> str:
    """The part in brackets, such as "quick: 8 pages, 1 screen; left out: 16 screens; not heard: the net log (N)"."""
    parts = [f"{verdict.depth}: {count(len(verdict.pages), 'page')}, {_screens(verdict)}"]
    if verdict.left_out:
        parts.append(f"left out: {', '.join(_left_out(verdict))}")
    for extent, words in (("nothing", "not heard"), ("part", "heard in part")):
        letters = [claim["check"] for claim in verdict.unverified if claim["extent"] == extent]
        if letters:
            parts.append(f"{words}: {', '.join(f'{NAMES[letter]} ({letter})' for letter in letters)}")
    return "; ".join(parts)


def details(verdict: Verdict) -> Iterator[str]:
    """A line for each check that was not heard whole, and for each thing left out, with its reason."""
    if verdict.strict and verdict.unverified:
        yield "exit status 1 by --strict: not every check was heard whole"
    if verdict.findings and not verdict.missed:
        yield from (f"inconclusive otherwise: {doubt}" for doubt in verdict.doubts)
    for claim in verdict.unverified:
        words = "not heard" if claim["extent"] == "nothing" else "heard in part"
        name = f"{NAMES[claim['check']]} ({claim['check']})"
        yield f"{words}: {name}: {claim['reason']}; unknown: {claim['unknown']}"
    for it in verdict.maybes:
        yield f"maybe a request to the origin: {it.url} ({it.what}, in {it.place})"
    for it in verdict.left_out:
        yield f"left out: {it.count} {it.what}: {it.reason}"


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _screens(verdict: Verdict) -> str:
    """On how many devices each page was loaded, of those that were loaded at all."""
    devices = Counter(load["place"] for load in verdict.page_loads if not load["failed"])
    fewest, most = min(devices.values(), default=0), max(devices.values(), default=0)
    if not devices:
        return "no screen"
    if fewest != most:
        return f"{fewest} to {most} screens each"
    return "1 screen" if most == 1 else f"{most} screens each"


def _left_out(verdict: Verdict) -> Iterator[str]:
    """The counts by kind; that of objects says of how many patterns, where one walk counted them."""
    kinds: dict[str, list] = defaultdict(list)
    for it in verdict.left_out:
        kinds[it.what].append(it)
    for what, those in kinds.items():
        total = sum(it.count for it in those)
        reasons = {it.reason for it in those}
        patterns = f" {min(reasons)}" if len(reasons) == 1 and min(reasons).startswith("of ") else ""
        yield f"{count(total, what.removesuffix('s'))}{patterns}"
