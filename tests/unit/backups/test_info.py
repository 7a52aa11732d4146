"""pgBackRest's files, encrypted and plain."""

import base64

import pytest

from slipway.tool.backups import info

# `openssl enc -aes-256-cbc -md sha1 -pass pass:secret`
ENCRYPTED = base64.b64decode(
    "U2FsdGVkX18eHS4V2A5/FQkkNRzsQVdI0RRQ6u9BpXvcLf1ypna0bIOBal49L9VbJovYiouK/jHP9EUR/Lwl5z2rX0Xcq9DeuqpJAB6ljGk="
)
PLAIN = '[backrest]\nbackrest-version="2.45"\n\n[db]\ndb-id=1\n'


def test_what_openssl_encrypts_is_read():
    assert info.decrypt(ENCRYPTED, "secret").decode() == PLAIN
    assert info.parse(ENCRYPTED, "secret") == {"backrest": {"backrest-version": "2.45"}, "db": {"db-id": 1}}


def test_what_is_not_encrypted_is_read_too():
    assert info.parse(PLAIN.encode(), "")["db"] == {"db-id": 1}


@pytest.mark.parametrize("data", [ENCRYPTED[:-3], ENCRYPTED[:16], b"Salted__"])
def test_a_damaged_file_is_said(data: bytes):
    with pytest.raises(info.Unreadable, match="damaged"):
        info.parse(data, "secret")


def test_another_passphrase_is_said():
    with pytest.raises(info.Unreadable, match="another passphrase"):
        info.parse(ENCRYPTED, "another")


@pytest.mark.parametrize("data", [b"", b"[other]\nx=1\n", b"x=1\n", b"\xff\xfe"])
def test_another_file_is_no_info(data: bytes):
    with pytest.raises(info.Unreadable):
        info.parse(data, "secret")
