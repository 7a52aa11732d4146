"""`make rotate`: which secret goes which way, and what is rejected before the server is asked."""

import pytest

from slipway.tool.__main__ import main
from slipway.tool.commands import rotate
from slipway.tool.secrets import Secrets


@pytest.fixture
def command(server, monkeypatch):
    monkeypatch.setattr(rotate, "Server", lambda *_: server)
    return lambda *arguments: main(["rotate", *arguments])


def test_the_list_shows_no_value(site, command, capsys):
    Secrets.put(site, "deployer", {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "canary"})
    Secrets.put(site, "web", {"EMAIL_URL": "smtp://canary", "DATABASE_URL": "postgres://u:canary@h/d"})
    assert command() == 0
    told = capsys.readouterr().out
    assert "canary" not in told and "the first" not in told
    for line in (
        "SECRET_KEY    signs",
        "deployer      AWS key AKIA1",
        "DATABASE_URL",
        "vault ",
        "by hand: EMAIL_URL\n",
    ):
        assert line in told


def test_the_key_is_rotated_and_what_is_left_is_said(site, command, server, capsys):
    assert command("SECRET_KEY") == 0
    told = capsys.readouterr().out
    assert "rotated after " in told and "END=1" in told and "commit site.secrets.yml" in told
    assert Secrets.load(site).web["SECRET_KEY"] not in told
    assert command("SECRET_KEY", "--end") == 0 and "SECRET_KEY_FALLBACKS" not in server.brought[-1]


@pytest.mark.parametrize(
    ("more", "arguments", "says"),
    [
        ("", ["BACKUP_PASSPHRASE"], "SECRET=BACKUP_PASSPHRASE: the backups of before are encrypted with it"),
        ("", ["EMAIL_URL"], "SECRET=EMAIL_URL: its provider gives it out"),
        ("", ["SECRETKEY"], "SECRET=SECRETKEY: unknown; one of SECRET_KEY, DATABASE_URL, deployer"),
        ("", ["web", "--end"], "END=1 goes with SECRET=SECRET_KEY alone"),
        ("github: owner/name\n", ["deployer"], "jobs at GitHub sign in by a role"),
        ("backup_bucket: none\n", ["restorer"], "site.yml has no backups"),
        ("provider: s3\nendpoint: https://s3.example.net\n", ["web"], "SECRET=web: s3 gives out its keys itself"),
    ],
)
def test_what_it_cannot_replace_is_rejected_in_one_line(more, arguments, says, site, command, server, capsys):
    site.path.write_text(site.path.read_text() + more)
    before = Secrets.load(site)
    assert command(*arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line
    assert not server.brought and Secrets.load(site) == before
