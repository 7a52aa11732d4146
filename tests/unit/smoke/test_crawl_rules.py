"""Which URLs the crawl requests: robots.txt, patterns, what is set aside, and what an answer shows."""

import pytest
from multidict import CIMultiDict

from static_smoke.http.client import Answer
from static_smoke.http.hosts import Hosts
from static_smoke.options import Options, parse
from static_smoke.site import feeds
from static_smoke.site.follow import ASIDE, Follow
from static_smoke.site.pages import CrawlResult
from static_smoke.site.patterns import SIBLINGS, SIBLINGS_AT_TOP, Patterns
from static_smoke.site.robots import Robots
from static_smoke.site.shown import shown
from static_smoke.site.visit import asks_for_login

SITE = "https://www.example.com/"


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/a/", True),
        ("User-agent: *\nDisallow: /a", "/abc/", False),
        ("User-agent: *\nDisallow:", "/a/", True),
        ("user-agent: *\ndisallow: /a/ # private", "/a/b", False),
        ("User-agent: one\nUser-agent: *\nDisallow: /a/", "/a/", False),
        ("User-agent: *\nDisallow: /a/\nUser-agent: two\nDisallow: /b/", "/b/", True),
        ("User-agent: *\nDisallow: /a/\nAllow: /a/b/", "/a/b/c", True),
        ("User-agent: *\nAllow: /a/\nDisallow: /a/", "/a/", True),
        ("User-agent: *\nDisallow: /*.php$", "/x/y.php", False),
        ("User-agent: *\nDisallow: /*.php$", "/x/y.php5", True),
        ("User-agent: *\nDisallow: /*?sort=", "/list/?sort=up", False),
        ("User-agent: *\nDisallow: /caf%C3%A9/", "/café/", False),
        ("User-agent: *\nAllow: /\nUser-agent: Slipway-Smoke\nDisallow: /a/", "/a/", False),
        ("Disallow: /a/", "/a/", True),
        ("<html>not found</html>", "/a/", True),
    ],
)
def test_robots(text, path, allowed):
    assert Robots(text).allows(SITE.rstrip("/") + path) is allowed


def test_what_the_owner_names_is_allowed_and_what_a_longer_rule_says_of_it_still_holds():
    robots = Robots("User-agent: *\nDisallow: /\nDisallow: /admin/empty/", ["/admin/"])
    assert [robots.allows(SITE + path) for path in ("other/", "admin/", "admin/list/", "admin/empty/")] == [
        False,
        True,
        True,
        False,
    ]


def test_numbers_and_long_names_of_hexadecimal_digits_are_one_pattern():
    of = Patterns().of
    assert of(SITE + "photos/17/edit/") == of(SITE + "photos/4/edit/") == "/photos/*/edit/"
    assert of(SITE + "f/0123456789abcdef") == "/f/*"
    assert of(SITE + "photos/my-cat/") == "/photos/my-cat/"


def test_many_siblings_on_one_page_are_one_pattern():
    patterns = Patterns()
    patterns.learn(f"{SITE}shop/a-{number}/" for number in range(SIBLINGS - 1))
    assert patterns.of(SITE + "shop/a-1/") == "/shop/a-1/"
    patterns.learn(f"{SITE}shop/a-{number}/" for number in range(SIBLINGS))
    assert patterns.of(SITE + "shop/else/parts/") == "/shop/*/parts/"
    patterns.learn(f"{SITE}2024/{month}/post-{month}/" for month in range(SIBLINGS))
    assert patterns.of(SITE + "2025/3/other/") == "/*/*/*/"


@pytest.mark.parametrize("top", ["/", "/app/"])
def test_a_menu_is_no_pattern(top):
    patterns, base = Patterns(top), SITE.rstrip("/") + top
    patterns.learn(f"{base}page-{number}/" for number in range(SIBLINGS_AT_TOP - 1))
    assert patterns.of(f"{base}page-1/") == f"{top}page-1/"
    patterns.learn(f"{base}page-{number}/" for number in range(SIBLINGS_AT_TOP))
    assert patterns.of(f"{base}page-1/") == f"{top}*/"


def follow():
    return Follow(Options(SITE), Hosts(SITE), CrawlResult())


def test_what_is_set_aside_takes_its_pattern_and_its_name_with_it():
    rules = follow()
    rules.set_aside(SITE + "cart/4/empty/", "changes the cart")
    urls = ("cart/4/empty/", "cart/5/empty/", "list/empty/", "cart/4/", "empty-rooms/")
    assert [rules.why_not(SITE + url) for url in urls] == [ASIDE, ASIDE, ASIDE, "", ""]


def test_the_top_of_a_host_is_not_a_site_below_a_path():
    rules = Follow(Options(f"{SITE}app/"), Hosts(f"{SITE}app/"), CrawlResult())
    inside = [SITE + path for path in ("app/", "app/a/", "", "apple/", "admin/")]
    assert [url for url in inside if rules.is_inside(url)] == inside[:2]


def test_a_site_below_a_path_ends_with_a_slash():
    assert parse(["--site", "https://e.example/app"]).site == "https://e.example/app/"
    assert parse(["--site", "https://e.example"]).site == "https://e.example/"
    assert parse(["--site", "https://e.example/app?lang=de"]).site == "https://e.example/app?lang=de"


def answer(text, status=200, **headers):
    return Answer(SITE, status, CIMultiDict({"Content-Type": "text/html", **headers}), text.encode())


def test_tokens_make_no_difference_and_words_do():
    page = '<form action="/x/?t={0}"><input name="csrf" value="{0}"></form><script>var t="{0}"</script><p>{1}</p>'
    assert shown(answer(page.format(1, "Ada"))) == shown(answer(page.format(2, "Ada")))
    assert shown(answer(page.format(1, "Ada"))) != shown(answer(page.format(1, "")))
    assert shown(answer("")) != shown(answer("", 302, Location="/login/"))


def test_a_redirect_that_takes_the_path_along_asks_for_a_login():
    asked = [Answer(f"{SITE}a/", 302, CIMultiDict({"Location": "/login/?next=%2Fa%2F"})), answer("")]
    assert asks_for_login(asked)
    assert not asks_for_login([Answer(f"{SITE}a/", 302, CIMultiDict({"Location": "/?from=b"})), answer("")])


def test_the_pages_of_feeds_and_sitemaps():
    text = (
        "<urlset><url><loc> /a/?x=1&amp;y=2 </loc><xhtml:link rel='alternate' href='/b/'/></url></urlset>"
        "<rss><link>/c/</link><item><link><![CDATA[/d/]]></link></item></rss><feed><link href='/e/'/></feed>"
        "<sitemapindex><sitemap><loc>/f.xml</loc></sitemap></sitemapindex>"
    )
    found = [url.removeprefix(SITE.rstrip("/")) for url in feeds.pages(SITE, text)]
    assert found == ["/a/?x=1&y=2", "/c/", "/d/", "/b/", "/e/"]
