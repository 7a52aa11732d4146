"""Bundles behave like their single files."""

import re

import pytest
import quickjs
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.test.utils import override_settings

from slipway.tool.assets.blocks import bundles
from slipway.tool.assets.blocks.templates import all_templates
from slipway.web.errors import SlipwayError
from tests.unit.assets.sources import STATIC, hashed

FILTERS = {
    "css": ["compressor.filters.css_default.CssAbsoluteFilter", "compressor.filters.cssmin.rCSSMinFilter"],
    "js": ["slipway.tool.assets.blocks.minify.JsFilter"],
}


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    """Bundles one block of these files and inline parts; gives each bundle's text, in order."""

    def bundle(kind: str, *parts: str | tuple[str, str]) -> list[str]:
        files = {f"{kind}/{part[0]}": part[1] for part in parts if isinstance(part, tuple)}
        files |= {"img/sea.svg": "<svg/>"}
        made = hashed(files)
        names = {name: file.name for name, file in made.items()}
        monkeypatch.setattr(StaticFilesStorage, "url", lambda self, name: STATIC + names[name])
        tags = [_tag(kind, part) for part in parts]
        page = "{% load static compress %}{% compress " + kind + " %}" + "\n".join(tags) + "{% endcompress %}"
        path = tmp_path / "page.html"
        path.write_text(page)
        engine = {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [tmp_path], "APP_DIRS": True}
        with override_settings(
            TEMPLATES=[engine], COMPRESS_FILTERS=FILTERS, COMPRESS_ENABLED=True, COMPRESS_CSS_HASHING_METHOD=None
        ):
            found = bundles.compress({file.name: file for file in made.values()}, all_templates())
        (html,) = found.manifest.values()
        return [found.files[name].decode() for name in re.findall(r"CACHE/[\w./]+", html)]

    return bundle


def _tag(kind: str, part: str | tuple[str, str]) -> str:
    if isinstance(part, tuple):
        name = f"{{% static '{kind}/{part[0]}' %}}"
        return f'<script src="{name}"></script>' if kind == "js" else f'<link rel="stylesheet" href="{name}">'
    return f"<script>{part}</script>" if kind == "js" else f"<style>{part}</style>"


def run(*scripts: str) -> quickjs.Context:
    context = quickjs.Context()
    for script in scripts:
        context.eval(script)
    return context


def test_a_missing_semicolon_does_not_call_the_neighbour(bundle):
    (script,) = bundle("js", ("a.js", "var a = function () { return 1 }"), ("b.js", "(function () { b = a })()"))
    assert run(script).eval("typeof b") == "function"


def test_a_comment_at_the_end_of_a_file_does_not_hide_the_next(bundle):
    (script,) = bundle("js", ("a.js", "a = 1 //! kept"), ("b.js", "(function () { b = 2 })()"))
    assert run(script).eval("a + b") == 3


def test_strict_mode_of_one_file_does_not_reach_its_neighbours(bundle):
    parts = [
        ("a.js", "'use strict'; var a = (function () { return this === undefined })()"),
        ("b.js", "undeclared = 1; var b = (function () { return this === undefined })()"),
        ("c.js", "/* c */ 'use strict'; function c() { return this === undefined }"),
    ]
    scripts = bundle("js", *parts)
    assert len(scripts) == 3
    assert run(*scripts).eval("[a, b, c()].join()") == "true,false,true"


def test_files_of_one_mode_share_a_bundle(bundle):
    (script,) = bundle("js", ("a.js", "'use strict'; let a = 1"), ("b.js", "'use strict'; let b = a + 1"))
    assert run(script).eval("b") == 2


ENDS = ["a = 1 // c", "a = 1 <!-- c", "a = 1\n--> c", "a = /\\*\\//.test('*/') ? 1 : 2", "a = 1", "#!/bin/x\na = 1"]


