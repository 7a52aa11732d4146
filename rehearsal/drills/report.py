"""The drills' table, for a terminal, and their page, in the style of the rehearsal's."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from rehearsal.report import document, loads
from rehearsal.run import Run

if TYPE_CHECKING:
    from rehearsal.drills.play import Played

WORDS = {True: "passed", False: "FAILED", None: "not here"}
MARKS = {True: ("", "✓"), False: ("failed", "✗"), None: ("open", "-")}
WIDTH = 100  # of a result in the terminal


def table(played: Sequence["Played"]) -> str:
    lines = [f"{'':>3}  {'drill':<46}  {'result':<8}  {'s':>5}"]
    for each in played:
        lines.append(f"{each.drill.number:>3}  {each.drill.title:<46}  {WORDS[each.passed]:<8}  {each.seconds:>5.0f}")
        if each.passed is not True:
            lines.append(f"{'':>5}{each.result[:WIDTH]}")
    return "\n".join(lines)


def write(directory: Path, played: Sequence["Played"], run: Run, machine: str) -> Path:
    """Writes ``index.html`` into ``directory`` and returns its path."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "index.html"
    failed = sum(each.passed is False for each in played) or bool(run.log.failure)
    sections = [_hero(played, run, machine), _rows(played), loads(run.results)]
    path.write_text(document(f"Drills: {'failed' if failed else 'passed'}", sections), encoding="utf-8")
    return path


def _hero(played: Sequence["Played"], run: Run, machine: str) -> str:
    failed = sum(each.passed is False for each in played)
    state, word = (" failed", "failed") if failed or run.log.failure else ("", "passed")
    sentence = f"{failed} of {len(played)} drills failed." if failed else f"{len(played)} drills, each as expected."
    if run.log.failure:
        sentence = f"Ended after {len(played)} drills: {run.log.failure}"
    return f"""<header class="card hero{state}"><span class="pill{state}">{word}</span>
<h1>{escape(sentence)}</h1><p class="dim">make drills · {escape(machine)} · {escape(run.results.url)}</p></header>"""


def _rows(played: Sequence["Played"]) -> str:
    items = "".join(
        f'<li class="{MARKS[each.passed][0]}"><i>{MARKS[each.passed][1]}</i><span>{each.drill.number}. '
        f"{escape(each.drill.title)}: {escape(each.drill.expects)} "
        f'<span class="dim">({each.seconds:.0f} s)</span>{_checks(each)}</span></li>'
        for each in played
    )
    return f'<section><h2>Drills</h2><ul class="card findings">{items}</ul></section>'


def _checks(each: "Played") -> str:
    lines = [f"{MARKS[it.passed][1]} {it.what}: {it.result}" for it in each.checks]
    lines += [each.error] if each.error else []
    return "".join(f'<br><span class="dim">{escape(line)}</span>' for line in lines)
