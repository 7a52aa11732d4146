"""Recognizes a browser that has signed in before, at any address: a phone changes its address, an office shares one.

A signed cookie holds, for the last few users who signed in there, a digest of user and password, and when. It outlives
signing out, and is invalid after a change of the password.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse

from slipway.web.sign_in import database

NAME = "slipway_device"
USERS = 5
RENEWED = 24 * 3600  # s
SIGNER = signing.Signer(salt="slipway.web.sign_in.device")


@dataclass(frozen=True, slots=True)
class Device:
    """``signed_in``: a digest of user and password, and when, in seconds since the epoch; the newest is first."""

    id: str = ""
    signed_in: dict[str, int] = field(default_factory=dict)

    def knows(self, users: tuple[Any, ...]) -> bool:
        """Whether each of the users has signed in here with their current password; False for no users."""
        return bool(users) and all(_digest(user) in self.signed_in for user in users)


def read(request: HttpRequest | None, now: float) -> Device:
    """The browser that sent ``request``; an empty Device if its cookie is missing or invalid."""
    if not hasattr(request, "COOKIES"):
        return Device()
    try:
        id, signed_in = SIGNER.unsign_object(request.COOKIES.get(_name(request), ""))
    except signing.BadSignature:
        return Device()
    return Device(id, {each: at for each, at in signed_in.items() if at > now - database.KNOWN_FOR})


def write(response: HttpResponse, request: HttpRequest, user: Any, now: float) -> None:
    """Adds ``user`` to the cookie. A program that signs in with each request gets one cookie a day."""
    device, own = read(request, now), _digest(user)
    if device.signed_in.get(own, 0) > now - RENEWED:
        return
    others = [(each, at) for each, at in device.signed_in.items() if each != own]
    signed_in = dict([(own, int(now)), *others][:USERS])
    response.set_cookie(
        _name(request),
        SIGNER.sign_object([device.id or secrets.token_hex(8), signed_in]),
        max_age=database.KNOWN_FOR,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def _name(request: HttpRequest) -> str:
    # With this prefix no other subdomain (static., media.) can set it, nor a page without TLS.
    return f"__Host-{NAME}" if request.is_secure() else NAME


def _digest(user: Any) -> str:
    # Missing in a user model that does not inherit from AbstractBaseUser.
    session = getattr(user, "get_session_auth_hash", lambda: getattr(user, "password", ""))
    return database.digest("device", str(user.pk), session())
