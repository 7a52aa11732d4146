"""What an answer shows: for telling two answers of one URL apart."""

import re
from urllib.parse import urlsplit

from static_smoke.http.client import Answer

_UNSEEN = re.compile(r"<(script|style|template)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
_TARGET = re.compile(r"""\s(?:href|action)\s*=\s*["']?([^"'\s>?#]+)""", re.IGNORECASE)
_MOST = 500_000  # characters: enough to tell two answers apart
_TAG = re.compile(r"<[^>]*>")


def shown(answer: Answer) -> frozenset[str]:
    """Status, redirect, each text between two tags, and the path of each link and form.

    Tokens are left out: they stand in other attributes, in queries and in scripts, and change with each answer.
    """
    found = {str(answer.status)}
    if 300 <= answer.status < 400:
        found.add(f"to {urlsplit(answer.headers.get('Location', '')).path}")
    text = _UNSEEN.sub(" ", answer.text[:_MOST])
    found |= {f"link {path}" for path in _TARGET.findall(text)}
    return frozenset({*found, *(" ".join(part.split()) for part in _TAG.split(text))} - {""})
