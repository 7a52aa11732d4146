"""The signed token that a form submits in place of its files."""

import pytest
from django.core import signing

from slipway.web.media.errors import UploadError
from slipway.web.media.limits import TICKET_SECONDS
from slipway.web.media.ticket import SALT, Ticket

TYPES = {"original": "image/jpeg", "480": "image/webp"}


def test_a_ticket_survives_its_signature_and_names_keys_nobody_can_guess():
    first, second = Ticket.issue("7", TYPES), Ticket.issue("7", TYPES)
    assert Ticket.load(first.dump(), "7") == first
    assert first.key("480").startswith("media/incoming/") and first.key("480").endswith("/480.webp")
    assert first.key("original") != second.key("original")
    assert len(first.folder) >= 20


def test_somebody_else_cannot_use_it():
    with pytest.raises(UploadError, match="somebody else"):
        Ticket.load(Ticket.issue("7", TYPES).dump(), "8")


@pytest.mark.parametrize(
    "change", (lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"), lambda text: "", str.upper)
)
def test_a_forged_one_is_rejected(change):
    with pytest.raises(UploadError, match="Choose the photo again"):
        Ticket.load(change(Ticket.issue("7", TYPES).dump()), "7")


def test_an_old_one_is_rejected(monkeypatch):
    made = signing.time.time() - TICKET_SECONDS - 1
    with monkeypatch.context() as then:
        then.setattr(signing.time, "time", lambda: made)
        old = Ticket.issue("7", TYPES).dump()
    with pytest.raises(UploadError, match="too old"):
        Ticket.load(old, "7")


def test_another_signed_value_is_no_ticket():
    with pytest.raises(UploadError):
        Ticket.load(signing.dumps({"user": "7", "folder": "x", "types": TYPES}, salt=SALT + "?"), "7")


@pytest.mark.parametrize(
    "types",
    (
        {},
        {"480": "image/webp"},
        TYPES | {"960": "image/webp", "1600": "image/webp", "2000": "image/webp"},
        {"original": "image/svg+xml"},
        {"original": "text/html"},
        {"original": "image/jpeg; charset=utf-8"},
        TYPES | {"../x": "image/webp"},
        TYPES | {"٤٨٠": "image/webp"},
        TYPES | {"123456": "image/webp"},
    ),
)
def test_what_no_upload_is_gets_no_ticket(types):
    with pytest.raises(UploadError):
        Ticket.issue("7", types)
