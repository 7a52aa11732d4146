"""Which links of a page a crawler follows: every GET of another page, none that announces an effect."""

import pytest

from static_smoke.parse.page import parse

PAGE = "https://www.example.com/list/"


def parsed(markup):
    return parse(PAGE, f"<!doctype html><title>t</title>{markup}")


def paths(urls):
    return [url.removeprefix("https://www.example.com") for url in urls]


@pytest.mark.parametrize(
    ("markup", "found"),
    [
        ('<a href="/a/">a</a><area href="b/">', ["/a/", "/list/b/"]),
        ('<link rel="next" href="?page=2"><link rel="alternate" hreflang="de" href="/de/">', ["/list/?page=2", "/de/"]),
        ('<link rel="amphtml" href="/amp/">', ["/amp/"]),
        ('<meta http-equiv="Refresh" content="3; URL=\'/next/\'">', ["/next/"]),
        ("""<button onclick="location.href = '/a/'">a</button>""", ["/a/"]),
        ("""<div onclick="window.open('/b/')">b</div>""", ["/b/"]),
        ('<form action="/search/#top"><input name="q"></form>', ["/search/"]),
        (
            '<form action="/find/?old=1"><input type="hidden" name="in" value="a b"><select name="by"><option>x'
            '<option value="y" selected>Y</select><input type="submit" name="go" value="go"></form>',
            ["/find/", "/find/?in=a+b&by=y", "/find/?in=a+b&by=x"],
        ),
        ('<form action="/f/"><input type="checkbox" name="all"></form>', ["/f/", "/f/?all=on"]),
        ('<form><input type="hidden" name="a" value="1"></form>', ["/list/?a=1"]),
    ],
)
def test_a_link_to_a_page_is_followed(markup, found):
    assert paths(parsed(markup).links) == found


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="/x/" download>x</a>',
        '<a href="/x/" data-method="delete">x</a>',
        '<a href="/x/" data-turbo-method="post">x</a>',
        '<a href="/x/" up-method="put">x</a>',
        '<a href="/x/" hx-post="/x/">x</a>',
        '<button data-hx-delete="/x/" hx-get="/x/">x</button>',
        '<a href="/x/" data-confirm="Really?">x</a>',
        '<button hx-get="/x/" hx-confirm="Really?">x</button>',
        """<a href="/x/" onclick="return confirm('Really?')">x</a>""",
        '<form method="post" action="/x/"><input name="q"></form>',
        '<form method="dialog" action="/x/"></form>',
        '<form action="/x/"><input type="password" name="p"></form>',
        """<form action="/x/" onsubmit="return confirm('Really?')"></form>""",
        '<link rel="stylesheet" href="/x/"><link rel="alternate stylesheet" href="/x/">',
    ],
)
def test_what_announces_an_effect_is_not(markup):
    page = parsed(markup)
    assert (page.links, page.fragments, page.feeds) == ([], {}, [])


def test_a_link_that_asks_crawlers_to_stay_away_is_known_and_not_followed():
    page = parsed('<a rel="noopener nofollow" href="/x/">x</a>')
    assert (page.links, paths(page.nofollow)) == ([], ["/x/"])


def test_parts_of_a_page_are_requested_as_their_script_does_it():
    page = parsed(
        '<div hx-get="/a/"></div><div data-hx-get="/b/"></div><button up-href="/c/"></button>'
        '<turbo-frame id="box" src="/d/"></turbo-frame><iframe src="/e/"></iframe>'
        '<form action="/f/" data-w-swap-src-value="/f/"></form>'
    )
    assert {url.removeprefix("https://www.example.com"): headers for url, headers in page.fragments.items()} == {
        "/a/": {"HX-Request": "true"},
        "/b/": {"HX-Request": "true"},
        "/c/": {"X-Up-Version": "3"},
        "/d/": {"Turbo-Frame": "box"},
        "/e/": {},
        "/f/": {"X-Requested-With": "XMLHttpRequest"},
    }
    assert page.links == []


def test_feeds_and_search_descriptions_are_known():
    page = parsed(
        '<link rel="alternate" type="application/rss+xml" href="/rss/"><link rel="search" href="/search.xml">'
    )
    assert paths(page.feeds) == ["/rss/", "/search.xml"]


def test_a_form_with_many_options_asks_for_some():
    options = "".join(f"<option>{number}" for number in range(100))
    page = parsed(f'<form action="/f/"><select name="n">{options}</select></form>')
    assert len(page.links) == 22
