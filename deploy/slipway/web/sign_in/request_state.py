"""The current request: authenticate() is often called without it, or with another library's."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest


@dataclass(slots=True)
class RequestState:
    """``wait``: seconds until this visitor may try a password again, 0 if none was rejected. ``user``: who has signed
    in. ``in_transaction``: the databases that had a transaction open when the request came, as in a test."""

    request: HttpRequest | None
    in_transaction: frozenset[str]
    wait: float = 0
    user: Any = None


current: ContextVar[RequestState | None] = ContextVar("current", default=None)
