"""Bodies are decoded as browsers do."""

import codecs

import pytest
from multidict import CIMultiDict

from static_smoke.http.charset import text
from static_smoke.http.client import Answer
from static_smoke.site.crawl import CrawlResult

PAGE = '<title>é</title><link rel="icon" href="/static/é.png">'


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (PAGE.encode(), "text/html"),
        (PAGE.encode(), "text/html; charset=utf-8"),
        (PAGE.encode("utf-8-sig"), "text/html; charset=latin-1"),
        (codecs.BOM_UTF16_LE + PAGE.encode("utf-16-le"), "text/html"),
        (codecs.BOM_UTF16_BE + PAGE.encode("utf-16-be"), "text/html; charset=utf-8"),
        (PAGE.encode("utf-16-le"), 'text/html; charset="UTF-16"'),
        (PAGE.encode("latin-1"), "text/html; charset=iso-8859-1"),
        (PAGE.encode("latin-1"), "text/html"),
        (PAGE.encode("latin-1"), "text/html; charset=unheard-of"),
    ],
)
def test_a_body_is_decoded(body, content_type):
    assert text(body, content_type) == PAGE


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (f'<meta charset="koi8-r">{"ж"}', "koi8-r"),
        (f"<meta http-equiv=content-type content='text/html; charset=shift_jis'>{'字'}", "shift_jis"),
        (f'<?xml version="1.0" encoding="iso-8859-2"?>{"ž"}', "iso-8859-2"),
        (f'@charset "windows-1251"; p::after {{ content: "{"ж"}" }}', "windows-1251"),
        (f'<meta charset="utf-16">{"ж"}', "utf-8"),
    ],
)
def test_a_body_names_its_own_encoding(body, charset):
    assert text(body.encode(charset), "") == body


def test_a_page_in_utf_16_is_read():
    found = CrawlResult()
    sent = CIMultiDict({"Content-Type": "text/html"})
    page = found.add(Answer("https://www.example.com/", 200, sent, PAGE.encode("utf-16")), "page").page
    assert page.has_icon and page.references[0].url == "https://www.example.com/static/%C3%A9.png"
