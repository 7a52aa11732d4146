"""The rehearsal's report page: the verdict, its checks and its figures, with a link to the proof's page."""

import os
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from rehearsal.load import Requests
from rehearsal.memory import MEGABYTE, Memory
from rehearsal.run import Results
from rehearsal.run_log import Phase, RunLog
from rehearsal.steps.memory import AVAILABLE
from static_smoke.report import page as proof_page

STYLES = Path(proof_page.__file__).with_name("report.css"), Path(__file__).with_name("report.css")
# Colours of the services in their order; memory of no service comes after them.
COLOURS = ("#2f6fdb", "#8a4fd0", "#0b9a8d", "#d9822b", "#c2417c", "#7a8b2d", "#5b6776")
SHOWN = len(COLOURS)
WIDTH, HEIGHT = 900, 150


def write(directory: Path, log: RunLog, results: Results, machine: str) -> Path:
    """Writes ``index.html`` into ``directory`` and returns its path."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "index.html"
    path.write_text(page(directory, log, results, machine), encoding="utf-8")
    return path


def page(directory: Path, log: RunLog, results: Results, machine: str) -> str:
    verdict = "passed" if log.passed else "failed"
    sections = [
        _hero(log, results, machine),
        _figures(log, results),
        checks(log),
        _proof(directory, results),
        phases(log),
        _memory(results.memory) if results.memory else "",
        loads(results),
    ]
    return document(f"Rehearsal: {verdict}", sections)


def document(title: str, sections: Iterable[str]) -> str:
    """A whole page in the style of this one."""
    style = "\n".join(file.read_text(encoding="utf-8") for file in STYLES)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><link rel="icon" href="data:,"><style>{style}</style></head>
<body><main>{"".join(sections)}</main></body></html>
"""


def _hero(log: RunLog, results: Results, machine: str) -> str:
    state, word = ("", "passed") if log.passed else (" failed", "failed")
    skipped = sum(it.passed is None for it in log.checks)
    passed = f"Every check that is possible here passed; {skipped} are not." if skipped else "Every check passed."
    sentence = passed if log.passed else escape(log.failure) or "Not every check passed."
    return f"""<header class="card hero{state}"><span class="pill{state}">{word}</span>
<h1>{sentence}</h1><p class="dim">make rehearse · {escape(machine)} · {escape(results.url)}</p></header>"""


def _figures(log: RunLog, results: Results) -> str:
    figures = [(f"{log.seconds / 60:.1f} min", "from nothing to this page", False)]
    if results.memory:
        text = f"of {results.memory.total} MB are left ({AVAILABLE} required)"
        figures.append((f"{results.memory.available} MB", text, results.memory.available < AVAILABLE))
    if lost := results.disaster:
        figures.append((f"{lost.lost:.0f} s", "of data were lost with the server (60 allowed)", not lost.passed))
        figures.append(
            (
                f"{lost.back / 60:.1f} min",
                "for make deploy RESTORE=latest on a bare machine",
                False,
            )
        )
    for during, requests in results.loads.items():
        text = f"requests failed during {escape(during)}, {requests.rate:.0f} a second"
        figures.append((f"{len(requests.failed)} of {requests.sent}", text, bool(requests.failed)))
    cards = "".join(
        f'<div class="card figure{" failed" if failed else ""}"><b>{figure}</b><span class="dim">{text}</span></div>'
        for figure, text, failed in figures
    )
    return f'<div class="figures">{cards}</div>'


def checks(log: RunLog) -> str:
    marks = {True: ("", "✓", ""), False: ("failed", "✗", ""), None: ("open", "-", "not checked here: ")}
    lines = "".join(
        f'<li class="{marks[it.passed][0]}"><i>{marks[it.passed][1]}</i>'
        f'<span>{escape(it.what)}<br><span class="dim">{marks[it.passed][2]}{escape(it.result)}</span></span></li>'
        for it in log.checks
    )
    return f'<section><h2>Checks</h2><ul class="card findings">{lines}</ul></section>' if lines else ""


def _proof(directory: Path, results: Results) -> str:
    if not results.smoke:
        return ""
    link = escape(os.path.relpath(results.smoke / "index.html", directory))
    return f'<p><a href="{link}">The proof, asset by asset</a>: pages, checks, controls and screenshots.</p>'


def phases(log: RunLog) -> str:
    total = max(log.seconds, 0.1)
    rows, at = [], 0.0
    for phase in log.phases:
        rows += _bars(phase, at, total)
        at += phase.seconds
    return f'<section><h2>Phases</h2><div class="card phases">{"".join(rows)}</div></section>'


