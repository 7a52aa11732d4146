"""Strings of scripts and JSON: which are literals, which may be URLs, and what the origin's answer makes of them."""

import pytest
from multidict import CIMultiDict

from static_smoke.checks import strings
from static_smoke.http.allowed import allow
from static_smoke.http.client import Answer
from static_smoke.http.hosts import Hosts
from static_smoke.parse.javascript import literals
from static_smoke.parse.modules import ImportMap
from static_smoke.parse.page import parse
from static_smoke.parse.reference import Asked, Reference
from static_smoke.parse.strings import Script, of_json, of_script
from static_smoke.rules import Rule

SITE = "https://www.example.com/"
PAGE = f"{SITE}photos/1/"
APP = "https://static.example.com/js/app.js"
HOSTS = Hosts(SITE, "https://static.example.com/", "https://media.example.com/")


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("'a' + \"b\"", ["a", "b"]),
        ('\'it\\\'s\' + "say \\"x\\""', ["it's", 'say "x"']),
        ("'\\x2fa\\u002fb\\u{2f}c\\/d'", ["/a/b/c/d"]),
        ("'a\\\nb'", ["ab"]),
        ("// 'no'\n'a' /* 'no' */ + 'b'", ["a", "b"]),
        ("/'/.test('a')", ["a"]),
        ("x = /[/']/g; 'a'", ["a"]),
        ("x = a / b / 'c'.length", ["c"]),
        ("(a + b) / 2; c / 'd'", ["d"]),
        ("if (a) /'/.test('b')", ["b"]),
        ("while (f('a')) /[\"']/.exec('b')", ["a", "b"]),
        ("return /'/.test('a')", ["a"]),
        ("x.return / 2; 'a' / 3", ["a"]),
        ("x++ / 2; 'a' / 3", ["a"]),
        ("{ } /'/.test('a')", ["a"]),
        ("a /* b */ / 'c' / d", ["c"]),
        ("`a`", ["a"]),
        ("`a${b}c`", ["a", "c"]),
        ("`a${`b${'c'}d`}e`", ["a", "b", "c", "d", "e"]),
        ("`${{a: '}'}.a}b`", ["", "}", "b"]),
        ("`a\\`\\${b`", ["a`${b"]),
        ("`it's ${/[`]/.test('b')}`; 'c'", ["it's ", "b", "", "c"]),
        ("x = {a: 1}; y = `${x}` / 'b'.length", ["", "", "b"]),
        ("<!-- 'no'\n'a'", ["a"]),
        ("'open\n'a'", ["a"]),
        ("`open", ["open"]),
    ],
)
def test_the_literals_of_a_script(code, found):
    assert [literal.text for literal in literals(code)] == found


def references(code: str, **place) -> list[Reference]:
    script = Script(**{"url": APP, "base": PAGE, "place": APP, "name": "the script", "importmap": ImportMap(), **place})
    return list(of_script(code, script))


@pytest.mark.parametrize(
    ("code", "url"),
    [
        ("x = './late.png'", f"{PAGE}late.png"),
        ("fetch('late.json')", f"{PAGE}late.json"),
        ("import('./part.js')", "https://static.example.com/js/part.js"),
        ("new URL('./a.wasm', import.meta.url)", "https://static.example.com/js/a.wasm"),
        ("new Worker(new URL('./w.js', import.meta.url))", "https://static.example.com/js/w.js"),
        ("new Worker('w.js')", f"{PAGE}w.js"),
        ("new URL('/static/a.png', document.baseURI)", f"{SITE}static/a.png"),
        ("import /* webpackChunkName: 'no' */ ('./part.js')", "https://static.example.com/js/part.js"),
    ],
)
def test_what_a_string_is_relative_to(code, url):
    assert [it.url for it in references(code)] == [url]


def test_a_string_has_its_line_and_column_in_the_page():
    html = "<!doctype html>\r\n<p>/static/a.png</p>\r\n<script>\r\n  late =\n    '/static/a.png'</script>"
    assert [it.how for it in parse(SITE, html).strings] == ["a string in <script>, line 5, column 5"]
    html = '<p>\n<script type="application/json">{"a":\n "/static/a.png"}</script>'
    assert [it.how for it in parse(SITE, html).strings] == [
        'a string in <script type="application/json">, line 3, column 2'
    ]
    assert [it.how for it in references("x;\n y = '/static/a.png'")] == ["a string in the script, line 2, column 6"]


