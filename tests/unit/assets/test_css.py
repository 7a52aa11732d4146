"""The stylesheet lexer: what is a reference, and what only looks like one."""

from pathlib import Path

import django.contrib.admin
import pytest
import tinycss2

from slipway.tool.assets import css


def found(sheet: str) -> list[tuple[str, str]]:
    return [(reference.kind, reference.url) for reference in css.references(sheet.encode())]


@pytest.mark.parametrize(
    ("sheet", "url"),
    [
        ("a{b:url(x.png)}", "x.png"),
        ("a{b:url( 'x y.png' )}", "x y.png"),
        ('a{b:URL("x.png")}', "x.png"),
        ("a{b:url(x\\ y.png)}", "x y.png"),
        ("a{b:url('x\\27 y.png')}", "x'y.png"),
        ("a{b:url('it(s).png')}", "it(s).png"),
        ("a{b:image-set('x.png' 1x)}", "x.png"),
        ("a{b:-webkit-image-set( /* c */ 'x.png' 1x)}", "x.png"),
        ("a{b:url(x.eot?#iefix)}", "x.eot?#iefix"),
        ("a{c:'/*';b:url(x.png);d:'*/'}", "x.png"),
        ("a{c:'\\'';b:url(x.png)}", "x.png"),
        ('a{b:url("x.png" crossorigin(anonymous) integrity("sha384-x"))}', "x.png"),
        ('a{b:url("x.png"format("x"))}', "x.png"),
        ("a{b:url(x.png", "x.png"),
        ("a{b:url( x.png ", "x.png"),
        ('a{b:url("x.png"', "x.png"),
        ('a{b:src("x.png")}', "x.png"),
        ("a{--b:url(x.png)}", "x.png"),
        ("a{b:url('x\\\r\ny.png')}", "xy.png"),
        ("a{b:url('x\\27\r\ny.png')}", "x'y.png"),
        ("a{b:/**/url(/**/x.png)}", "/**/x.png"),
        ("@supports (b:url(y.png)){a{b:url(x.png)}}", "x.png"),
        ("@supports-x y{b:url(x.png)}", "x.png"),
        ("@namespace url(http://www.w3.org/1999/xhtml);a{b:url(x.png)}", "x.png"),
        ("@font-face{src:local('a'),url(x.png)format('woff2')}", "x.png"),
        ("\ufeff@charset 'x';a{b:url(x.png)}", "x.png"),
        ("<!-- a{b:url(x.png)} -->", "x.png"),
    ],
)
def test_a_url_is_found_however_it_is_written(sheet, url):
    assert found(sheet) == [("url", url)]


@pytest.mark.parametrize(
    "sheet",
    [
        "/* url(x.png) */",
        "/* @import 'x.css'; */",
        "a{content:'url(x.png)'}",
        "@namespace url(x);",
        "@NAMESPACE svg 'x' /* ; */ url(x);",
        "a{b:my-src('x.png')}",
        "@supports (background:url(x.png)){}",
        "@media print{@SUPPORTS not (/*{*/(b:url('{x.png')) or (c:url(y.png))) and (d:image-set('z.png' 1x)){a{b:c}}}",
        "@supports(a:url(x.png))",
        "@-moz-document url-prefix(x){}",
        "a{content:\"@import 'x.css'\"}",
        "a{b:my-url(x.png)}",
        "a{b:url()}",
        "a{b:url(bad 'quotes'.png)}",
        "a{b:image-set(url() type('image/png'))}",
        "/* never closed url(x.png)",
        "a::after{content:'a' attr(x)}",
    ],
)
def test_what_only_looks_like_a_reference_is_left_alone(sheet):
    assert found(sheet) == []


@pytest.mark.parametrize(
    "sheet",
    ["@import 'x.css';", '@import url("x.css");', "@IMPORT url(x.css) layer(a) screen;", "@import/**/'x.css'print;"],
)
def test_an_import_is_distinguished_from_a_url(sheet):
    assert found(sheet) == [("import", "x.css")]


def test_each_string_of_an_image_set_is_a_reference_but_not_its_types():
    sheet = "a{b:image-set('a.avif' type('image/avif'), url(b.png) 2x, \"c.jpg\" 1x)} c{d:url(e.png)}"
    assert [url for _, url in found(sheet)] == ["a.avif", "b.png", "c.jpg", "e.png"]


def test_the_source_map_is_the_comment_that_names_it():
    assert found("a{} /*# sourceMappingURL=a.css.map */") == [("map", "a.css.map")]
    assert found("a{} /* see sourceMappingURL=a.css.map */") == []


def test_a_reference_knows_its_line():
    (reference,) = css.references(b"a{}\n\nb{c:url(x.png)}")
    assert reference.line(b"a{}\n\nb{c:url(x.png)}") == 3


def test_rewriting_touches_nothing_but_the_urls():
    sheet = b"@import 'a.css';/* url(a.png) */ b { c : url( \"a.png\" ) , url(data:x) }"
    rewritten = css.rewrite(sheet, lambda reference: None if ":" in reference.url else f"new-{reference.url}")
    assert rewritten == b"@import 'new-a.css';/* url(a.png) */ b { c : url( \"new-a.png\" ) , url(data:x) }"


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "layer",
        "layer(a.b)",
        "supports(display:grid) screen",
        "supports(a:url(gone.png))",
        "layer(a) supports((a:b)) print",
    ],
)
def test_an_import_may_have_conditions(rest):
    sheet = f"@import url(x.css) {rest};@import 'y.css'{rest};a{{b:url(z.png)}}"
    assert found(sheet) == [("import", "x.css"), ("import", "y.css"), ("url", "z.png")]


@pytest.mark.parametrize("sheet", ["a{}", "@media print{a{b:c}}", "a{b:'}'}", "/*{*/", "a{b:url(data:{)}", ".a\\{{}"])
def test_a_closed_stylesheet_is_balanced(sheet):
    assert css.is_balanced(sheet.encode())


@pytest.mark.parametrize("sheet", ["a{", "@media print{a{b:c}", "a{}}", "a{} /* open"])
def test_a_stylesheet_that_would_swallow_its_neighbour_is_not_balanced(sheet):
    assert not css.is_balanced(sheet.encode())


STATIC = Path(django.contrib.admin.__file__).parent / "static"


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.css")), ids=lambda path: path.name)
def test_it_finds_what_a_full_tokenizer_finds(path):
    body = path.read_bytes()
    rules = tinycss2.parse_component_value_list(body.decode())
    assert [reference.url for reference in css.references(body)] == list(_urls(rules))


def _urls(nodes):
    for node in nodes or ():
        if node.type == "url":
            yield node.value
        elif node.type == "function" and node.lower_name == "url":
            yield from (each.value for each in node.arguments if each.type == "string")
        else:
            yield from _urls(getattr(node, "arguments", None) or getattr(node, "content", None))
