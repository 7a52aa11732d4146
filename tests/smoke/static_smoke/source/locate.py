"""Gives each finding the lines to edit and the place in the response; those that one line has caused become one."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from static_smoke.checks.fetch import Asset
from static_smoke.report.attribution import numbered
from static_smoke.rules import Rule
from static_smoke.site.crawl import CrawledPage
from static_smoke.source.find import Source
from static_smoke.source.response import Response
from static_smoke.verdict import Finding

# What the CDN or the cloud is told elsewhere is written in no file of the project.
_ELSEWHERE = {"H", "A", "C"}
# Findings that are looked for in the project: so many have few causes.
MOST = 100
_TEXT = ("text/", "application/javascript", "application/json", "application/manifest+json", "image/svg+xml")


def locate(
    findings: Iterable[Finding], source: Source | None, pages: Iterable[CrawledPage], assets: Mapping[str, Asset]
) -> list[Finding]:
    """``source``: None where the project's files are not here; the response is named all the same."""
    findings = list(findings)
    responses = _responses(pages, assets) if findings else {}
    merged: dict[tuple, Finding] = {}
    for number, finding in enumerate(findings):
        found = _located(finding, source if number < MOST else None, responses)
        key = (found.check, found.rule, found.written[0]["place"]) if found.written else (number,)
        merged[key] = _joined(merged[key], found) if key in merged else found
    return numbered(merged.values())


def _responses(pages: Iterable[CrawledPage], assets: Mapping[str, Asset]) -> dict[str, Response]:
    """By the place that a finding names: the pages, then the text files of the CDN."""
    found = {it.page.place: Response(it.page.place, it.answer.text, it.kind) for it in pages}
    for url, asset in assets.items():
        if asset.last.type.startswith(_TEXT) and asset.last.status == 200:
            found.setdefault(url, Response(url, asset.body.decode("utf-8", "replace"), "asset"))
    return found


def _located(finding: Finding, source: Source | None, responses: Mapping[str, Response]) -> Finding:
    rule = Rule[finding.rule]
    response = responses.get(finding.place)
    is_icon = rule is Rule.NO_ICON or urlsplit(finding.url).path == "/favicon.ico"
    if is_icon:
        offset = response.text.lower().find("<head") if response else -1
    else:
        offset = response.find(finding.url) if response else -1
        if offset < 0 and finding.check not in _ELSEWHERE:
            response, offset = _elsewhere(finding.url, response, responses)
    # A header that the CDN does not send is written in no template.
    is_cors = rule is Rule.BLOCKED and "CORS" in finding.what
    written = source.where(rule, finding.url, response) if source and not is_cors else ()
    shown = response.place(offset) if response and offset >= 0 else {}
    return replace(finding, written=written, response=shown)


def _elsewhere(url: str, response: Response | None, responses: Mapping[str, Response]) -> tuple[Response | None, int]:
    """A response that names the whole path, where the finding's own place does not: a script, or a log's line."""
    path = urlsplit(url).path
    for other in responses.values() if path.count("/") > 1 else ():
        offset = other.text.find(path)
        if offset >= 0:
            return other, offset
    return response, -1


def _joined(one: Finding, other: Finding) -> Finding:
    also = dict.fromkeys((*one.also, other.url, *other.also))
    also.pop(one.url, None)
    return replace(one, also=tuple(also), places=tuple(dict.fromkeys((*one.places, *other.places))))
