"""A page of a package without an icon: the fix names the template to override."""

import pytest

from static_smoke.checks import netlog, page_references
from static_smoke.checks.netlog import Sent
from static_smoke.http.client import Answer
from static_smoke.http.hosts import Hosts
from static_smoke.parse.page import parse
from static_smoke.site.pages import CrawledPage

SITE = "https://www.example.com/"
CDN = "https://static.example.com"


@pytest.mark.parametrize(
    ("loads", "names"),
    [
        (["/admin/css/base.0123456789ab.css"], "{% block extrahead %} of your templates/admin/base_site.html"),
        (["/rest_framework/css/default.css"], "{% block meta %} of your templates/rest_framework/api.html"),
        (["/admin/css/base.css", "/unfold/css/styles.css"], 'UNFOLD["SITE_FAVICONS"]'),
        (["/css/own.css"], '<link rel="icon"> with a CDN URL'),
    ],
)
def test_the_fix_names_the_template_that_a_project_overrides(loads, names):
    links = "".join(f'<link rel="stylesheet" href="{CDN}{path}">' for path in loads)
    crawled = CrawledPage(Answer(SITE, 200, {}), parse(SITE, f"<!doctype html><head>{links}</head>"), "page")
    (written,) = page_references.judge_pages([crawled])
    (hidden,) = netlog.judge([Sent(f"{SITE}favicon.ico", "", SITE, False)], [crawled], Hosts(SITE, CDN))
    assert all(names in (fact.fix or fact.rule.fix) for fact in (written, hidden))
