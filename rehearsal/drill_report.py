"""The page of a restore drill: the verdict, what was compared, and the phases; in the style of the rehearsal's."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from rehearsal import report
from rehearsal.run_log import RunLog


def write(directory: Path, log: RunLog, evidence: Mapping[str, Any], url: str) -> Path:
    """Writes ``index.html`` into ``directory`` and returns its path."""
    path = directory / "index.html"
    path.write_text(page(log, evidence, url), encoding="utf-8")
    return path


def page(log: RunLog, evidence: Mapping[str, Any], url: str) -> str:
    state, word = ("", "passed") if log.passed else (" failed", "failed")
    sentence = "The newest backup is the site" if log.passed else evidence["what"]
    where = escape(f"make restore-drill · {evidence['machine']} · {url}")
    hero = f"""<header class="card hero{state}"><span class="pill{state}">{word}</span>
<h1>{escape(sentence)}</h1><p class="dim">{where}</p></header>"""
    sections = [hero, _figures(log, evidence), report.checks(log), _facts(evidence)]
    if any(each.what.startswith("The release that serves") for each in log.checks):
        sections.append('<p><a href="report/index.html">The proof, asset by asset</a></p>')
    return report.document(f"Restore drill: {word}", [*sections, report.phases(log)])


def _figures(log: RunLog, evidence: Mapping[str, Any]) -> str:
    figures = [(f"{log.seconds / 60:.1f} min", "from the point to this page", False)]
    if "different" in evidence:
        compared = f"of {evidence['tables']} tables differ, {evidence['rows']:,} rows compared"
        figures.append((str(len(evidence["different"])), compared, bool(evidence["different"])))
    cards = "".join(
        f'<div class="card figure{" failed" if failed else ""}"><b>{figure}</b><span class="dim">{text}</span></div>'
        for figure, text, failed in figures
    )
    return f'<div class="figures">{cards}</div>'


def _facts(evidence: Mapping[str, Any]) -> str:
    point = evidence.get("point", {})
    rows = {
        "Drill": evidence["time"],
        "Generation": evidence.get("generation", ""),
        "Restore point": point.get("name", ""),
        "In the WAL": point and f"{point['lsn']}, {point['time']}",
        "Release": evidence.get("release", ""),
    }
    cells = "".join(
        f"<tr><td>{name}</td><td><code>{escape(text)}</code></td></tr>" for name, text in rows.items() if text
    )
    return f'<section><h2>What was restored</h2><div class="card facts"><table>{cells}</table></div></section>'
