"""What a server answered, in a phrase: the exception, the title, the target of a redirect, or why nothing came."""

import pytest
from multidict import CIMultiDict

from static_smoke.http.client import Answer
from static_smoke.parse.error_page import describe

DEBUG = """<html><head><title>OperationalError
          at /login/</title></head><body><h1>OperationalError</h1>
<pre class="exception_value">no such table: &quot;auth_user&quot;
LINE 1</pre></body></html>"""
TEXT = "OperationalError at /login/\nno such table\n\nRequest Method: POST"


@pytest.mark.parametrize(
    ("status", "headers", "body", "said"),
    [
        (
            500,
            {"Content-Type": "text/html"},
            DEBUG,
            'answered 500: OperationalError: no such table: "auth_user" LINE 1',
        ),
        (500, {"Content-Type": "text/plain"}, TEXT, "answered 500: OperationalError: no such table"),
        (500, {"X-Exception": "KeyError: 'name'"}, "", "answered 500: KeyError: 'name'"),
        (502, {"Content-Type": "text/html"}, "<title>502 Bad Gateway</title>", "answered 502: 502 Bad Gateway"),
        (500, {"Content-Type": "text/html"}, "<title></title>", "answered 500"),
        (503, {}, "", "answered 503"),
        (302, {"Location": "https://other.example/"}, "", "answered 302 to https://other.example/"),
        (200, {"Content-Type": "text/html"}, "<title>Sign in</title>", "answered 200"),
    ],
)
def test_what_a_server_answered(status, headers, body, said):
    assert describe(Answer("https://www.example.com/", status, CIMultiDict(headers), body.encode())) == said


def test_why_a_server_did_not_answer():
    answer = Answer("https://www.example.com/", 0, CIMultiDict(), error="Cannot connect")
    assert describe(answer) == "did not answer: Cannot connect"


def test_a_phrase_stays_short():
    answer = Answer("https://www.example.com/", 500, CIMultiDict({"X-Error": "x" * 5000}))
    assert len(describe(answer)) < 250
