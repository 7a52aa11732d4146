"""Shortened scripts behave as before: an engine runs each program before and after."""

import json

import pytest
import quickjs

from slipway.tool.assets.blocks import whitespace
from slipway.tool.assets.scripts import javascript
from tests.unit.assets.programs import PROGRAMS


def outcome(script: str) -> list[str]:
    """What a program logs, what it throws, and the global names that it leaves."""
    context = quickjs.Context()
    context.eval("globalThis.logged = []; globalThis.log = (...a) => logged.push(a.map(x => typeof x + ':' +"
                 " (typeof x === 'object' ? JSON.stringify(x) : String(x))).join())")  # fmt: skip
    try:
        context.eval(script)
    except quickjs.JSException as error:
        context.eval(f"log({json.dumps('threw ' + str(error).splitlines()[0])})")
    while context.execute_pending_job():
        pass
    return json.loads(context.eval("JSON.stringify([...logged, Object.keys(globalThis).join()])"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_means_the_same(name):
    script = PROGRAMS[name]
    short = whitespace.shorten(script)
    assert outcome(short) == outcome(script)
    assert not [line for line in outcome(script) if "SyntaxError" in line]
    assert len(short) <= len(script)


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_is_left_to_take_out(name):
    short = whitespace.shorten(PROGRAMS[name])
    assert whitespace.shorten(short) == short


def test_comments_and_whitespace_go():
    assert (
        whitespace.shorten("// a\nfunction f ( a , b ) {\n  /* b */ return a + b ;\n}\n")
        == "function f(a,b){return a+b;}"
    )


def test_license_comments_stay():
    script = "/*! A 1.0, MIT */\n// gone\n/** @license B */ x ( ) //! C\ny ( ) /* @preserve */ ;"
    assert whitespace.shorten(script) == "/*! A 1.0, MIT */\n/** @license B */x()//! C\ny()/* @preserve */;"


def test_a_line_that_ends_a_statement_still_ends_it():
    assert whitespace.shorten("a = b\n\n\n(c)\nreturn_\n") == "a=b\n(c)\nreturn_"


def test_a_script_that_cannot_be_parsed_is_kept():
    assert whitespace.shorten("if ( {") == "if ( {"


def test_a_result_with_another_structure_is_not_used(monkeypatch):
    monkeypatch.setattr(whitespace, "_would_join", lambda before, after: False)
    assert whitespace.shorten("a = b + +c ;") == "a = b + +c ;"


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("a = = b", 1),
        ("a\n\nb c", 3),
        ("let a\nlet a", 2),
        ("export default 1", 1),
        ("return 1", 1),
        ("'use strict'\nwith (a) {}", 2),
        ("x = `", 1),
    ],
)
def test_what_no_browser_would_run_is_rejected_with_its_line(script, line):
    assert javascript.syntax_error(script)[0] == line


@pytest.mark.parametrize(
    "script", ["", "with (a) {}", "throw 1", "while (true);", "let a; { let a }", "a\n<!-- b\n--> c"]
)
def test_what_a_browser_would_run_is_accepted_and_not_run(script):
    assert javascript.syntax_error(script) is None


@pytest.mark.parametrize(
    ("script", "strict"),
    [
        ("'use strict'", True),
        ('/*! a */ "use strict"; b', True),
        ("'use asm'; 'use strict'", True),
        ("('use strict')", False),
        ("'use strict' + ''", False),
        ("a; 'use strict'", False),
        ("", False),
    ],
)
def test_strict_mode_is_known_by_its_directive(script, strict):
    assert javascript.is_strict(script.encode()) is strict
