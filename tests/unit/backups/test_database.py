"""A dump is a file only when it is whole, and what is no dump is not sent."""

import stat

import pytest

from slipway.tool.__main__ import main
from slipway.tool.backups import database
from slipway.tool.commands import db
from slipway.web.errors import SlipwayError


class Server:
    """What the server's shell does instead of a dump."""

    def __init__(self, script):
        self.script, self.lines = script, []

    def command(self, line, **_):
        self.lines.append(line)
        return ["sh", "-c", self.script]

    def unreachable(self, reason):
        return f"deploy@server: {reason}"


def test_a_whole_dump_has_its_name_and_is_its_owner_s_alone(tmp_path, capsys):
    server = Server("head -c 21000000 /dev/zero")
    file = tmp_path / "site.dump"
    assert database.dump(server, file, ["public.django_session"]) == 21_000_000 == file.stat().st_size
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]
    assert server.lines == ["slipway db dump --without=public.django_session"]
    assert [line.strip() for line in capsys.readouterr().out.splitlines()] == ["10 MB", "20 MB"]


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("printf PGDMP; echo 'Connection to server closed.' >&2; exit 255", "deploy@server: Connection .*closed"),
        ("printf PGDMP; echo 'pg_dump: error: no such table' >&2; exit 1", "pg_dump: error: no such table; no dump"),
        ("true", "an empty dump"),
    ],
)
def test_a_connection_that_breaks_leaves_no_file_and_the_one_that_was_there(script, wanted, tmp_path):
    file = tmp_path / "site.dump"
    file.write_text("yesterday's")
    with pytest.raises(SlipwayError, match=wanted):
        database.dump(Server(script), file)
    assert [each.read_text() for each in tmp_path.iterdir()] == ["yesterday's"]


def test_a_folder_that_is_missing_is_named_before_anything_is_asked(tmp_path):
    server = Server("true")
    with pytest.raises(SlipwayError, match="there is no folder"):
        database.dump(server, tmp_path / "no" / "site.dump")
    assert server.lines == []


@pytest.mark.parametrize("content", ["create table a ();", "", None])
def test_what_is_no_dump_is_rejected_here(content, tmp_path):
    file = tmp_path / "site.sql"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SlipwayError, match=r"is no dump of pg_dump's custom format|No such file"):
        database.check(file)


def test_a_load_without_a_terminal_wants_yes(described, tmp_path, monkeypatch, capsys):
    file = tmp_path / "site.dump"
    file.write_bytes(b"PGDMP")
    site = described("cloudfront", server="203.0.113.1")
    monkeypatch.setattr(db.config, "load", lambda: site)
    loaded = []
    monkeypatch.setattr(database, "load", lambda connection, file: loaded.append(file) or "loaded")
    assert main(["db", "load", "--file", str(file)]) == 1
    assert "nothing was loaded; without a terminal, YES=1 confirms it" in capsys.readouterr().err
    assert main(["db", "load"]) == 1
    assert "FILE: missing" in capsys.readouterr().err
    assert loaded == []
    assert main(["db", "load", "--file", str(file), "--yes"]) == 0
    assert loaded == [file]
