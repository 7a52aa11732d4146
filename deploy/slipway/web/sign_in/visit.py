"""The request that is being answered: authenticate() is often asked without it, or with another library's."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest


@dataclass(slots=True)
class Visit:
    """``wait``: seconds until this visitor may try a password again, 0 if none was refused. ``user``: whose password
    was right. ``in_transaction``: the databases that had one open when the request came, as in a test."""

    request: HttpRequest | None
    in_transaction: frozenset[str]
    wait: float = 0
    user: Any = None


visiting: ContextVar[Visit | None] = ContextVar("visiting", default=None)
