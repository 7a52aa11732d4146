"""What a server answered, in a phrase for the person who has to find out why."""

import re
from html import unescape

from static_smoke.http.client import Answer

# Django's debug page as HTML and as text, and a header that a server adds to its error responses.
_VALUE = re.compile(r'<pre class="exception_value">(.*?)</pre>', re.DOTALL)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL | re.IGNORECASE)
_TEXT = re.compile(r"(\w+) at \S+\n(.+)")
_HEADER = re.compile(r"x-.*(exception|error)", re.IGNORECASE)
_MOST = 200  # characters


def describe(answer: Answer) -> str:
    """ "answered 500: OperationalError: no such table", "answered 302 to /login/", or why there is no answer."""
    if answer.status == 0:
        return f"did not answer: {answer.error}"
    if 300 <= answer.status < 400:
        return f"answered {answer.status} to {answer.headers.get('Location', 'nowhere')}"
    said = _said(answer) if answer.status >= 400 else ""
    return f"answered {answer.status}" + (f": {said}" if said else "")


def _said(answer: Answer) -> str:
    named = [value for name, value in answer.headers.items() if _HEADER.fullmatch(name)]
    text = answer.text[:200_000]
    if named:
        said = named[0]
    elif answer.type == "text/plain" and (found := _TEXT.match(text)):
        said = f"{found[1]}: {found[2]}"
    elif found := _TITLE.search(text):
        said = unescape(found[1])
        if value := _VALUE.search(text):
            # "OperationalError at /login/"
            said = f"{said.split()[0]}: {unescape(value[1])}"
    else:
        said = ""
    return " ".join(said.split())[:_MOST]
