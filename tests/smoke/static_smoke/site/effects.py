"""Notices links that change what a page shows."""

from static_smoke.http.client import Answer
from static_smoke.http.urls import resolve
from static_smoke.site.shown import shown

# Redirects after an action; 301 and 308 are of addresses that have moved.
_AFTER_AN_ACTION = (302, 303, 307)


def may_be_an_action(answers: list[Answer], signed_in: bool, source: str) -> bool:
    """Whether a link was answered as actions are: by a redirect; signed out, by one back to its page ``source``.

    Signed out most redirects go to the login.
    """
    first = answers[0]
    if first.status not in _AFTER_AN_ACTION:
        return False
    target = resolve(first.url, first.headers.get("Location", ""))
    return target == source or (signed_in and target != f"{first.url}/")


async def has_changed(before: Answer, request) -> bool:
    """Whether a page shows something else than ``before``, twice the same. ``request``: gives its answer now."""
    now = shown(await request())
    return now != shown(before) and now == shown(await request())
