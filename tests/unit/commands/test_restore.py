"""`make restore`: what a person gives, and what is asked before anything is touched."""

import re
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from slipway.tool.backups import times
from slipway.tool.commands import restore
from slipway.web.errors import SlipwayError

WHEN = datetime(2025, 12, 1, 10, 14, 59, tzinfo=UTC)
OPTIONS = {"to": "", "as_of": "", "generation": "", "backup": "", "back": False, "uploads": False, "yes": "example.com"}


@pytest.mark.parametrize(
    "text", ["2025-12-01 10:14:59", "2025-12-01T10:14:59Z", "2025-12-01 12:14:59+02:00", " 2025-12-01T10:14:59 "]
)
def test_a_time_without_a_zone_is_in_utc(text: str):
    assert times.past(text, "TO") == WHEN


@pytest.mark.parametrize(
    "text, line",
    [
        ("yesterday", 'TO=yesterday: no time; write it like TO="2026-12-01 10:14:59", which is UTC'),
        (
            "2100-01-01",
            "TO=2100-01-01: 2100-01-01 00:00:00 UTC has not come; it is UTC unless it has an offset",
        ),
    ],
)
def test_what_is_no_time_or_has_not_come_is_rejected(text: str, line: str):
    with pytest.raises(SlipwayError, match=f"^{re.escape(line)}$"):
        times.past(text, "TO")


@pytest.mark.parametrize(
    "values",
    [
        {"generation": "../x"},
        {"generation": "1"},
        {"backup": "--path=/x"},
        {"backup": "20261201-030000F/../y"},
    ],
)
def test_what_is_no_name_of_a_generation_or_a_backup_is_rejected(server: list, values: dict[str, str]):
    (name, text), *_ = values.items()
    said = f"{name.upper()}={text}: there is none of that name; `make backups` lists them"
    with pytest.raises(SlipwayError, match=f"^{re.escape(said)}$"):
        restore.run(options(**values))
    assert server == []


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What the agent is asked; a site whose connection it is."""
    asked: list[tuple[str, ...]] = []
    site = SimpleNamespace(domain="example.com", backup_bucket="backups", path="site.yml")
    connection = SimpleNamespace(agent=lambda *words: asked.append(words) or "restored")
    monkeypatch.setattr(restore.config, "load", lambda: site)
    monkeypatch.setattr(restore, "Connection", lambda site: connection)
    monkeypatch.setattr(restore, "_put_back_uploads", lambda site, connection: asked.append(("uploads",)))
    monkeypatch.setattr(restore.lock, "held", lambda connection: restore.phase("Take the deploy lock"))
    return asked


def options(**values: object) -> SimpleNamespace:
    return SimpleNamespace(**OPTIONS | values)


@pytest.mark.parametrize(
    "values, words",
    [
        ({}, ("restore",)),
        ({"to": "2025-12-01 10:14:59"}, ("restore", "--time", "2025-12-01T10:14:59+00:00")),
        ({"generation": "0001", "backup": "20251201-030000F"}, ("restore", "0001", "--backup", "20251201-030000F")),
        ({"back": True}, ("restore", "--back")),
    ],
)
def test_the_agent_gets_what_was_understood(server, capsys, values, words):
    assert restore.run(options(**values)) == 0
    assert server == [words, ("uploads",)]
    assert ("2025-12-01 10:14:59 UTC" in capsys.readouterr().out) == bool(values.get("to"))


@pytest.mark.parametrize("yes", ["", "1", "example.org"])
def test_nothing_is_restored_unless_the_domain_is_given(server, yes):
    with pytest.raises(SlipwayError, match=r"^nothing was restored; .* YES=example\.com confirms it$"):
        restore.run(options(yes=yes))
    assert server == []


def test_going_back_takes_no_other_switch(server):
    with pytest.raises(SlipwayError, match="leave the other switches out"):
        restore.run(options(back=True, to="2025-12-01"))
    assert server == []


def test_uploads_that_cannot_be_put_back_do_not_hide_that_the_database_is_restored(server, monkeypatch):
    def fails(*_: object) -> None:
        raise SlipwayError("AccessDenied")

    monkeypatch.setattr(restore, "_put_back_uploads", fails)
    with pytest.raises(SlipwayError, match=r"^the database is restored, its uploads are not: AccessDenied; UPLOADS=1"):
        restore.run(options())
    assert server == [("restore",)]
