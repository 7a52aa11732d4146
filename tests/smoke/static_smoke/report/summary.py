"""Makes the verdict from the results of the checks."""

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from static_smoke.browser.watch import BrowserRequest, PageLoad
from static_smoke.checks.fetch import Asset
from static_smoke.http.cdn import is_cdn
from static_smoke.http.client import Answer
from static_smoke.http.hosts import Hosts
from static_smoke.report.attribution import attribute
from static_smoke.rules import Fact
from static_smoke.site.crawl import CrawledPage, CrawlResult
from static_smoke.source.fix import with_fixes
from static_smoke.source.locate import locate
from static_smoke.verdict import CheckResult, Verdict


def conclude(run, crawled_site: CrawlResult, seconds: float) -> Verdict:
    """The verdict of a finished ``Run``."""
    findings, consequences = attribute(run.facts, cdn_named=any(run.hosts.role(url) == "static" for url in run.assets))
    # The run may go on after this verdict.
    checks = {letter: replace(check) for letter, check in run.checks.items()}
    for control in run.controls.controls:
        if control.state == "missed" and control.check in checks:
            reason = f"the control was missed: {control.name}, {control.reason}"
            checks[control.check] = CheckResult("not checked", reason)
    findings = locate(findings, run.source, crawled_site.pages, run.assets)
    findings = with_fixes(findings, run.source, run.hosts, run.manifest)
    for finding in findings:
        checks[finding.check].state = "failed"
    return Verdict(
        run=run.id,
        site=run.hosts.site,
        checks=checks,
        findings=findings,
        consequences=consequences,
        maybes=[maybe for maybe in run.maybes if maybe.url not in {finding.url for finding in findings}],
        assets=[_asset(asset, run.facts) for asset in run.assets.values()],
        allowed=run.allowed,
        controls=run.controls.controls,
        left_out=[*crawled_site.left_out, *run.left_out],
        notes=list(run.notes),
        pages=[_page(crawled) for crawled in crawled_site.pages],
        page_loads=[_page_load(load, run.hosts) for load in run.page_loads],
        seconds=round(seconds, 1),
        ended=list(run.ended),
        started=run.started,
        depth=run.options.depth,
        strict=run.options.strict,
        home_seen=_home_seen(run.page_loads, crawled_site),
        pull=bool(run.options.pull),
        no_cdn=run.options.no_cdn,
        excused=tuple(path for path, _ in run.options.allow),
    )


def _home_seen(page_loads: Iterable[PageLoad], crawled_site: CrawlResult) -> bool:
    """Whether a load of the first page succeeded: of the home page, or of the first path where there is none."""
    home = next((crawled.page.place for crawled in crawled_site.pages if not crawled.replay), None)
    return any(load.place == home and not load.failed for load in page_loads)


def _asset(asset: Asset, facts: Iterable[Fact]) -> dict:
    failed = sorted({fact.rule.check for fact in facts if fact.url == asset.url})
    missed = "miss" if is_cdn(asset.last) else "-"
    headers = asset.last.headers
    good = asset.last.status == 200 and not failed
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
        "verdict": "not checked"
        if asset.last.unavailable and not failed
        else "ok"
        if good
        else f"failed: {' '.join(failed) or 'H'}",
        "place": asset.place,
    }


def _page(crawled: CrawledPage) -> dict:
    answer: Answer = crawled.answer
    return {
        "url": crawled.url,
        "status": answer.status,
        "kind": crawled.kind,
        "signed_in": crawled.signed_in,
        "bytes": len(answer.body),
    }


def _page_load(load: PageLoad, hosts: Hosts) -> dict:
    return {
        "url": load.url,
        "place": load.place,
        "device": load.device,
        "problem": load.problem,
        "failed": load.failed,
        "screenshot": load.screenshot,
        "timings": [_timing(request, load, hosts) for request in load.requests],
    }


def _timing(request: BrowserRequest, load: PageLoad, hosts: Hosts) -> dict:
    """Milliseconds from the load's first request."""
    start = load.requests[0].start
    return {
        "url": request.url,
        "kind": request.kind,
        "host": hosts.role(request.url),
        "status": request.status,
        "failure": request.failure,
        "by": request.by,
        "start": round((request.start - start) * 1000, 1),
        "end": round((max(request.end, request.start) - start) * 1000, 1),
    }
