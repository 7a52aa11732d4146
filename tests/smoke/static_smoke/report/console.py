"""The verdict as a table for a person."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table
from rich.text import Text

from static_smoke.report.cause import causes, lines, seen_by
from static_smoke.sentence import details
from static_smoke.verdict import CHECKS, Verdict

# With more assets than this, those without a finding are summed up by kind.
MAX_ROWS = 30
_COLOURS = {"passed": "green", "failed": "red", "not checked": "yellow"}


def show(verdict: Verdict, console: Console, report: Path | None = None) -> None:
    """Prints everything: the findings after the tables, then the sentence, and below it what it had no room for.

    With findings, of the assets only those that failed: the report has all.
    """
    assets = [asset for asset in verdict.assets if asset["verdict"] != "ok"] if verdict.findings else verdict.assets
    if assets or not verdict.findings:
        console.print(_assets(verdict.site, assets))
    console.print(_checks(verdict))
    for url, entries in groupby(sorted(verdict.allowed, key=_url), key=_url):
        those = list(entries)
        sent = f"{len(those)} requests, {sum(line['bytes'] for line in those):,} bytes"
        console.print(Text(f"allowed: {url}, {sent} from the origin ({those[0]['reason']})"))
    for note in verdict.notes:
        console.print(Text(note, style="yellow" if note.startswith("not checked") else "dim"))
    for cause in causes(asdict(finding) for finding in verdict.findings):
        console.print()
        console.print(Text(f"{seen_by(cause)}  {cause[0]['url']}", style="bold red"), soft_wrap=True)
        for label, text in lines(cause):
            style = "bold" if label in ("in", "and") else ""
            console.print(Text(f"   {label:<4} {text}", style=style), soft_wrap=True)
    console.print()
    if report:
        console.print(Text(f"report: {report / 'index.html'}"), soft_wrap=True)
    colour = "passed" if verdict.verdict == "passed" else "failed"
    console.print(Text(verdict.sentence, style=f"bold {colour}"), soft_wrap=True)
    for line in details(verdict):
        console.print(Text(f"   {line}", style="yellow"), soft_wrap=True)


def _url(entry: dict) -> str:
    return entry["url"]


def _assets(site: str, assets: Sequence[dict]) -> Table:
    table = Table(title=f"Assets of {site}", title_justify="left", header_style="bold")
    for name in ("asset", "host", "cache", "bytes", "cache-control", "verdict"):
        table.add_column(name, justify="right" if name == "bytes" else "left", overflow="fold")
    failed = [asset for asset in assets if asset["verdict"] != "ok"]
    good = [asset for asset in assets if asset["verdict"] == "ok"]
    for asset in failed if len(assets) > MAX_ROWS else [*failed, *good]:
        table.add_row(
            urlsplit(asset["url"]).path,
            asset["host"],
            asset["hit"],
            f"{asset['bytes']:,}",
            asset["cache_control"] or "-",
            Text(asset["verdict"], style="passed" if asset["verdict"] == "ok" else "failed"),
        )
    if len(assets) > MAX_ROWS:
        groups: dict[tuple, list[dict]] = defaultdict(list)
        for asset in good:
            kind = asset["content_type"].partition(";")[0]
            groups[asset["host"], kind, asset["cache_control"]].append(asset)
        for (host, kind, cache), those in sorted(groups.items()):
            hits = Counter(asset["hit"] for asset in those)
            table.add_row(
                f"{len(those)} of {kind}",
                host,
                ", ".join(f"{number} {name}" for name, number in hits.items()),
                f"{sum(asset['bytes'] for asset in those):,}",
                cache or "-",
                Text("ok", style="passed"),
            )
    return table


def _checks(verdict: Verdict) -> Table:
    table = Table(title="Checks", title_justify="left", header_style="bold")
    for name in ("", "check", "state", "checked", "reason"):
        table.add_column(name, justify="right" if name == "checked" else "left")
    for letter, check in verdict.checks.items():
        table.add_row(
            letter,
            CHECKS[letter],
            Text(check.state, style=_COLOURS[check.state]),
            f"{check.checked:,}",
            check.reason,
        )
    return table
