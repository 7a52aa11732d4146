"""Names with a hash in them already, as bundlers write them."""

import pytest

from slipway.tool.assets.bundlers.carried_hash import hashed, is_hashed

# Vite 8, webpack 5, esbuild, Rollup and others have written these.
BUNDLERS = [
    "assets/main-CmtE_pzv.css",
    "assets/pic-BE5KPl_z.svg",
    "assets/tl9FS61D.svg",
    "assets/index-B1gW-dAt.js",
    "assets/_plugin-vue_export-helper-DlAUqK2U.js",
    "assets/worker-Dz04Kb20.js.map",
    "main.32a254affc0efa565312.js",
    "main.732c5bbcf0c55b1c8384.css.map",
    "242.16d9d208.js",
    "f7a52964b414f0b842e3.svg",
    "static/js/787.28cb0dcd.chunk.js",
    "main.a1b2c3.js",
    "chunk-7XQZ4K2M.js",
    "index.9fceb8d2.js",
    "chunks/panel-JOPXBOQ4.js",
    "chunk-UAKDFKWB.js",
]
OTHERS = [
    "main.js",
    "assets/main.css",
    "main.bundle.js",
    "jquery-3.7.1.min.js",
    "hero-carousel.png",
    "panel-HeroView.js",
    "team-section2.js",
    "vendors-node_modules_react_index_js.js",
    "fa-solid-900.woff2",
    "icon-192x192.png",
    "logo@2x.png",
    "242.js",
    "map.es2015.js",
    "bootstrap.bundle.min.js",
    "LICENSE",
    "src_panel_js.js",
    "report-2024-11-30.pdf",
    "inter-v13-latin-regular.woff2",
]


@pytest.mark.parametrize("name", BUNDLERS)
def test_a_bundler_s_name_carries_one(name):
    assert is_hashed(name)
    assert hashed([name]) == {name}


@pytest.mark.parametrize("name", OTHERS)
def test_a_person_s_name_carries_none(name):
    assert not is_hashed(name)


def test_what_a_bundler_adds_to_its_own_name_is_a_hash_whatever_it_looks_like():
    assert is_hashed("assets/main-abcdefgh.js", {"main"})
    assert is_hashed("assets/logo-CjnAYYVR.svg", {"logo"})
    assert not is_hashed("assets/main-abcdefgh.js")


def test_a_bundler_s_own_name_has_none_whatever_it_looks_like():
    assert not is_hashed("assets/main-D4cc5Dd6.js", {"main-D4cc5Dd6"})


def test_of_an_unknown_file_a_date_is_no_hash():
    assert is_hashed("report-20241130.pdf")
    assert hashed(["report-20241130.pdf"]) == set()


def test_what_looks_like_a_word_is_a_hash_where_another_has_one_in_the_same_form():
    chunks = {"a/panel-D4cc5Dd6.js", "a/other-abcdefgh.js", "w/1.28cb0dcd.js", "w/2.83920174.js"}
    assert hashed([*chunks, "a/main.js", "b/other-abcdefgh.js", "a/other.abcdefgh.js", "w/3.1234567.js"]) == chunks