@pytest.mark.parametrize("name", ["a.js", "a.min.js", "a.MIN.JS"])
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("begin", ["/x/.test('x') && (b = 2)", "`x${b = 2}`", "(b = 2)", "[b = 2]", "#!/bin/x\nb = 2"])
def test_a_script_may_end_and_the_next_begin_with_anything(bundle, name, end, begin):
    (script,) = bundle("js", (name, end), ("b.js", begin))
    assert run(script).eval("a + b") == 3


def test_a_hashbang_is_a_comment_at_the_beginning_alone(bundle):
    (script,) = bundle("js", ("a.js", "a = 1"), ("b.MIN.JS", "#!/bin/x\nb  =  2"))
    assert script == "a=1;\n\nb  =  2;"


def test_an_empty_script_and_an_empty_stylesheet_are_taken(bundle):
    assert run(*bundle("js", ("a.js", ""), ("b.js", "b = 1"))).eval("b") == 1
    assert bundle("css", ("a.css", ""), ("b.css", "b{c:d}")) == ["b{c:d}"]


def test_a_minified_file_is_left_as_it_is_but_for_its_source_map(bundle):
    (script,) = bundle("js", ("a.min.js", "var  a=1\n//# sourceMappingURL=gone.map"), "var  b = 2")
    assert script == "var  a=1;\nvar b=2;"


def test_a_charset_ends_with_its_file(bundle):
    """In the middle of a bundle it would be an invalid rule, and hide the next one."""
    sheets = bundle("css", ("a.css", '@charset "utf-8";a{b:"é"}'), ("b.css", '\ufeff@charset "utf-8";\r\nc{d:e}\r\n'))
    assert sheets == ['a{b:"é"}c{d:e}']


@pytest.mark.parametrize("kind", ["css", "js"])
def test_text_that_is_not_utf_8_is_named_with_its_file_and_line(bundle, kind):
    with pytest.raises(SlipwayError) as error:
        bundle(kind, (f"a.{kind}", b"/* one */\n/* \xe9 */"))
    assert str(error.value).endswith(f"/there/{kind}/a.{kind}:2: is not UTF-8; save it as UTF-8")


def test_a_charset_of_the_tag_is_that_of_its_file(bundle, monkeypatch):
    tag = "<script charset='latin1' src=\"{% static 'js/a.js' %}\"></script>"
    monkeypatch.setattr(f"{__name__}._tag", lambda *_: tag)
    assert bundle("js", ("a.js", b"a = '\xe9'")) == ["a='é';"]


@pytest.mark.parametrize("name", ["a b.css", "a&b.css", "é.css", "x" * 240 + ".css"])
def test_a_file_of_any_name_is_bundled(bundle, name):
    assert bundle("css", (name, "a{b:c}")) == ["a{b:c}"]


def test_urls_of_a_stylesheet_are_absolute_and_hashed(bundle):
    (sheet,) = bundle("css", ("a.css", "a{b:url(../img/sea.svg);c:image-set('../img/sea.svg' 1x)}"))
    assert len(re.findall(STATIC + r"img/sea\.[0-9a-f]{12}\.svg", sheet)) == 2


@pytest.mark.parametrize("kind", ["text/css", "TEXT/CSS", "text/css; charset=utf-8", ""])
def test_a_stylesheet_s_type_may_be_written_in_any_way(bundle, monkeypatch, kind):
    tag = f'<link rel="stylesheet" type="{kind}" href="{{% static \'css/a.css\' %}}">'
    monkeypatch.setattr(f"{__name__}._tag", lambda *_: tag)
    assert bundle("css", ("a.css", "a{b:c}")) == ["a{b:c}"]


