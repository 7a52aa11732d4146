"""The crawl finds every page: those of sitemaps, feeds, forms and fragments, and further ones of a pattern."""

import gzip
import json

import pytest

from static_smoke.checks.page_references import judge_pages, judge_references
from static_smoke.http.hosts import Hosts
from static_smoke.options import Options
from static_smoke.run import run
from tests.integration.smoke.crawling import crawl_site
from tests.integration.smoke.stack import Object, Stack, png

XML = "application/xml"


def paths(stack, result):
    """Paths and queries of the crawled pages."""
    return {it.url.removeprefix(stack.site_url.rstrip("/")) for it in result.pages if it.kind in ("page", "admin")}


def leaks(stack, result):
    """What the parser says of the pages."""
    hosts = Hosts(stack.site_url, stack.static_url, stack.media_url)
    references = [it for crawled in result.pages for it in crawled.page.references]
    facts = [*judge_pages(result.pages), *judge_references(references, hosts)]
    return {fact.url.removeprefix(stack.site_url.rstrip("/")) for fact in facts}


def add(stack: Stack, *paths: str, body: str = "") -> None:
    stack.pages |= {path: stack.page(path, body) for path in paths}


def document(stack: Stack, path: str, text: str | bytes, type: str = XML) -> None:
    stack.origin_files[path] = Object(text.encode() if isinstance(text, str) else text, type)


def urlset(stack: Stack, *paths: str, more: str = "") -> str:
    entries = "".join(f"<url><loc>{stack.site_url.rstrip('/')}{path}</loc>{more}</url>" for path in paths)
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'


def test_pages_of_a_sitemap_index_packed_sitemaps_and_robots_are_found(stack):
    add(stack, "/one/", "/zwei/", "/deux/", "/packed/", "/robots-only/")
    site = stack.site_url
    index = f"<sitemapindex><sitemap><loc>{site}a.xml</loc></sitemap><sitemap><loc>{site}b.xml.gz</loc></sitemap>"
    document(stack, "/sitemap.xml", f"{index}</sitemapindex>")
    more = f'<xhtml:link rel="alternate" hreflang="de" href="{site}zwei/"/>'
    document(stack, "/a.xml", urlset(stack, "/one/", more=more))
    document(stack, "/b.xml.gz", gzip.compress(urlset(stack, "/packed/").encode()), "application/octet-stream")
    document(stack, "/c.xml", urlset(stack, "/robots-only/"))
    document(stack, "/robots.txt", f"User-agent: *\nSitemap: {site}c.xml\n", "text/plain")
    document(stack, "/feed/", f"<rss><item><link>{site}deux/</link></item></rss>", "application/rss+xml")
    stack.pages["/"] += '<link rel="alternate" type="application/rss+xml" href="/feed/">'
    assert paths(stack, crawl_site(stack)) >= {"/one/", "/zwei/", "/packed/", "/robots-only/", "/deux/"}


def test_a_large_sitemap_is_read_within_bounds(stack, monkeypatch):
    monkeypatch.setattr("static_smoke.site.feeds.MAX_PAGES", 30)
    document(stack, "/sitemap.xml", urlset(stack, *(f"/shop/thing-{number}/" for number in range(50))))
    result = crawl_site(stack, max_objects=5)
    left = {it.reason: (it.what, it.count) for it in result.left_out}
    assert left["the sitemap names more than 30"] == ("pages", 20)
    assert left["of 1 URL pattern"] == ("objects", 23)


def test_a_sitemap_of_another_host_is_said(stack):
    document(stack, "/sitemap.xml", "<urlset><url><loc>https://example.com/</loc></url></urlset>")
    assert "the sitemap names no page of the site, but pages of example.com" in crawl_site(stack).notes


def test_the_stylesheet_of_a_sitemap_is_a_reference(stack):
    pi = '<?xml-stylesheet type="text/xsl" href="/sitemap.xsl"?>'
    document(stack, "/sitemap.xml", pi + urlset(stack, "/"))
    verdict = run(Options(stack.site_url, static=stack.static_url, media=stack.media_url))
    assert [finding.url for finding in verdict.findings] == [f"{stack.site_url}sitemap.xsl"]


def test_forms_fragments_and_other_links_are_followed(stack):
    stack.pages["/"] += (
        '<form action="/search/"><input name="q"><input type="hidden" name="in" value="all"></form>'
        '<div hx-get="/part/"></div><iframe src="/frame/"></iframe><meta http-equiv="refresh" content="9; url=/late/">'
    )
    add(stack, "/search/", "/frame/", "/late/")
    stack.pages["/part/"] = '<img src="/static/part.png">'
    result = crawl_site(stack)
    assert paths(stack, result) >= {"/search/", "/search/?q=&in=all", "/part/", "/frame/", "/late/"}
    shown = {it.url.removeprefix(stack.site_url) for it in result.for_browser()}
    assert not shown & {"part/", "frame/"}, "a browser never shows a part as a document of its own"


