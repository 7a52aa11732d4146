"""Deployments that are broken by exactly one change, and the expected findings of the proof."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from tests.integration.smoke.deployment import Deployment

Change = Callable[[Deployment], Iterator[dict | None]]


@dataclass(frozen=True, slots=True)
class Broken:
    """One change and its checks.

    ``change`` is a block, undone at its end; what it yields are further options of the run. ``by``: the checks that
    must fail; ``may``: those that may see the same fault. ``url``, ``place`` and ``says`` are parts of the URL, the
    place and the words of a finding of each of ``by``, or of each by its letter. ``fix``: a part of the first one's
    fix. ``browser``: False where the change is nothing that a browser could meet, which spares the run its dearest
    check.
    """

    change: Callable[[Deployment], AbstractContextManager[dict | None]]
    by: str
    url: str | dict[str, str]
    place: str | dict[str, str]
    says: str | dict[str, str]
    may: str = ""
    fix: str = ""
    browser: bool = True


CASES: dict[str, Broken] = {}


def broken(name: str, **expected: str | bool | dict[str, str]) -> Callable[[Change], Change]:
    """Registers a change under its number."""

    def register(change: Change) -> Change:
        CASES[name] = Broken(contextmanager(change), **expected)
        return change

    return register
