"""ES modules and what they import."""

import pytest
from django.test.utils import override_settings

from slipway.tool.assets.scripts import javascript
from slipway.tool.assets.scripts.modules import scan
from slipway.web.errors import SlipwayError
from tests.unit.assets.sources import hashed


def modules(own, package=None, bare=None):
    return scan(hashed(own, package), bare or {})


def test_every_module_and_all_it_imports_is_mapped_and_no_classic_script():
    found = modules(
        {
            "js/app.js": "import { b } from './b.js'; import('../lazy.mjs'); import './effect.js';",
            "js/b.js": "export { c } from './c.js'; export const b = 1;",
            "js/c.js": "export const c = import.meta.resolve('./data.json');",
            "js/data.json": "{}",
            "js/effect.js": "window.effect = 1;",
            "lazy.mjs": "1",
            "js/classic.js": "// import './gone.js'\nlog('export const x = 1', /import '.\\/gone.js'/)",
        }
    )
    assert list(found.imports) == ["js/app.js", "js/b.js", "js/c.js", "js/data.json", "js/effect.js", "lazy.mjs"]


def test_a_template_is_a_name_and_one_with_gaps_is_all_names_that_fit():
    files = {
        "js/a.js": "addEventListener('click', () => import(`./effect.js`)); export {}",
        "js/effect.js": "document.body.dataset.effect = 1",
        "js/classic.js": "import(`./lang/${code}.js`); import('./themes/' + name + '.js')",
        "js/lang/de.js": "",
        "js/lang/en.js": "",
        "js/lang/notes.txt": "",
        "js/themes/dark/one.js": "",
        "js/other.js": "",
    }
    names = ["js/a.js", "js/effect.js", "js/lang/de.js", "js/lang/en.js", "js/themes/dark/one.js"]
    assert list(modules(files).imports) == names


def test_data_and_stylesheets_are_imported_and_not_preloaded():
    files = {
        "a.js": "import x from './x.json' with {type: 'json'}; import s from './s.css' with {type: 'css'}; export {}",
        "x.json": "{}",
        "s.css": "",
    }
    found = modules(files)
    assert (list(found.imports), found.preload) == (["a.js", "s.css", "x.json"], {})


def test_circles_of_imports_are_fine():
    files = {"a.js": "import './b.js'; export const a = 1", "b.js": "import './a.js'; export const b = 1"}
    found = modules(files)
    assert list(found.imports) == ["a.js", "b.js"]
    assert found.preload == {"a.js": ["b.js"], "b.js": ["a.js"]}


def test_a_module_keeps_its_bytes():
    script = "import './b.js'; import './a.js'; export const a = 1"
    assert hashed({"a.js": script, "b.js": ""})["a.js"].body.decode() == script


def test_preloading_covers_what_is_needed_at_once_however_deep():
    found = modules(
        {"a.js": "import './b.js'; import('./z.js')", "b.js": "import './c.js'", "c.js": "", "z.js": "export {}"}
    )
    assert found.preload["a.js"] == ["b.js", "c.js"]


@pytest.mark.parametrize(
    "script",
    [
        "import {\n  a\n} from './gone.js'",
        "export * from './gone.js'",
        "export {}; import('./gone.js')",
        "export {}; import(`./gone.js`)",
    ],
)
def test_a_module_that_imports_a_missing_file_is_an_error(script):
    with pytest.raises(SlipwayError, match=r"/there/a\.js:\d: imports \./gone\.js, which does not exist"):
        modules({"a.js": script})


def test_a_classic_script_that_imports_a_missing_file_is_a_warning():
    """A library may import what it can do without."""
    assert modules({"a.js": "import('./gone.js'); import('fs')"}).warnings == [
        "/there/a.js:1: imports ./gone.js, which does not exist"
    ]


def test_an_import_with_the_wrong_case_says_the_right_one():
    with pytest.raises(SlipwayError, match=r"did you mean js/Menu\.js\?"):
        modules({"js/a.js": "import './menu.js'", "js/Menu.js": "export {}"})


def test_a_package_s_module_is_mapped_when_one_of_ours_imports_it_and_may_be_broken():
    found = modules({"a.js": "import '/static/pkg/b.js'"}, {"pkg/b.js": "import './gone.js'", "pkg/c.js": "export {}"})
    # From the root of the CDN host too, as the import says.
    assert list(found.imports) == ["a.js", "pkg/b.js", "static/pkg/b.js"]
    assert found.imports["static/pkg/b.js"] == found.imports["pkg/b.js"]
    assert found.warnings == ["/there/pkg/b.js:1: imports ./gone.js, which does not exist"]


def test_a_bare_name_is_followed_where_the_settings_name_its_file():
    found = modules({"a.js": "import 'lit'", "vendor/lit.js": "import './base.js'", "vendor/base.js": ""}, None,
                    {"lit": "vendor/lit.js"})  # fmt: skip
    assert list(found.imports) == ["a.js", "vendor/base.js", "vendor/lit.js"]
    assert found.warnings == []


def test_a_bare_name_without_a_file_is_a_warning():
    assert modules({"a.js": "import 'lit'"}).warnings == [
        "/there/a.js:1: lit is a bare name; name its file in SLIPWAY_IMPORTS"
    ]


def test_bare_names_without_files_are_one_warning_a_script():
    assert modules({"a.js": "\nimport 'lit'; import 'vue'; import('fs')"}).warnings == [
        "/there/a.js:2: lit is a bare name (and 1 more); name its file in SLIPWAY_IMPORTS"
    ]


def test_a_module_with_a_hash_in_its_name_needs_no_entry_in_the_map():
    files = {
        "app.js": "import './dist/main-C1aa2Bb3.js'",
        "dist/main-C1aa2Bb3.js": "import './part-D4cc5Dd6.js'; new URL('logo-E7ee8Ff9.svg', import.meta.url)",
        "dist/part-D4cc5Dd6.js": "export {}",
        "dist/logo-E7ee8Ff9.svg": "<svg/>",
    }
    with override_settings(SLIPWAY_HASHED=["dist/*"]):
        found = modules(files)
    assert list(found.imports) == ["app.js"]
    assert found.preload["dist/main-C1aa2Bb3.js"] == ["dist/part-D4cc5Dd6.js"]


def test_urls_of_other_hosts_are_not_checked():
    assert list(modules({"a.js": "import 'https://elsewhere.example/x.js'"}).imports) == ["a.js"]


@pytest.mark.parametrize(
    "script",
    [
        "import './a.js'",
        "\ufeffimport './a.js'",
        "/* licence */import'./a.js'",
        "'use strict';import{a}from'./a.js'",
        "let x = 1\n  import * as a from './a.js'",
        "let x = 1\u2028import './a.js'",
        "// a comment\rimport './a.js'",
        "function f() {} import './a.js'",
        "#!/usr/bin/env node\nimport './a.js'",
        "let x = 1;\u00a0import/**/a from './a.js'",
        "let imports = exports; export * from './a.js'",
        "export{a}from'./a.js'",
        'let a = "import x";\nexport default a',
        "export const a = 1",
        "export async function f() {}",
        "import ü from './a.js'",
        "import \\u0061 from './a.js'",
        "import" + " " * 300 + "'./a.js'",
        ";" + " " * 300 + "import './a.js'",
    ],
)
def test_what_a_statement_may_look_like_makes_a_module(script):
    found = modules({"b.js": script.encode(), "a.js": b""})
    assert "b.js" in found.imports


@pytest.mark.parametrize(
    "script",
    [
        "import('./a.js')",
        "let a = import.meta",
        "// to import it\nvar a",
        "var a = 'x; import y'",
        "`\nimport './a.js'\n`",
        "/*\nexport default 1\n*/",
        "module.exports = exported",
        "a.import\n('b')",
    ],
)
def test_a_classic_script_with_the_word_is_none(script):
    found = modules({"b.js": script.encode(), "a.js": b""})
    assert "b.js" not in found.imports


def test_no_script_is_parsed_for_a_word_that_begins_no_statement(monkeypatch):
    def parse(script):
        raise AssertionError("parsed")

    monkeypatch.setattr(javascript, "parse", parse)
    words = b"/* to export it */ a.import = 'import x', exports = imports; a.import('./a.js')" * 100
    assert modules({"b.js": words}).imports == {}
