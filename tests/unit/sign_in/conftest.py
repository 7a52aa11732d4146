"""The photo wall's accounts in a database of their own, and a clock that stands still until it is moved."""

import pytest

from tests.unit.site.conftest import client, empty_database, owner, rolled_back  # noqa: F401


class Clock:
    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    from slipway.web.sign_in import guard

    clock = Clock()
    monkeypatch.setattr(guard, "clock", clock)
    return clock


@pytest.fixture(autouse=True)
def hashed(quick_hasher, monkeypatch):
    """The passwords that were hashed; each costs next to nothing."""
    from django.contrib.auth.hashers import MD5PasswordHasher

    tried, encode = [], MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *those: tried.append(those[1]) or encode(*those))
    return tried


@pytest.fixture
def quick_hasher():
    from django.test import override_settings

    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield
