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

from slipway.web.sign_in import client, names
from slipway.web.sign_in.visit import Visit, visiting

log = logging.getLogger("slipway.sign_in")
clock = time.time
# Of a name in the log.
SHOWN = 64


@dataclass(slots=True)
class Claim:
    """A try that was taken. ``account`` and ``visitor`` are digests, ``at`` is its time; ``users`` are whom it may be
    for."""

    account: str
    visitor: str
    at: float
    users: tuple[Any, ...]


@dataclass(slots=True)
class Attempt:
    """One password that is tried. ``claims``: one for each account that is named; ``wait`` are seconds, 0 if it may."""

    visit: Visit
    names: list[str]
    address: str
    claims: list[Claim]
    wait: float = 0

    def tell(self, what: str, more: str = "") -> None:
        # As JSON, so that no name makes a line of its own.
        name = ",".join(json.dumps(each[:SHOWN]) for each in self.names)
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
    from slipway.web.sign_in import ledger  # models are not ready when this module is loaded

    said = names.names(credentials)
    if not said:
        return None
    # Without the middleware (a test's own request) the argument is the request; DRF's wraps Django's.
    visit = visiting.get() or Visit(getattr(request, "_request", request), in_transaction=ledger.in_transaction())
    address = client.address(visit.request) if hasattr(visit.request, "META") else ""
    attempt = Attempt(visit, said, address, [])
    meant: dict[str, tuple[Any, ...]] = {}
    for name in said:
        account, users = names.meant(name)
        meant[account] = (*meant.get(account, ()), *users)
    ledger.apart(lambda: _claim(attempt, meant), before=visit.in_transaction)
    if attempt.wait:
        visit.wait = attempt.wait
        attempt.tell("refused", f" wait={attempt.wait:.0f}s")
    return attempt


def _claim(attempt: Attempt, meant: Mapping[str, tuple[Any, ...]]) -> None:
    """Takes a try of each account, or of none."""
    from slipway.web.sign_in import device, ledger

    network, browser = client.network(attempt.address), device.read(attempt.visit.request, clock())
    for name, users in meant.items():
        account = ledger.digest(name)
        visitor = ledger.visitor(account, attempt.address)
        # Of two whom the name may mean one could be the visitor's own, made to be known by the other's name.
        known = ledger.knows([user.pk for user in users], network, clock())
        if browser.knows(users):
            # With tries of its own, whoever else is at its address.
            known, visitor = True, ledger.digest("device", account, browser.id)
        attempt.wait, at = ledger.claim(account, visitor, clock, known=known)
        if attempt.wait:
            break
        attempt.claims.append(Claim(account, visitor, at, users))
    else:
        return
    for claim in attempt.claims:
        ledger.withdraw(claim.account, claim.visitor, claim.at, clock)


def _end(attempt: Attempt | None, user: Any) -> None:
    from slipway.web.sign_in import ledger

    if attempt is None:
        return
    if user is None:
        attempt.tell("failed")
        return
    attempt.visit.wait, attempt.visit.user = 0, user
    ledger.apart(lambda: _settle(attempt, user), before=attempt.visit.in_transaction)


def _settle(attempt: Attempt, user: Any) -> None:
    """Gives the tries back, and the user is known at the address from now on; the middleware tells his browser."""
    from slipway.web.sign_in import ledger

    for claim in attempt.claims:
        # The password was this user's: another's whom the name may mean has been tried, and wrong.
        if all(each.pk == user.pk for each in claim.users):
            ledger.withdraw(claim.account, claim.visitor, claim.at, clock)
    network = client.network(attempt.address)
    if network:
        ledger.remember(user.pk, network, clock())
