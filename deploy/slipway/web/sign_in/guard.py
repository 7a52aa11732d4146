"""Wraps Django's authenticate(), which the admin, LoginView, DRF and allauth all call.

A backend of its own would be the documented place. But with a second one each call of login() has to name its backend,
which would break a project that signs people in when they register; and no backend learns that a password was right.
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
from slipway.web.sign_in.request_state import RequestState, current

log = logging.getLogger("slipway.sign_in")
clock = time.time
# Characters of a name in the log.
LOGGED = 64


@dataclass(slots=True)
class Claim:
    """A try that was counted. ``account`` and ``visitor`` are digests, ``at`` is its time; ``users`` are those that the
    name may mean."""

    account: str
    visitor: str
    at: float
    users: tuple[Any, ...]


@dataclass(slots=True)
class Attempt:
    """One call of authenticate(). ``claims``: one for each account that is named; ``wait``: seconds, 0 if allowed."""

    state: RequestState
    names: list[str]
    address: str
    claims: list[Claim]
    wait: float = 0

    def log(self, result: str, more: str = "") -> None:
        # As JSON, so that a name cannot add a line of its own.
        name = ",".join(json.dumps(each[:LOGGED]) for each in self.names)
        log.warning("sign-in %s: account=%s address=%s%s", result, name, self.address or "unknown", more)


def install() -> None:
    """Wraps authenticate() and aauthenticate(); call it before any module imports them by name."""
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
    """None where no password is tried. For one that must wait, no password is hashed."""
    from slipway.web.sign_in import database  # models are not ready when this module is loaded

    entered = names.names(credentials)
    if not entered:
        return None
    # Without the middleware (a test's own request) the argument is the request; DRF's wraps Django's.
    state = current.get() or RequestState(getattr(request, "_request", request), database.in_transaction())
    address = client.address(state.request) if hasattr(state.request, "META") else ""
    attempt = Attempt(state, entered, address, [])
    accounts: dict[str, tuple[Any, ...]] = {}
    for name in entered:
        account, users = names.resolve(name)
        accounts[account] = (*accounts.get(account, ()), *users)
    database.outside_transaction(lambda: _claim(attempt, accounts), before=state.in_transaction)
    if attempt.wait:
        state.wait = attempt.wait
        attempt.log("rejected", f" wait={attempt.wait:.0f}s")
    return attempt


def _claim(attempt: Attempt, accounts: Mapping[str, tuple[Any, ...]]) -> None:
    """Counts a try of each account, or of none."""
    from slipway.web.sign_in import database, device

    network, browser = client.network(attempt.address), device.read(attempt.state.request, clock())
    for name, users in accounts.items():
        account = database.digest(name)
        visitor = database.visitor(account, attempt.address)
        # All users that the name may mean: one could be the visitor's own account, made to look like another's name.
        known = database.knows([user.pk for user in users], network, clock())
        if browser.knows(users):
            # With tries of its own, separate from others at its address.
            known, visitor = True, database.digest("device", account, browser.id)
        attempt.wait, at = database.claim(account, visitor, clock, known=known)
        if attempt.wait:
            break
        attempt.claims.append(Claim(account, visitor, at, users))
    else:
        return
    for claim in attempt.claims:
        database.withdraw(claim.account, claim.visitor, claim.at, clock)


def _end(attempt: Attempt | None, user: Any) -> None:
    from slipway.web.sign_in import database

    if attempt is None:
        return
    if user is None:
        attempt.log("failed")
        return
    attempt.state.wait, attempt.state.user = 0, user
    database.outside_transaction(lambda: _settle(attempt, user), before=attempt.state.in_transaction)


def _settle(attempt: Attempt, user: Any) -> None:
    """Withdraws the tries and remembers the user's address; the middleware sets the browser's cookie."""
    from slipway.web.sign_in import database

    for claim in attempt.claims:
        # The password was this user's. For another user that the name may mean it was a wrong one.
        if all(each.pk == user.pk for each in claim.users):
            database.withdraw(claim.account, claim.visitor, claim.at, clock)
    network = client.network(attempt.address)
    if network:
        database.remember(user.pk, network, clock())
