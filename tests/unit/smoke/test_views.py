"""What allows the URLs of a view: the variable part of a name is a *, and the rest stays."""

import pytest
from multidict import CIMultiDict

from static_smoke.checks.views import _judge, _pattern
from static_smoke.http.client import Answer

SITE = "https://www.example.com"


@pytest.mark.parametrize(
    ("paths", "pattern"),
    [
        (["/badge.svg"], "/badge.svg"),
        (["/badge-v2.svg", "/badge-v2.svg"], "/badge-v2.svg"),
        (["/qr/?data=1", "/qr/?data=2"], "/qr/"),
        (["/invoice/3.pdf"], "/invoice/*.pdf"),
        (["/chart-917235.svg"], "/chart-*.svg"),
        (["/chart-1.svg", "/chart-2.svg"], "/chart-*.svg"),
        (["/captcha/image/0446c00cf7d11e0307aefa9077fa976756d99e98/"], "/captcha/image/*/"),
        (["/u/3f2504e0-4f89-11d3-9a0c-0305e82c3301/avatar.png"], "/u/*/avatar.png"),
        (["/t/aB3-_xYz09QwErTyUi/x.png"], "/t/*/x.png"),
        (["/my-long-page-name-of-today/a.png"], "/my-long-page-name-of-today/a.png"),
        # What everything would match is exact.
        (["/12345.png"], "/12345.png"),
        # A character that no pattern takes is any text.
        (["/chart(3)/a=b.svg"], "/chart*3*/a*b.svg"),
    ],
)
def test_a_pattern_is_as_wide_as_the_urls_differ(paths, pattern):
    assert _pattern([SITE + path for path in paths]) == pattern


FILE = {"Last-Modified": "Mon, 30 Nov 2026 10:00:00 GMT", "ETag": '"6564a1b2-1f4"'}


@pytest.mark.parametrize(
    ("headers", "bodies", "says"),
    [
        (FILE, (b"a", b"a"), ""),
        (FILE, (b"a", b"b"), "differ each time"),
        ({"ETag": 'W/"6564a1b2-1f4"'}, (b"a", b"a"), ""),
        ({"ETag": '"0cc175b9c0f1b6a831c399e269772661"'}, (b"a", b"a"), "no file's Last-Modified and ETag"),
        ({}, (b"a", b"a"), "no file's Last-Modified and ETag"),
        (FILE | {"Cache-Control": "private, max-age=0"}, (b"a", b"a"), "Cache-Control: private, max-age=0"),
        (FILE | {"Vary": "Accept, Cookie"}, (b"a", b"a"), "Vary: Cookie"),
        (FILE | {"Content-Disposition": "attachment"}, (b"a", b"a"), "Content-Disposition: attachment"),
    ],
)
def test_a_view_is_known_by_its_headers_or_by_other_bytes(headers, bodies, says):
    first, second = (Answer(SITE, 200, CIMultiDict(headers), body) for body in bodies)
    evidence = _judge(first, second).evidence
    assert bool(evidence) is bool(says) and says in evidence
