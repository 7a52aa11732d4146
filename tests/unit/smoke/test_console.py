"""What the screen and the report's page show last: the findings, the sentence, and the reasons below it."""

import io

from rich.console import Console

from static_smoke.report.console import show
from static_smoke.report.page import page
from static_smoke.verdict import CHECKS, CheckResult, Control, Finding, LeftOut, Verdict

SITE = "https://www.a/"
FINDING = Finding(
    "P",
    f"{SITE}static/a.js",
    SITE,
    "<script src> names a static file on the origin",
    "write it otherwise",
    rule="WRITTEN",
    cause=1,
    also=tuple(f"{SITE}static/{number}.js" for number in range(9)),
    places=tuple(f"{SITE}{number}/" for number in range(14)),
    written=({"place": "templates/base.html:9", "text": '<script src="/static/a.js">'},),
    response={"place": f"{SITE}:31:5", "text": '<script src="/static/a.js">'},
)
SEEN = Finding("O", f"{SITE}static/a.js", "access.log:7", "script: 404", "find it", rule="ARRIVED", cause=1)


def verdict(**changes) -> Verdict:
    checks = {letter: CheckResult("passed", checked=1) for letter in CHECKS}
    checks["A"] = CheckResult("not checked", "no --provisioned")
    given = {"findings": [FINDING, SEEN], "pages": [], "left_out": [LeftOut("pages", 2, "--max-pages 40")]}
    return Verdict("1", SITE, checks, **given | changes)


def screen(verdict: Verdict) -> str:
    console = Console(file=io.StringIO(), width=200)
    show(verdict, console)
    return console.file.getvalue()


def test_a_cause_is_shown_once_with_the_line_to_edit_first():
    text = screen(verdict())
    start = text.index("P parser, O origin's log  https://www.a/static/a.js")
    assert text[start:].splitlines()[:8] == [
        "P parser, O origin's log  https://www.a/static/a.js",
        "   is   <script src> names a static file on the origin",
        '   in   templates/base.html:9  <script src="/static/a.js">',
        "   fix  write it otherwise",
        '   at   https://www.a/, line 31, column 5  <script src="/static/a.js">',
        "   on   14 pages: /0/, /1/, /2/, /3/, /4/, /5/, /6/, /7/ and 6 more",
        "   also 9 more: /static/0.js, /static/1.js, /static/2.js …",
        "   by   the origin's log (O) too: script: 404; access.log:7",
    ]


def test_the_sentence_comes_last_with_its_reasons_below():
    lines = screen(verdict()).rstrip().splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("1 finding (checks: O, P; "))
    assert [line.partition(": ")[0].strip() for line in lines[at + 1 :]] == ["not heard", "left out"]
    assert "no --provisioned" in lines[at + 1] and "--max-pages 40" in lines[at + 2]


def test_the_reason_of_an_inconclusive_run_is_on_the_screen():
    missed = Control("sign-in", "-", "1", "missed", "the login answered 200: Please enter a correct username")
    run = verdict(findings=[], controls=[missed])
    assert "inconclusive: 1 control missed: sign-in: the login answered 200: Please enter a correct" in screen(run)
    assert "Please enter a correct username" in page(run.as_json())


def asset(name: str, verdict: str) -> dict:
    url = f"https://static.a/{name}"
    sent = {"bytes": 1, "hit": "hit", "content_type": "text/css", "cache_control": "", "encoding": ""}
    return {"url": url, "host": "static.a", "verdict": verdict, **sent}


def test_with_findings_the_tables_are_short():
    """Neither assets without fault nor controls that were seen: a missed one is in its check's reason."""
    run = verdict(assets=[asset("good.css", "ok"), asset("bad.css", "failed: P")])
    run.controls = [Control("leaking page", "P", "1", "detected")]
    text = screen(run)
    assert "/bad.css" in text and "good.css" not in text and "detected" not in text and "leaking page" not in text
    assert "Assets" not in screen(verdict(assets=[asset("good.css", "ok")]))
    assert "/good.css" in screen(verdict(findings=[], assets=[asset("good.css", "ok")]))


def test_the_page_has_the_line_the_pages_and_every_url():
    text = page(verdict().as_json())
    assert "templates/base.html:9" in text and "14 pages: " in text and "2 pages</b>" in text
    assert all(url in text for url in FINDING.also)
