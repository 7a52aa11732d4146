"""Check P reads all the places where a page may name a file."""

import pytest

from static_smoke.checks.page_references import is_leak, judge_feeds, judge_references
from static_smoke.http.hosts import Hosts
from static_smoke.http.urls import resolve
from static_smoke.parse import css, metadata, modules, strings
from static_smoke.parse.elements import srcset
from static_smoke.parse.page import parse
from static_smoke.parse.reference import Reference

SITE = "https://www.example.com/"


def urls(html: str) -> set[str]:
    return {reference.url.removeprefix(SITE) for reference in parse(SITE, html).references}


@pytest.mark.parametrize(
    "html",
    [
        '<img src="/static/a.png">',
        '<img srcset="/static/a.png 2x">',
        '<picture><source srcset="/static/a.png 100w, https://cdn.example.com/b.png 200w"></picture>',
        '<video poster="/static/a.png"></video>',
        '<object data="/static/a.png"></object>',
        '<link rel="preload" as="image" href="/x" imagesrcset="/static/a.png 1x">',
        '<link rel="apple-touch-icon" href="/static/a.png">',
        '<base href="/static/"><img src="a.png">',
        '<p style="background: url(/static/a.png)">',
        "<style>@media print { p { background: url('/static/a.png') } }</style>",
        '<style>p { background: image-set("/static/a.png" 2x) }</style>',
        '<meta property="og:image" content="/static/a.png">',
        '<meta name="twitter:image" content="/static/a.png">',
        '<meta name="msapplication-TileImage" content="/static/a.png">',
        '<noscript><img src="/static/a.png"></noscript>',
        '<template><img src="/static/a.png"></template>',
        '<iframe srcdoc="&lt;img src=/static/a.png&gt;"></iframe>',
        '<svg><image href="/static/a.png"/></svg>',
        '<img data-src="/static/a.png">',
        '<script type="application/ld+json">{"@type": "X", "image": {"url": "/static/a.png"}}</script>',
        '<script type="application/ld+json">[{"logo": ["/static/a.png"]}]</script>',
    ],
)
def test_every_way_of_naming_a_picture_is_found(html):
    assert "static/a.png" in urls(html)


@pytest.mark.parametrize(
    "html",
    [
        '<script src="/static/a.js"></script>',
        '<script type="module">import "/static/a.js";</script>',
        '<script type="module">import {b} from "/static/a.js";</script>',
        '<script type="importmap">{"imports": {"a": "/static/a.js"}}</script>',
        '<link rel="modulepreload" href="/static/a.js">',
    ],
)
def test_every_way_of_naming_a_script_is_found(html):
    assert "static/a.js" in urls(html)


def test_link_headers_are_read():
    page = parse(SITE, "<p>", ["</static/a.css>; rel=preload; as=style, </next/>; rel=next"])
    assert [(it.url, it.kind, it.how) for it in page.references] == [(SITE + "static/a.css", "style", "Link header")]


def test_data_urls_fragments_and_mail_ask_for_nothing():
    assert urls('<img src="data:,x"><a href="#top"></a><a href="mailto:a@example.com"></a>') == set()


@pytest.mark.parametrize(
    ("html", "has_icon"),
    [
        ('<link rel="icon" href="data:,">', True),
        ('<link rel="shortcut icon" href="https://cdn.example.com/i.png">', True),
        ('<link rel="apple-touch-icon" href="/i.png">', False),
        ('<noscript><link rel="icon" href="/i.png"></noscript>', False),
        ("", False),
    ],
)
def test_an_icon_is_one_that_a_browser_takes(html, has_icon):
    assert parse(SITE, f"<head>{html}</head>").has_icon is has_icon


def test_srcset_urls_may_hold_commas():
    assert list(srcset("a,b.png 1x, c.png 2x,d.png 3x")) == ["a,b.png", "c.png", "d.png"]


def test_stylesheets_are_read_by_token():
    sheet = """
    @namespace svg url(http://www.w3.org/2000/svg);
    @import "a.css" screen; @import url(b.css);
    @font-face { src: local("x"), url(c.woff2) format("woff2") }
    p { background: image-set("d.avif" type("image/avif"), url(e.png) 2x); content: "url(no.png)" }
    /* url(no.png) */
    @supports (display: grid) { q { mask: url(f.svg#x); & b { cursor: url("g.cur"), auto } } }
    """
    found = ["a.css", "b.css", "c.woff2", "d.avif", "e.png", "f.svg#x", "g.cur"]
    assert list(css.stylesheet_urls(sheet)) == found


