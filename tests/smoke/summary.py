"""Draws the verdict from what the witnesses noted."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from tests.smoke.attribution import Fact, attribute
from tests.smoke.browser import Asked, Visit
from tests.smoke.client import Answer
from tests.smoke.crawl import Crawl, Visited
from tests.smoke.fetch import Asset, is_cdn
from tests.smoke.hosts import Hosts
from tests.smoke.source import Source
from tests.smoke.verdict import Verdict, Witness


def conclude(run, found: Crawl, seconds: float) -> Verdict:
    """The verdict of a ``Run`` whose phases are over."""
    findings, consequences = attribute(run.facts)
    for control in run.controls.controls:
        if control.state == "missed" and control.witness in run.witnesses:
            reason = f"the control was missed: {control.name}, {control.reason}"
            run.witnesses[control.witness] = Witness("not seen", reason)
    if run.options.source and findings:
        source = Source(run.options.source)
        findings = [replace(finding, source=source.where(finding.url)) for finding in findings]
    for finding in findings:
        run.witnesses[finding.witness].state = "red"
    return Verdict(
        run=run.id,
        site=run.hosts.site,
        witnesses=run.witnesses,
        findings=findings,
        consequences=consequences,
        assets=[_asset(asset, run.facts) for asset in run.assets.values()],
        allowed=run.allowed,
        controls=run.controls.controls,
        notes=[*_unseen(run.witnesses), *run.notes],
        pages=[_page(visited) for visited in found.pages],
        visits=[_visit(visit, run.hosts) for visit in run.visits],
        seconds=round(seconds, 1),
        pull=bool(run.options.pull),
        excused=tuple(path for path, _ in run.options.allow),
    )


def _unseen(witnesses: dict[str, Witness]) -> Iterator[str]:
    for letter, witness in witnesses.items():
        if witness.state == "not seen":
            yield f"not seen: {letter} ({witness.reason})"


def _asset(asset: Asset, facts: Iterable[Fact]) -> dict:
    blamed = sorted({fact.check.witness for fact in facts if fact.url == asset.url})
    missed = "miss" if is_cdn(asset.last) else "-"
    headers = asset.last.headers
    good = asset.last.status == 200 and not blamed
    return {
        "url": asset.url,
        "host": urlsplit(asset.url).netloc,
        "kind": asset.kind,
        "status": asset.last.status,
        "hit": "hit" if asset.is_hit else missed,
        "bytes": len(asset.last.body),
        "size": len(asset.body),
        "content_type": headers.get("Content-Type", ""),
        "cache_control": headers.get("Cache-Control", ""),
        "encoding": asset.last.encoding,
        "verdict": "ok" if good else f"red: {' '.join(blamed) or 'H'}",
        "place": asset.place,
    }


def _page(visited: Visited) -> dict:
    answer: Answer = visited.answer
    return {
        "url": visited.url,
        "status": answer.status,
        "kind": visited.kind,
        "signed_in": visited.signed_in,
        "bytes": len(answer.body),
    }


def _visit(visit: Visit, hosts: Hosts) -> dict:
    return {
        "url": visit.url,
        "place": visit.place,
        "look": visit.look,
        "problem": visit.problem,
        "screenshot": visit.screenshot,
        "timings": [_timing(asked, visit, hosts) for asked in visit.asked],
    }


def _timing(asked: Asked, visit: Visit, hosts: Hosts) -> dict:
    """Milliseconds from the visit's first request."""
    start = visit.asked[0].start
    return {
        "url": asked.url,
        "kind": asked.kind,
        "host": hosts.role(asked.url),
        "status": asked.status,
        "failure": asked.failure,
        "by": asked.by,
        "start": round((asked.start - start) * 1000, 1),
        "end": round((max(asked.end, asked.start) - start) * 1000, 1),
    }