def test_markup_in_json_is_read():
    script = Script(PAGE, PAGE, PAGE, "<script>", ImportMap())
    text = '{"html": "<img src=\\"\\/static\\/a.png\\">", "css": "url(\'/static/b.png\')"}'
    assert {it.url for it in of_json(text, script)} == {f"{SITE}static/a.png", f"{SITE}static/b.png"}


def a_string(url: str, asked: Asked = Asked.PATH, **more) -> Reference:
    return Reference(url, APP, "a string in the script, line 1, column 2", "string", maybe=True, asked=asked, **more)


def test_the_origin_is_asked_once_a_url_and_for_the_surest_first():
    found = [
        a_string(f"{SITE}chart.js", Asked.NAME),
        a_string(f"{SITE}static/a.png"),
        a_string(f"{SITE}static/a.png", Asked.NAME),
        a_string(f"{SITE}photos/"),
        a_string(f"{SITE}static/b.png"),
        a_string(f"{SITE}static/", head=True),
        a_string(f"{SITE}static/js/"),
        a_string(f"{SITE}a.png", head=True),
        a_string("https://static.example.com/a.png"),
        a_string("https://example.net/a.png"),
        a_string(f"{SITE}sw.js"),
        a_string(f"{SITE}badge.svg"),
    ]
    hosts = Hosts(SITE, HOSTS.static, HOSTS.media, (allow("/badge.svg", "drawn"),))
    asked = strings.candidates(found, hosts, {f"{SITE}static/b.png"})
    assert [it.url for it in asked] == [
        f"{SITE}{name}" for name in ("static/a.png", "static/", "static/js/", "chart.js")
    ]


@pytest.mark.parametrize(
    ("url", "asked", "status", "headers", "becomes"),
    [
        ("static/a.png", Asked.PATH, 200, {"Content-Type": "image/png"}, Rule.WRITTEN_MAYBE),
        ("media/a.png", Asked.PATH, 200, {"Content-Type": "image/png"}, Rule.WRITTEN_MEDIA),
        ("a.png", Asked.NAME, 200, {"Content-Type": "image/png"}, Rule.WRITTEN_MAYBE),
        ("static/a", Asked.PATH, 206, {"Content-Type": "application/octet-stream"}, Rule.WRITTEN_MAYBE),
        ("static/a.png", Asked.PATH, 302, {"Location": "https://static.example.com/a.png"}, Rule.WRITTEN_MAYBE),
        ("a.png", Asked.NAME, 301, {"Location": "/static/a.png"}, Rule.WRITTEN_MAYBE),
        ("static/a.png", Asked.PATH, 404, {"Content-Type": "text/html"}, "maybe"),
        ("static/a.png", Asked.PATH, 200, {"Content-Type": "text/html"}, "maybe"),
        ("static/a.png", Asked.PATH, 302, {"Location": "/login/?next=/static/a.png"}, "maybe"),
        ("static/a.png", Asked.PATH, 0, {}, "maybe"),
        ("img/a.png", Asked.PATH, 404, {}, "maybe"),
        ("static/js/", Asked.PATH, 404, {"Content-Type": "text/html"}, "maybe"),
        ("media/press/", Asked.PATH, 200, {"Content-Type": "text/html"}, None),
        ("media/sign/", Asked.PATH, 405, {}, None),
        ("media/mine/", Asked.PATH, 302, {"Location": "/login/"}, None),
        ("node_modules/a.js", Asked.PATH, 404, {}, None),
        ("a.png", Asked.NAME, 404, {}, None),
    ],
)
def test_the_answer_decides(url, asked, status, headers, becomes):
    result = strings.Answered()
    answer = Answer(SITE + url, status, CIMultiDict(headers), error="" if status else "no answer")
    strings.judge(a_string(SITE + url, asked), answer, HOSTS, result)
    assert [fact.rule for fact in result.facts] == ([becomes] if isinstance(becomes, Rule) else [])
    assert [maybe.url for maybe in result.maybes] == ([SITE + url] if becomes == "maybe" else [])
