"""Stands before Django's authenticate(), through which the admin, LoginView, DRF and allauth all ask.

A backend of its own would be the documented place. But with a second one Django asks each login() which it means, and a
project that signs people in when they register would break; and no backend hears of a password that was right.
"""

import functools
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import auth
from django.views.decorators.debug import sensitive_variables

from deploy.sign_in import client, names
from deploy.sign_in.visit import Visit, visiting

log = logging.getLogger("slipway.sign_in")
clock = time.time
# Of a name in the log.
SHOWN = 64


@dataclass(slots=True)
class Attempt:
    """One password that is tried. ``account`` and ``known_as`` are digests; ``wait`` are seconds, 0 if it may be."""

    visit: Visit
    name: str
    address: str
    account: str
    known_as: str
    at: float
    wait: float

    def tell(self, what: str, more: str = "") -> None:
        # As JSON, so that no name makes a line of its own.
        name = json.dumps(self.name[:SHOWN])
        log.warning("sign-in %s: account=%s address=%s%s", what, name, self.address or "unknown", more)


def install() -> None:
    """Puts the guard in place; before any module takes the function's name to itself."""
    if not hasattr(auth.authenticate, "guarded"):
        auth.authenticate, auth.aauthenticate = _guarded(auth.authenticate), _guarded_async(auth.aauthenticate)


def _guarded(authenticate: Callable) -> Callable:
    @functools.wraps(authenticate)
    @sensitive_variables("credentials")
    def guarded(request=None, **credentials):
        attempt = _begin(request, credentials)
        if attempt and attempt.wait:
            return None
        user = authenticate(request, **credentials)
        _end(attempt, user)
        return user

    guarded.guarded = authenticate
    return guarded


def _guarded_async(authenticate: Callable) -> Callable:
    @functools.wraps(authenticate)
    @sensitive_variables("credentials")
    async def guarded(request=None, **credentials):
        attempt = await sync_to_async(_begin)(request, credentials)
        if attempt and attempt.wait:
            return None
        user = await authenticate(request, **credentials)
        await sync_to_async(_end)(attempt, user)
        return user

    guarded.guarded = authenticate
    return guarded


@sensitive_variables("credentials")
def _begin(request: Any, credentials: Mapping[str, Any]) -> Attempt | None:
    """None where no password is tried. Nothing is hashed for one that must wait."""
    from deploy.sign_in import ledger  # models are not ready when this module is loaded

    name = names.name(credentials)
    if name is None:
        return None
    # Without the middleware (a test's own request) the argument is the request; DRF's wraps Django's.
    visit = visiting.get() or Visit(getattr(request, "_request", request), in_transaction=ledger.in_transaction())
    address = client.address(visit.request) if hasattr(visit.request, "META") else ""
    account, network = ledger.digest(names.account(name)), client.network(address)
    known_as = ledger.digest(account, network) if network else ""
    wait, at = ledger.apart(lambda: ledger.claim(account, known_as, clock), in_transaction=visit.in_transaction)
    attempt = Attempt(visit, name, address, account, known_as, at, wait)
    if attempt.wait:
        visit.wait = attempt.wait
        attempt.tell("refused", f" wait={attempt.wait:.0f}s")
    return attempt


def _end(attempt: Attempt | None, user: Any) -> None:
    from deploy.sign_in import ledger

    if attempt is None:
        return
    if user is None:
        attempt.tell("failed")
        return
    attempt.visit.wait = 0
    ledger.apart(
        lambda: ledger.settle(attempt.account, attempt.known_as, attempt.at, clock),
        in_transaction=attempt.visit.in_transaction,
    )
