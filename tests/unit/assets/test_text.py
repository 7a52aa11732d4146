"""Text reaches the CDN in UTF-8, as its Content-Type says."""

import codecs

import pytest

from slipway.tool.assets import text
from slipway.web.errors import SlipwayError

LATIN = 'a::after{content:"é €"}'.encode("cp1252")


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("a.css", b'@charset "iso-8859-1";' + LATIN, '@charset "utf-8";a::after{content:"é €"}'),
        ("a.CSS", b'@charset "windows-1252";' + LATIN, '@charset "utf-8";a::after{content:"é €"}'),
        ("a.css", '@charset "UTF-8";é'.encode(), '@charset "UTF-8";é'),
        ("a.css", '@charset "utf-16";é'.encode(), '@charset "utf-16";é'),
        ("a.css", codecs.BOM_UTF16_LE + "é".encode("utf-16-le"), "é"),
        ("a.js", codecs.BOM_UTF16_BE + "é".encode("utf-16-be"), "é"),
        ("a.js", codecs.BOM_UTF8 + "é".encode(), "\ufeffé"),
        ("a.css", b'@charset "shift_jis";' + "a{b:'日'}".encode("shift_jis"), "@charset \"utf-8\";a{b:'日'}"),
        ("a.xml", codecs.BOM_UTF16_LE + '<?xml version="1.0" encoding="UTF-16"?><svg>é'.encode("utf-16-le"), None),
        ("a.svg", '<?xml version="1.0" encoding="ISO-8859-1"?><svg>é'.encode("latin-1"), None),
    ],
)
def test_a_file_that_names_its_encoding_comes_in_utf_8(name, body, expected):
    expected = expected or '<?xml version="1.0" encoding="utf-8"?><svg>é'
    assert text.in_utf8(name, body).decode() == expected


@pytest.mark.parametrize("name", ["a.css", "a.js", "a.svg", "a.txt"])
def test_other_bytes_stay_and_are_a_warning_with_the_line(name):
    body = b"/* one */\n" + LATIN
    assert text.in_utf8(name, body) == body
    assert text.problem(f"/there/{name}", body) == f"/there/{name}:2: is not UTF-8; save it as UTF-8"


@pytest.mark.parametrize(("name", "body"), [("a.png", b"\x89PNG\xff"), ("a.css", "é".encode()), ("a.css", b"a")])
def test_what_is_no_text_or_right_is_none(name, body):
    assert text.problem(name, body) is None


@pytest.mark.parametrize(
    ("charset", "message"),
    [
        ("no-such", "/there/a.css:1: no-such is no encoding"),
        ("ascii\\x", "/there/a.css:1: "),
        ("gbk", "a.css:2: is not G"),
    ],
)
def test_a_declaration_that_does_not_fit_is_an_error(charset, message):
    with pytest.raises(SlipwayError) as error:
        text.in_utf8("/there/a.css", f'@charset "{charset}";\n'.encode() + b"\xe9\xff")
    assert message in str(error.value)
