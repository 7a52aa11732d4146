"""The syntax check takes what browsers take, however a script begins; each of these was compared with Chromium 156."""

import pytest

from slipway.tool.assets.blocks.whitespace import shorten
from slipway.tool.assets.scripts.javascript import syntax_error

TAKEN = [
    "/iPad|iPhone/.test(navigator.userAgent) && f()",
    "`a`.length",
    "(function () {})()",
    "[1].map(f)",
    "+1",
    "-1",
    "++a",
    "/* c */ a",
    "// c",
    "",
    '"use strict"; let a = 1',
    "'a directive'; with (a) b",
    "label: for (;;) break label",
    "#!/usr/bin/env node\na",
    "#!/usr/bin/env node",
    "<!-- a page's oldest trick\na\n--> b",
    "/* \n */ --> b",
    "\ufeffa",
    "let\nx",
    "async",
    "a = '\0' // \0",
    "yield = 1; await = 2; of = 3",
    "class A { static { f() } #p; has(o) { return #p in o } }",
    "a?.[0]?.(b) ?? (c ||= 1_000n)",
    "/(?<n>a)|(?<n>b)/; /[\\p{Emoji}--[a-z]]/v; /(?i:a)b/; /(?<=a)b/",
    "async function f() { for await (const a of b) yield_; await using c = d }",
    "import('./a.js', { with: { type: 'json' } })",
    "var 𠮷 = `\u2028`",
]
REJECTED = [
    "let a; let a",
    "break",
    "return 1",
    "-1 ** 2",
    "/(/",
    "/a/gg",
    "import.meta",
    "import 'a'",
    "a b",
    "'a\nb'",
]


@pytest.mark.parametrize("script", TAKEN)
def test_what_a_browser_runs_is_taken(script):
    assert syntax_error(script) is None


@pytest.mark.parametrize("script", REJECTED)
def test_what_a_browser_rejects_is_rejected(script):
    assert syntax_error("f();\n" + script)[0] in (2, 3)


def test_a_hashbang_counts_as_a_line():
    assert syntax_error("#!/usr/bin/env node\n\nlet = = 1")[0] == 3


@pytest.mark.parametrize("script", ["a = b <!-- c;\n d()"])
def test_a_comment_of_html_keeps_its_line(script):
    assert shorten(script) == script


def test_a_loop_that_counts_down_to_is_no_comment():
    assert shorten("while (n --> 0) f()") == "while(n-->0)f()"
