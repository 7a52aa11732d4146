"""The code prints each text that docs/troubleshooting.md explains, and each phase that a page shows."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from slipway import ROOT
from tests.unit.docs.pages import CODE, Page, to_read

ROOMS = ("deploy", "ansible", "rehearsal", "tests/smoke", "requirements")
# What other programs print stands in a section of its own.
OURS, _, OTHERS = Page(ROOT / "docs/troubleshooting.md").unfenced.partition("\n## Messages of other programs\n")


def texts() -> list[str]:
    """The bold code that an entry begins with."""
    return [
        " ".join(code[2].split())
        for bold in re.findall(r"\*\*(`.+?`)\*\*", OURS, re.DOTALL)
        if (code := CODE.match(bold))
    ]


@cache
def printed() -> tuple[str, ...]:
    """Every string of our code, `…` in place of what is filled in; of other files the whole text."""
    found = []
    for room in ROOMS:
        for path in (ROOT / room).rglob("*"):
            if path.suffix == ".py":
                found += _strings(path)
            elif path.suffix in (".yml", ".sh", ".j2"):
                found.append(" ".join(path.read_text().split()))
    return tuple(found)


def _strings(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
        elif isinstance(node, ast.JoinedStr):
            found.append("".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values))
    return [re.sub(r"\{\w*\}|%[sd]", "…", " ".join(text.split())) for text in found]


@cache
def forms() -> tuple[re.Pattern, ...]:
    """What those strings become, whatever is filled in."""
    long = (each for each in printed() if 12 < len(each.replace("…", "")) < 200)
    return tuple(re.compile(".*".join(re.escape(piece) for piece in each.split("…"))) for each in long)


@pytest.mark.parametrize("text", texts())
def test_the_code_prints_it(text):
    """Between two `…` stands one piece of the code's own words, as it is written there."""
    pieces = [piece.strip() for piece in text.split("…")]
    judged = [piece for piece in pieces if len(piece) > 8]
    assert judged, f"{text}: too little to look for"
    for piece in judged:
        assert any(piece in each for each in printed()), f"{text}: nothing prints {piece!r}"


PHASES = {line[2:] for page in to_read() for line in page.fenced if line.startswith("▸ ")}


@pytest.mark.parametrize("phase", sorted(PHASES))
def test_the_code_has_that_phase(phase):
    """Of a command's output that a page shows; `…` stands for what the page leaves out, too."""
    assert any(form.fullmatch(phase) for form in forms())


def test_each_entry_is_explained():
    assert len(texts()) > 40 and OTHERS