def test_a_fragment_needs_no_icon_and_its_leaks_are_found(stack):
    stack.pages["/"] += '<div hx-get="/part/"></div>'
    stack.pages["/part/"] = '<img src="/static/part.png">'
    assert leaks(stack, crawl_site(stack)) == {"/static/part.png"}


@pytest.mark.parametrize("name", ["{}", "cat-{}-of-mine"])
def test_every_object_of_a_pattern_is_parsed(stack, name):
    """One of many has a leak; browsers load few of them."""
    objects = [f"/photos/{name.format(number)}/" for number in range(10)]
    stack.pages["/"] += "".join(f'<a href="{path}">photo</a>' for path in objects)
    add(stack, *objects, body=f'<img src="{stack.media_url}photo-1.png">')
    stack.pages[objects[7]] = stack.page("seven", '<img src="/media/seven.png">')
    result = crawl_site(stack)
    assert leaks(stack, result) == {"/media/seven.png"}
    assert result.left_out == []
    assert len([it for it in result.for_browser() if "/photos/" in it.url]) == 1


def test_an_object_with_other_files_is_loaded_by_the_browser(stack):
    objects = [f"/photos/{number}/" for number in range(9)]
    stack.pages["/"] += "".join(f'<a href="{path}">photo</a>' for path in objects)
    add(stack, *objects, body=f'<img src="{stack.put("img/photo.png", png(77), "image/png")}" alt="">')
    own = stack.put("js/own.js", "document.title", "text/javascript")
    stack.pages[objects[8]] = stack.page("eight", f'<script src="{own}"></script>')
    loaded = [it.url.removeprefix(stack.site_url) for it in crawl_site(stack).for_browser() if "/photos/" in it.url]
    assert loaded == ["photos/0/", "photos/8/"]


def test_what_is_left_of_a_pattern_is_counted(stack):
    objects = [f"/photos/{number}/" for number in range(60)]
    stack.pages["/"] += "".join(f'<a href="{path}">photo</a>' for path in objects)
    add(stack, *objects)
    counts = {}
    for depth in ("quick", "full"):
        result = crawl_site(stack, depth=depth, max_objects=40)
        counts[depth] = [(it.what, it.count) for it in result.left_out]
    assert counts == {"quick": [("objects", 60 - 2 - 20)], "full": [("objects", 60 - 2 - 40)]}


def test_a_link_in_an_object_is_followed(stack):
    objects = [f"/photos/{number}/" for number in range(5)]
    stack.pages["/"] += "".join(f'<a href="{path}">photo</a>' for path in objects)
    add(stack, *objects, "/hidden/")
    stack.pages[objects[4]] = stack.page("four", '<a href="/hidden/">hidden</a>')
    assert "/hidden/" in paths(stack, crawl_site(stack))


def test_a_page_with_a_static_name_is_crawled_and_a_file_is_not_requested_in_this_runs_name(stack):
    stack.pages["/"] += '<a href="/wiki/node.js">node</a><a href="/media/press">press</a><a href="/static/a.pdf">a</a>'
    add(stack, "/wiki/node.js", "/media/press")
    document(stack, "/static/a.pdf", b"%PDF", "application/pdf")
    run_id = "ab" * 6
    assert paths(stack, crawl_site(stack, run=run_id)) >= {"/wiki/node.js", "/media/press"}
    lines = [json.loads(line) for line in stack.log.read_text().splitlines()]
    assert {"/wiki/node.js", "/static/a.pdf"} <= {line["uri"] for line in lines}
    assert not [line for line in lines if line["uri"] == "/static/a.pdf" and line["run"] == run_id]


def test_a_site_below_a_path_leaves_the_rest_of_its_host_alone(stack):
    add(stack, "/app/", "/app/more/", "/other/", body='<a href="/app/more/">more</a><a href="/other/">other</a>')
    result = crawl_site(stack, site=f"{stack.site_url}app/", login=("ada", "x"))
    assert paths(stack, result) == {"/app/", "/app/more/"}
    outside = {json.loads(line)["uri"] for line in stack.log.read_text().splitlines()}
    assert {uri for uri in outside if not uri.startswith("/app/")} == {"/robots.txt"}


def test_a_front_page_may_be_missing_where_a_path_is_given(stack):
    stack.pages["/start/"] = stack.pages.pop("/")
    result = crawl_site(stack, paths=("/start/",))
    assert paths(stack, result) >= {"/start/", "/gallery/"}


def test_a_shop_of_thousands_ends_within_its_bounds(stack):
    things = [f"/shop/thing-{number}/" for number in range(5000)]
    stack.pages["/"] += "".join(f'<a href="{path}">thing</a>' for path in things)
    stack.pages |= dict.fromkeys(things, stack.page("thing", ""))
    result = crawl_site(stack, max_objects=30)
    assert [(it.what, it.count) for it in result.left_out] == [("objects", 5000 - 2 - 30)]
    assert len(stack.log.read_text().splitlines()) < 120
