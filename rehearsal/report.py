"""The rehearsal's one page: the verdict, then what it rests on. It needs no other file, and links to the proof's."""

import os
from collections.abc import Iterator
from html import escape
from pathlib import Path

from rehearsal.load import Visits
from rehearsal.memory import MEGABYTE, Memory
from rehearsal.run import AVAILABLE, Seen
from rehearsal.run_log import Phase, RunLog

STYLES = Path(__file__).parent.parent / "tests" / "smoke" / "report.css", Path(__file__).with_name("report.css")
# Services in this order of colours; what no service holds comes after them.
COLOURS = ("#2f6fdb", "#8a4fd0", "#0b9a8d", "#d9822b", "#c2417c", "#7a8b2d", "#5b6776")
SHOWN = len(COLOURS)
WIDTH, HEIGHT = 900, 150


def write(directory: Path, diary: RunLog, seen: Seen, machine: str) -> Path:
    """Writes ``index.html`` into ``directory`` and returns its path."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "index.html"
    path.write_text(page(directory, diary, seen, machine), encoding="utf-8")
    return path


def page(directory: Path, diary: RunLog, seen: Seen, machine: str) -> str:
    verdict = "passed" if diary.held else "failed"
    style = "\n".join(file.read_text(encoding="utf-8") for file in STYLES)
    sections = [
        _hero(diary, seen, machine),
        _figures(diary, seen),
        _checks(diary),
        _proof(directory, seen),
        _phases(diary),
        _memory(seen.memory) if seen.memory else "",
        *(_load(during, visits) for during, visits in seen.loads.items()),
    ]
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rehearsal: {verdict}</title><link rel="icon" href="data:,"><style>{style}</style></head>
<body><main>{"".join(sections)}</main></body></html>
"""


def _hero(diary: RunLog, seen: Seen, machine: str) -> str:
    state, word = ("", "passed") if diary.held else (" failed", "failed")
    left_open = sum(it.held is None for it in diary.findings)
    held = f"What can be shown here held; {left_open} claims cannot." if left_open else "Everything held."
    sentence = held if diary.held else escape(diary.failure) or "Not everything held."
    return f"""<header class="card hero{state}"><span class="pill{state}">{word}</span>
<h1>{sentence}</h1><p class="dim">make rehearse · {escape(machine)} · {escape(seen.url)}</p></header>"""


def _figures(diary: RunLog, seen: Seen) -> str:
    figures = [(f"{diary.seconds / 60:.1f} min", "from nothing to this page", False)]
    if seen.memory:
        text = f"of {seen.memory.total} MB are left ({AVAILABLE} wanted)"
        figures.append((f"{seen.memory.available} MB", text, seen.memory.available < AVAILABLE))
    for during, visits in seen.loads.items():
        text = f"requests failed during {escape(during)}, {visits.rate:.0f} a second"
        figures.append((f"{len(visits.failed)} of {visits.sent}", text, bool(visits.failed)))
    cards = "".join(
        f'<div class="card figure{" failed" if failed else ""}"><b>{figure}</b><span class="dim">{text}</span></div>'
        for figure, text, failed in figures
    )
    return f'<div class="figures">{cards}</div>'


def _checks(diary: RunLog) -> str:
    marks = {True: ("", "✓", ""), False: ("failed", "✗", ""), None: ("open", "-", "not shown here: ")}
    lines = "".join(
        f'<li class="{marks[it.held][0]}"><i>{marks[it.held][1]}</i>'
        f'<span>{escape(it.what)}<br><span class="dim">{marks[it.held][2]}{escape(it.seen)}</span></span></li>'
        for it in diary.findings
    )
    return f'<section><h2>What had to hold</h2><ul class="card findings">{lines}</ul></section>' if lines else ""


def _proof(directory: Path, seen: Seen) -> str:
    if not seen.smoke:
        return ""
    link = escape(os.path.relpath(seen.smoke / "index.html", directory))
    return f'<p><a href="{link}">The proof, asset by asset</a>: pages, checks, controls and screenshots.</p>'


def _phases(diary: RunLog) -> str:
    total = max(diary.seconds, 0.1)
    rows, at = [], 0.0
    for phase in diary.phases:
        rows += _bars(phase, at, total)
        at += phase.seconds
    return f'<section><h2>Phases</h2><div class="card phases">{"".join(rows)}</div></section>'


def _bars(phase: Phase, at: float, total: float, kind: str = "") -> Iterator[str]:
    track = " ".join(filter(None, ("track", "partly" if kind else "", "failed" if phase.failed else "")))
    yield (
        f'<span class="{kind}">{escape(phase.title)}</span><span class="seconds">{phase.seconds:.1f} s</span>'
        f'<span class="{track}"><i style="left:{at / total:.2%};width:{phase.seconds / total:.2%}"></i></span>'
    )
    # What a command did before it spoke stands before its first part.
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


def _load(during: str, visits: Visits) -> str:
    end = max([at for at, _ in [*visits.answered, *visits.failed]], default=0.0) or 1.0
    top = max(visits.worst, 0.5)
    dots = "".join(f'<circle cx="{_x(at, end):.1f}" cy="{_y(wait, top):.1f}" r="2.2"/>' for at, wait in visits.answered)
    dots += "".join(f'<circle class="failed" cx="{_x(at, end):.1f}" cy="12" r="4"/>' for at, _ in visits.failed)
    lines = "".join(
        f'<line x1="40" x2="{WIDTH}" y1="{_y(wait, top):.1f}" y2="{_y(wait, top):.1f}"/>'
        f'<text x="0" y="{_y(wait, top) + 4:.1f}">{wait:.1f} s</text>'
        for wait in (0, top / 2, top)
    )
    failed = "".join(f"<li>at {at:.1f} s: {escape(why)}</li>" for at, why in visits.failed[:20])
    return f"""<section><h2>Waits during {escape(during)}</h2><div class="card">
<svg class="load" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Seconds that each request waited">
{lines}{dots}</svg><p class="dim">{visits.sent} requests in {end:.0f} s; {escape(str(visits))}</p>
<ul>{failed}</ul></div></section>"""


def _x(at: float, end: float) -> float:
    return 44 + (WIDTH - 50) * at / end


def _y(wait: float, top: float) -> float:
    return HEIGHT - 12 - (HEIGHT - 28) * wait / top


def _mb(size: int) -> str:
    return f"{size / MEGABYTE:.1f}" if size else "-"