def _bars(phase: Phase, at: float, total: float, kind: str = "") -> Iterator[str]:
    track = " ".join(filter(None, ("track", "partly" if kind else "", "failed" if phase.failed else "")))
    yield (
        f'<span class="{kind}">{escape(phase.title)}</span><span class="seconds">{phase.seconds:.1f} s</span>'
        f'<span class="{track}"><i style="left:{at / total:.2%};width:{phase.seconds / total:.2%}"></i></span>'
    )
    # The time before a command's first output comes before its first part.
    at += max(0.0, phase.seconds - sum(part.seconds for part in phase.parts))
    for part in phase.parts:
        yield from _bars(part, at, total, "part")
        at += part.seconds


def _memory(memory: Memory) -> str:
    services = [(it.name, it.pss / MEGABYTE) for it in memory.services]
    shown = services[: SHOWN - 1] + [("other services", sum(size for _, size in services[SHOWN - 1 :]))]
    used = sum(size for _, size in services)
    parts = [(name, size, COLOURS[n]) for n, (name, size) in enumerate(shown)]
    parts.append(("kernel, and caches in use", max(0.0, memory.total - memory.available - used), "#9aa5b1"))
    parts.append(("available", memory.available, "transparent"))
    scale = sum(size for _, size, _ in parts)
    bar = "".join(
        f'<i style="width:{size / scale:.2%};background:{colour}" title="{escape(name)}: {size:.0f} MB"></i>'
        for name, size, colour in parts
    )
    legend = "".join(
        f'<span><i style="background:{colour};outline:1px solid var(--line)"></i>{escape(name)} {size:.0f} MB</span>'
        for name, size, colour in parts
    )
    rows = "".join(
        f'<tr><td>{escape(it.name)}</td><td class="number">{it.processes}</td>'
        + "".join(f'<td class="number">{_mb(size)}</td>' for size in (it.pss, it.cgroup, it.peak, it.swap, it.limit))
        + "</tr>"
        for it in memory.services
    )
    head = "".join(
        f'<th class="number">{name}</th>' for name in ("processes", "PSS", "cgroup", "peak", "swap", "limit")
    )
    samples = ", ".join(map(str, memory.samples))
    return f"""<section><h2>Memory by service</h2><div class="card"><div class="stack">{bar}</div>
<p class="legend dim">{legend}</p><p class="dim">MemAvailable {samples} MB, the median counts;
{memory.swap_used} of {memory.swap} MB swap in use; {memory.oom_kills} OOM kills.
PSS counts a shared page once.</p></div>
<div class="card scroll"><table><thead><tr><th>MB</th>{head}</tr></thead>
<tbody>{rows}</tbody></table></div></section>"""


def loads(results: Results) -> str:
    """How long each request waited, a chart for each load."""
    return "".join(_load(during, requests) for during, requests in results.loads.items())


def _load(during: str, requests: Requests) -> str:
    end = max([at for at, _ in [*requests.answered, *requests.failed]], default=0.0) or 1.0
    top = max(requests.worst, 0.5)
    dots = "".join(
        f'<circle cx="{_x(at, end):.1f}" cy="{_y(wait, top):.1f}" r="2.2"/>' for at, wait in requests.answered
    )
    dots += "".join(f'<circle class="failed" cx="{_x(at, end):.1f}" cy="12" r="4"/>' for at, _ in requests.failed)
    lines = "".join(
        f'<line x1="40" x2="{WIDTH}" y1="{_y(wait, top):.1f}" y2="{_y(wait, top):.1f}"/>'
        f'<text x="0" y="{_y(wait, top) + 4:.1f}">{wait:.1f} s</text>'
        for wait in (0, top / 2, top)
    )
    failed = "".join(f"<li>at {at:.1f} s: {escape(why)}</li>" for at, why in requests.failed[:20])
    return f"""<section><h2>Waits during {escape(during)}</h2><div class="card">
<svg class="load" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Seconds that each request waited">
{lines}{dots}</svg><p class="dim">{requests.sent} requests in {end:.0f} s; {escape(str(requests))}</p>
<ul>{failed}</ul></div></section>"""


def _x(at: float, end: float) -> float:
    return 44 + (WIDTH - 50) * at / end


def _y(wait: float, top: float) -> float:
    return HEIGHT - 12 - (HEIGHT - 28) * wait / top


def _mb(size: int) -> str:
    return f"{size / MEGABYTE:.1f}" if size else "-"
