"""The fixture site's accounts, and a clock that a test moves."""

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher

from slipway.web.sign_in import guard


class Clock:
    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(guard, "clock", clock)
    return clock


@pytest.fixture(autouse=True)
def hashed(database, quick_hasher, monkeypatch):
    """The passwords that were hashed; each costs next to nothing."""
    tried, encode = [], MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *those: tried.append(those[1]) or encode(*those))
    return tried
