"""Files of a bundler that no manifest lists."""

import pytest
from django.test.utils import override_settings

from slipway.tool.assets.collect import Naming
from slipway.tool.assets.naming import decide
from slipway.web.errors import SlipwayError
from tests.unit.assets.sources import sources


def naming(own, package=None):
    made = sources(own, package)
    warnings = decide(made)
    return {name: source.naming for name, source in made.items()}, warnings


def test_a_chunk_whose_name_a_script_has_in_it_is_kept_with_its_style():
    """Vite with entryFileNames: '[name].js' and no manifest."""
    found, warnings = naming(
        {
            "dist/main.js": "f=[`./assets/panel-CDzSg0_l.css`]; import(`./assets/panel-BxOyr7Zm.js`); export{a as t}",
            "dist/assets/panel-BxOyr7Zm.js": "import'../main.js'; import './shared.js'; '/i/pic-CJ_5TnjO.svg'",
            "dist/assets/panel-CDzSg0_l.css": "",
            "dist/assets/shared.js": "export {}",
            "dist/i/pic-CJ_5TnjO.svg": "",
            "dist/i/other-CJ_5TnjP.svg": "",
            "js/hand.js": "import './util.js'",
            "js/util.js": "export {}",
        }
    )
    kept = {name for name, kind in found.items() if kind is Naming.KEPT}
    assert kept == {"dist/assets/panel-BxOyr7Zm.js", "dist/assets/panel-CDzSg0_l.css", "dist/i/pic-CJ_5TnjO.svg"}
    # Each is imported by its plain name: under a second one it would run twice.
    assert found["dist/main.js"] is found["dist/assets/shared.js"] is Naming.PLAIN
    assert found["js/util.js"] is found["dist/i/other-CJ_5TnjP.svg"] is Naming.HASHED
    assert sorted(warnings) == [
        f"/there/dist/{name}:1: no hash in its name, by which dist/assets/panel-BxOyr7Zm.js imports it: it is cached "
        "for five minutes only; put [hash] into the bundler's file names"
        for name in ("assets/shared.js", "main.js")
    ]


def test_webpack_s_are_known_by_their_loader_alone():
    """It puts the names together: `(407===e?"panel":e)+"."+{242:"16d9d208"}[e]+".js"`."""
    found, _ = naming(
        {
            "w/main.js": "'ChunkLoadError'",
            "w/242.16d9d208.js": "",
            "w/css/242.947aaaa54c0e4f098d2f.css": "",
            "w/panel.js": "",
            "other/a.16d9d208.js": "",
        }
    )
    assert found == {
        "w/main.js": Naming.HASHED,
        "w/242.16d9d208.js": Naming.KEPT,
        "w/css/242.947aaaa54c0e4f098d2f.css": Naming.KEPT,
        "w/panel.js": Naming.BOTH,
        "other/a.16d9d208.js": Naming.HASHED,
    }


@pytest.mark.parametrize(
    "loader",
    ['import("./"+n.u(e)).then(t)', "import('../w/' + __webpack_require__.u(chunkId))", "import(`./${n[e]}.js`)"],
)
def test_a_loader_of_modules_keeps_the_chunks_that_have_a_hash(loader):
    """webpack with output.module, and one that no bundler is known by."""
    files = {
        "w/main.0a1b2c3d4e5f60718293.js": loader,
        "w/179.3f9a1c07be52d8846e1b.js": "import './part.93d1c07be52d8846e1b0.js'",
    }
    files |= {
        "w/part.93d1c07be52d8846e1b0.js": "",
        "index.html": "<script type=module src=/w/main.0a1b2c3d4e5f60718293.js>",
    }
    found, warnings = naming(files)
    assert {name for name, kind in found.items() if kind is Naming.KEPT} == files.keys() - {"index.html"}
    assert warnings == []


def test_a_package_s_files_have_both_names_as_ever():
    found, _ = naming({}, {"pkg/main.js": "import './part-BxOyr7Zm.js'", "pkg/part-BxOyr7Zm.js": ""})
    assert set(found.values()) == {Naming.BOTH}


def test_a_name_that_nothing_loads_is_hashed_as_any_other():
    found, _ = naming({"a.js": "", "vendor-BxOyr7Zm.js": ""})
    assert set(found.values()) == {Naming.HASHED}


def test_a_cdn_that_pulls_has_no_plain_name():
    files = {"main.js": "export {}", "panel-BxOyr7Zm.js": "import './main.js'", "a.js": "import './panel-BxOyr7Zm.js'"}
    with override_settings(SLIPWAY_PULL=True), pytest.raises(SlipwayError, match=r"main\.js:1: no hash in its name"):
        naming(files)


def test_an_image_that_is_relative_to_the_page_is_named_with_its_line():
    """esbuild without --public-path."""
    script = '\nvar t="./media/logo-UUQCYVRK.svg",u=new URL("./media/logo-UUQCYVRK.svg",import.meta.url)'
    found, warnings = naming({"e/main.js": script, "e/media/logo-UUQCYVRK.svg": ""})
    assert found["e/media/logo-UUQCYVRK.svg"] is Naming.KEPT
    assert warnings == [
        "/there/e/main.js:2: ./media/logo-UUQCYVRK.svg is relative to the page, so it is requested from the site; give "
        "the bundler the URL of its files (esbuild: --public-path)"
    ]


def test_the_first_script_of_a_page_that_a_bundler_has_written_is_kept():
    """A single-page application whose index.html is a template, or a static file."""
    page = b'<script type="module" src="https://static.example.com/assets/index-BxOyr7Zm.js"></script>'
    files = {"assets/index-BxOyr7Zm.js": "", "assets/index-CDzSg0_l.css": "", "img/4K2A9987.jpg": ""}
    made = sources(files)
    decide(made, [page, b"<img src=img/4K2A9987.jpg>"])
    found = {name: source.naming for name, source in made.items()}
    assert found == dict(zip(files, (Naming.KEPT, Naming.HASHED, Naming.HASHED), strict=True))
    found, _ = naming({**files, "index.html": '<link href="/assets/index-CDzSg0_l.css">'})
    assert found["assets/index-CDzSg0_l.css"] is Naming.KEPT