def test_compiled_stylesheets_are_joined_by_what_was_compiled(bundle, monkeypatch, tmp_path):
    """A comment of Sass is none of CSS: its apostrophe would open a string, and its brace a block."""
    tag = '<link rel="stylesheet" type="text/x-scss" href="{% static \'css/NAME\' %}">'
    tags = iter(tag.replace("NAME", name) for name in ("a.scss", "b.scss"))
    monkeypatch.setattr(f"{__name__}._tag", lambda *_: next(tags))
    sources = ("a.scss", "// it's {\na{b:url(../img/sea.svg)}"), ("b.scss", "c{d:e}")
    with override_settings(
        COMPRESS_PRECOMPILERS=(("text/x-scss", "sed '/^...it/d'"),), STATIC_ROOT=tmp_path / "static"
    ):
        (sheet,) = bundle("css", *sources)
    assert re.fullmatch(rf"a{{b:url\({STATIC}img/sea\.[0-9a-f]{{12}}\.svg\)}}c{{d:e}}", sheet)


def test_a_stylesheet_that_has_no_compiler_is_named(bundle, monkeypatch):
    tag = '<link rel="stylesheet" type="text/less" href="{% static \'css/a.less\' %}">'
    monkeypatch.setattr(f"{__name__}._tag", lambda *_: tag)
    with pytest.raises(SlipwayError, match='type="text/less" has no compiler in COMPRESS_PRECOMPILERS'):
        bundle("css", ("a.less", "@a: b;"))


def test_a_selector_or_text_that_looks_like_a_url_stays(bundle):
    (sheet,) = bundle("css", ("a.css", 'img[src="sea.svg"]{content:"url(sea.svg)"}'))
    assert sheet == 'img[src="sea.svg"]{content:"url(sea.svg)"}'


def test_a_stylesheet_with_an_import_begins_a_bundle(bundle):
    sheets = bundle("css", ("a.css", "a{b:c}"), ("b.css", "@import url(a.css);d{e:f}"), ("c.css", "g{h:i}"))
    assert len(sheets) == 2
    assert re.match(rf'@import url\(["\']?{STATIC}css/a\.[0-9a-f]{{12}}\.css["\']?\);d\{{e:f\}}g', sheets[1])


@pytest.mark.parametrize("namespace", ["@namespace svg url(http://www.w3.org/2000/svg);", '@Namespace "x";'])
def test_a_stylesheet_with_a_namespace_stays_alone(bundle, namespace):
    """It counts for all rules of a stylesheet, and only before them."""
    sheets = bundle("css", ("a.css", "a{b:c}"), ("b.css", namespace + "d{e:f}"), ("c.css", "g{h:i}"))
    assert [sheet[-6:] for sheet in sheets] == ["a{b:c}", "d{e:f}", "g{h:i}"]


def test_a_stylesheet_with_an_open_block_does_not_swallow_the_next(bundle):
    assert len(bundle("css", ("a.css", "@media print{a{b:c}"), ("b.css", "d{e:f}"))) == 2


def test_an_inline_style_with_a_relative_url_is_rejected(bundle):
    with pytest.raises(SlipwayError, match=r"an inline style refers to \.\./img/sea\.svg; write it with {% static %}"):
        bundle("css", "a{b:url(../img/sea.svg)}")


def test_an_inline_style_with_a_static_url_is_fine(bundle):
    (sheet,) = bundle("css", "a{b:url({% static 'img/sea.svg' %})}")
    assert STATIC + "img/sea." in sheet


@pytest.mark.parametrize("kind", ["module", "application/json", "text/template"])
def test_a_block_holds_only_classic_scripts(bundle, kind):
    with pytest.raises(SlipwayError, match=f'a script of type="{kind}" would become a classic script'):
        bundle("js", f'</script><script type="{kind}">1')


def test_a_plain_name_below_static_url_is_found_too(bundle):
    (script,) = bundle("js", f'</script><script src="{STATIC}js/a b.js">', ("a b.js", "a = 1"))
    assert script.count("a=1") == 2


def test_a_plain_name_that_does_not_exist_is_rejected(bundle):
    line = r"page\.html:1: {% compress js %}: js/b\.js does not exist; did you mean js/a\.js\?"
    with pytest.raises(SlipwayError, match=line):
        bundle("js", f'</script><script src="{STATIC}js/b.js">', ("a.js", "a = 1"))
