"""What a web process reads of a build: the manifest, and the import map in a page."""

import json
import re

import pytest
from csp.middleware import CSPMiddleware
from django.core.exceptions import ImproperlyConfigured
from django.template import Context, Template
from django.test import RequestFactory
from django.test.utils import override_settings

from slipway.web.storage import StaticStorage
from slipway.web.templatetags import slipway
from tests.unit.assets.sources import STATIC

PATHS = {"js/app.js": "js/app.0123456789ab.js", "js/a b@2.js": "js/a b@2.ba9876543210.js"}


@pytest.fixture(autouse=True)
def manifests(tmp_path):
    staticfiles = {"paths": PATHS, "version": "1.1", "hash": "0"}
    (tmp_path / "staticfiles.json").write_text(json.dumps(staticfiles))
    preload = {"js/app.js": ["js/a b@2.js"]}
    (tmp_path / "importmap.json").write_text(json.dumps({"imports": PATHS, "preload": preload}))
    slipway._manifest.cache_clear()
    storages = {"staticfiles": {"BACKEND": "slipway.web.storage.StaticStorage"}}
    with override_settings(SLIPWAY_MANIFESTS=tmp_path, STORAGES=storages, STATIC_ROOT=tmp_path / "none"):
        yield tmp_path
    slipway._manifest.cache_clear()


def render(source: str, request=None) -> str:
    return Template("{% load slipway %}" + source).render(Context({"request": request}))


def imports(html: str) -> dict[str, str]:
    return json.loads(re.search(r">(\{.*\})</script>", html)[1])["imports"]


def test_a_url_is_on_the_cdn_and_carries_the_hash():
    assert StaticStorage().url("js/app.js") == STATIC + "js/app.0123456789ab.js"


def test_a_name_that_the_manifest_misses_is_an_error():
    with pytest.raises(ValueError, match="Missing staticfiles manifest entry"):
        StaticStorage().url("gone.js")


def test_the_import_map_maps_plain_to_hashed_urls():
    assert imports(render("{% importmap %}")) == {
        STATIC + "js/app.js": STATIC + "js/app.0123456789ab.js",
        # As a browser writes them.
        STATIC + "js/a%20b@2.js": STATIC + "js/a%20b@2.ba9876543210.js",
    }


def test_it_carries_the_nonce_of_the_page_s_policy():
    request = RequestFactory().get("/")
    CSPMiddleware(lambda _: None).process_request(request)
    assert f'<script type="importmap" nonce="{request.csp_nonce}">' in render("{% importmap %}", request)


def test_a_nonce_that_was_not_read_before_is_created():
    request = RequestFactory().get("/")
    CSPMiddleware(lambda _: None).process_request(request)
    assert re.search(r'nonce="[^"]{20,}"', render("{% importmap %}", request))


def test_a_name_cannot_end_the_script():
    with override_settings(SLIPWAY_IMPORTS={"</script>": "js/app.js"}):
        html = render("{% importmap %}")
    assert html.count("</script>") == 1
    assert "</script>" in imports(html)


def test_bare_names_lead_to_their_files():
    with override_settings(SLIPWAY_IMPORTS={"app": "js/app.js"}):
        assert imports(render("{% importmap %}"))["app"] == STATIC + "js/app.0123456789ab.js"


def test_preloading_names_the_module_and_what_it_imports():
    links = re.findall(r'<link rel="modulepreload" href="([^"]+)">', render('{% modulepreload "js/app.js" %}'))
    assert links == [STATIC + "js/app.0123456789ab.js", STATIC + "js/a b@2.ba9876543210.js"]


def test_in_development_there_is_nothing_to_map():
    with override_settings(SLIPWAY_OFFLOAD=False):
        assert render('{% importmap %}{% modulepreload "js/app.js" %}') == ""


def test_without_a_build_the_page_says_what_to_run(manifests):
    (manifests / "importmap.json").unlink()
    with pytest.raises(ImproperlyConfigured, match="is missing; run"):
        render("{% importmap %}")