@pytest.mark.parametrize(
    "sheet",
    [
        "@layer base { p { background: url(a.png) } }",
        "@layer a, b; p { background: url(a.png) }",
        '@import "x.css" layer(a) supports(display: grid) screen; @layer a.b { q { mask: url(a.png) } }',
        "@layer { @media print { p { & b { background: url(a.png) } } } }",
        "@media print { @layer x { p { background: url(a.png) } } }",
        "p { @layer x; background: url(a.png) }",
        "p { @layer x { background: url(a.png) } }",
        "@container card (width > 1px) { p { background: url(a.png) } }",
        "@scope (.card) to (.inner) { img { background: url(a.png) } }",
        "@supports (mask: none) { p { @media print { background: url(a.png) } } }",
        "@starting-style { p { background: url(a.png) } }",
        "p { @starting-style { background: url(a.png) } }",
        "@property --x { syntax: '<image>'; inherits: false; initial-value: url(a.png) }",
        "@layer base { @font-face { src: local('x'), url(a.png) format('woff2') } }",
        "@counter-style x { symbols: url(a.png) }",
        "@page { background: url(a.png); @top-left { content: url(a.png) } }",
        ":root { --x: url(a.png) }",
        "p { background: -webkit-image-set(url(a.png) 1x) }",
        "p { background: cross-fade(url(a.png) 50%, red) }",
        "p { background: image('a.png', red) }",
        "p { background: URL( 'a.png' ) }",
        "p { background: src('a.png') }",
        "p { background: u\\72l(a.png) }",
        "p { background: url(a\\.png) }",
        "p { background: url(a.png",
        "p { color: red } } q { background: url(a.png) }",
        "<!-- p { background: url(a.png) } -->",
    ],
)
def test_every_rule_of_a_stylesheet_is_read(sheet):
    assert "a.png" in css.stylesheet_urls(sheet)


def imports(code: str) -> list[str]:
    script = strings.Script(SITE, SITE, SITE, "<script>", modules.ImportMap())
    return [it.url for it in strings.of_script(code, script) if it.kind == "module"]


def test_imports_are_found_and_quoted_ones_are_not():
    script = """
    // import "no.js"
    /* import x from "no.js" */
    import a from "./a.js"; import * as b from './b.js'; import {c, d as e} from "./c.js";
    import "./d.js"; export * from "./e.js"; export {f} from "./f.js"; import("./g.js");
    const text = `import "no.js"`; const other = "import 'no.js'"; x.import("no.js");
    export const name = "no.js";
    import def, {g} from "./h.js"
    """
    assert imports(script) == [f"{SITE}{name}.js" for name in "abcdefgh"]


def test_minified_imports_are_found():
    script = 'import{a as b}from"./a.js";import c from"./b.js";export{d}from"./c.js";'
    assert imports(script) == [f"{SITE}{name}.js" for name in "abc"]


def test_an_import_map_decides_by_url_prefix_and_scope():
    table = modules.ImportMap()
    table.add(
        '{"imports": {"./a.js": "./a.1.js", "lib/": "https://cdn.example.com/lib/"},'
        ' "scopes": {"/old/": {"./a.js": "./a.0.js"}}}',
        SITE,
    )
    assert table.resolve(SITE, "./a.js") == f"{SITE}a.1.js"
    assert table.resolve(f"{SITE}old/x.js", "/a.js") == f"{SITE}a.0.js"
    assert table.resolve(SITE, "lib/x.js") == "https://cdn.example.com/lib/x.js"
    assert table.resolve(SITE, "bare") is None
    assert table.resolve(SITE, "./b.js") == f"{SITE}b.js"


def test_a_manifest_names_icons_screenshots_and_shortcut_icons():
    text = '{"icons": [{"src": "a"}], "screenshots": [{"src": "b"}], "shortcuts": [{"icons": [{"src": "c"}]}]}'
    assert list(metadata.manifest_urls(text)) == ["a", "b", "c"]


def reference(url: str, kind: str = "image") -> Reference:
    return Reference(url, SITE, "<x>", kind)


@pytest.mark.parametrize(
    ("url", "kind", "leaks"),
    [
        ("/static/a.css", "style", True),
        ("/captcha/1/", "image", True),
        ("/static/manual.pdf", "link", True),
        ("/photo.jpg", "link", True),
        ("/invoices/1.pdf", "link", False),
        ("/gallery/", "link", False),
        ("/admin/jsi18n/", "script", False),
        ("/jsi18n/", "script", False),
        ("/favicon.ico", "image", True),
    ],
)
def test_what_is_static_at_the_origin(url, kind, leaks):
    hosts = Hosts(SITE)
    assert is_leak(reference(resolve(SITE, url), kind), hosts) is leaks


def test_the_bare_domain_is_the_origin_too():
    facts = list(judge_references([reference("https://example.com/a.png")], Hosts(SITE)))
    assert [fact.url for fact in facts] == ["https://example.com/a.png"]


def test_feeds_and_image_sitemaps_are_read():
    feed = f"<image:loc>{SITE}media/a.jpg</image:loc><loc>{SITE}photos/1/</loc>"
    assert [fact.url for fact in judge_feeds({SITE: feed}, Hosts(SITE))] == [f"{SITE}media/a.jpg"]


@pytest.mark.parametrize("written", ["{{ photo.url }}", "${photo}", "<%= photo %>", "[[ photo ]]", "{% url %}"])
def test_a_placeholder_of_a_template_is_no_url(written):
    page = parse(SITE, f"<template><img src='{written}'><a href='{written}'>a</a></template>")
    assert (page.references, page.links) == ([], [])
    page = parse(SITE, f"<template><img src='/static/{written}.png'></template><img src='{written}'>")
    assert len(page.references) == 2, "a leak whatever is filled in, and what a browser requests as it is written"


def test_a_data_attribute_that_names_a_folder_is_no_file():
    folder, file = parse(SITE, '<p data-src="/tags/node.png/"><p data-src="/tags/node.png">').references
    hosts = Hosts(SITE, "https://static.example.com/")
    assert (is_leak(folder, hosts), is_leak(file, hosts)) == (False, True)
