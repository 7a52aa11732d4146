"""An inline bundle is permitted by its hash, in whatever policy a page has."""

import compressor.cache
import pytest
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import override_settings

from slipway.web.errors import SlipwayError
from slipway.web.inline_bundles import InlineBundles, hashes, permitting
from tests.unit.assets.sources import STATIC
from tests.unit.assets.template_trees import A, L, Tree, css, js

NONE = {"script": (), "style": ()}
MORE = {"script": ("'sha256-s'",), "style": ("'sha256-t'",)}
POLICIES = {
    "default-src 'self'": "default-src 'self'; script-src 'self' 'sha256-s'; style-src 'self' 'sha256-t'",
    "default-src 'none'": "default-src 'none'; script-src 'sha256-s'; style-src 'sha256-t'",
    "script-src 'nonce-x' https:": "script-src 'nonce-x' https: 'sha256-s'",
    # 'unsafe-inline' is of effect without a hash or a nonce only.
    "script-src 'unsafe-inline'; style-src 'self'": "script-src 'unsafe-inline'; style-src 'self' 'sha256-t'",
    "script-src 'unsafe-inline' 'nonce-x'": "script-src 'unsafe-inline' 'nonce-x' 'sha256-s'",
    "script-src 'unsafe-inline' 'strict-dynamic'": "script-src 'unsafe-inline' 'strict-dynamic' 'sha256-s'",
    "script-src-elem 'self'; script-src a.example": "script-src-elem 'self' 'sha256-s'; script-src a.example",
    "Script-Src 'NONE'": "script-src 'sha256-s'",
    "img-src 'self'; upgrade-insecure-requests;": "img-src 'self'; upgrade-insecure-requests",
    "script-src 'sha256-s'": "script-src 'sha256-s'",
    "script-src a.example; script-src b.example": "script-src a.example 'sha256-s'",
}


@pytest.mark.parametrize("policy", POLICIES)
def test_the_hashes_are_in_the_directive_that_judges(policy):
    assert permitting(policy, MORE) == POLICIES[policy]


def test_the_hash_is_that_of_the_text_as_browsers_read_it():
    # printf 'a\nb' | openssl dgst -sha256 -binary | base64
    expected = "'sha256-fhj3NzEbLcOy8mndeDlrA1HxT7Zu+oefdoyyMYGIPHg='"
    assert hashes(["<script>a\r\nb</script>"])["script"] == (expected,)


def test_what_is_loaded_or_no_element_has_no_hash():
    assert hashes(['<script src="/a.js"></script>', '<link rel="stylesheet" href="/a.css">']) == {
        "script": (),
        "style": (),
    }


def test_a_static_url_in_a_block_is_hashed_as_the_page_has_it():
    (there,) = hashes(["<style>a{b:url(/__compressor_url_placeholder__/c.svg)}</style>"])["style"]
    assert (there,) == hashes([f"<style>a{{b:url({STATIC}c.svg)}}</style>"])["style"]


def test_a_page_has_the_hashes_of_the_bundles_that_it_shows(site):
    made = site(Tree({"page.html": L + js(A, "inline ") + css("<style>a { b: c }</style>", "inline ")}))
    manifest = made.ours().manifest
    (page,) = made.served(manifest).values()
    compressor.cache._offline_manifest = manifest
    policy = "default-src 'self', script-src 'nonce-x'"
    headers = {"Content-Security-Policy": policy, "Content-Security-Policy-Report-Only": "style-src 'self'"}
    answer = InlineBundles(lambda request: HttpResponse(page, headers=headers))(RequestFactory().get("/"))
    both = hashes([page])
    assert all(len(each) == 1 for each in both.values())
    (script,), (style,) = both["script"], both["style"]
    assert answer.headers["Content-Security-Policy"] == (
        f"default-src 'self'; script-src 'self' {script}; style-src 'self' {style},script-src 'nonce-x' {script}"
    )
    assert answer.headers["Content-Security-Policy-Report-Only"] == f"style-src 'self' {style}"


def test_a_page_without_a_policy_gets_none(monkeypatch):
    monkeypatch.setattr(compressor.cache, "_offline_manifest", {"key": "<script>1</script>"})
    answer = InlineBundles(lambda request: HttpResponse("x"))(RequestFactory().get("/"))
    assert "Content-Security-Policy" not in answer.headers


def test_a_site_without_such_a_block_does_without(monkeypatch):
    monkeypatch.setattr(compressor.cache, "_offline_manifest", {"key": '<script src="/a.js"></script>'})
    with pytest.raises(MiddlewareNotUsed):
        InlineBundles(lambda request: None)


def test_a_site_whose_middleware_is_set_below_the_settings_line_is_rejected(site):
    made = site(Tree({"page.html": "\n" + L + js(A, "inline ")}))
    line = r"page\.html:2: {% compress js %}: inline needs slipway.web.inline_bundles.InlineBundles, which"
    with override_settings(MIDDLEWARE=[]), pytest.raises(SlipwayError, match=line):
        made.ours()
