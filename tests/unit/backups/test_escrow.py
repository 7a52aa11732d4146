"""`make escrow`: the sheet has all that opens the backups, and is shown to nobody by accident."""

import sys
from datetime import date

import pytest

from slipway.tool import config
from slipway.tool.__main__ import main
from slipway.tool.backups.escrow import sheet
from slipway.tool.secrets import PASSWORD_VARIABLE, Secrets, password_file_of
from slipway.web.errors import SlipwayError

BACKUP = {
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "the server's secret key",
    "BACKUP_PASSPHRASE": "correct-horse-battery-staple",
}


@pytest.fixture
def site(tmp_path, monkeypatch):
    for name in (PASSWORD_VARIABLE, "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CONFIG", str(tmp_path / "site.yml"))
    (tmp_path / "site.yml").write_text("domain: example.com\nregion: eu-central-1\n")
    return config.load()


def test_the_sheet_has_what_opens_the_backups_and_no_key_of_the_server(site):
    text = sheet(site, Secrets.write(site, {"SECRET_KEY": "k"}, backup=BACKUP), date(2026, 12, 1))
    assert "The backups of www.example.com, 2026-12-01\n" in text
    password = password_file_of(site).read_text().strip()
    for opens in ("correct-horse-battery-staple", password, "example-com-backups", "eu-central-1", "s3.eu-central-1"):
        assert opens in text
    assert "~/.config/slipway/example-com.vault-password" in text
    assert "AKIAEXAMPLE" not in text and "the server's secret key" not in text
    assert max(map(len, text.splitlines())) <= 120


def test_a_password_that_a_program_prints_is_named_by_its_program(site, tmp_path, monkeypatch):
    program = tmp_path / "ask-keyring"
    program.write_text("#!/bin/sh\necho from-the-keyring\n")
    program.chmod(0o755)
    monkeypatch.setenv(PASSWORD_VARIABLE, str(program))
    text = sheet(site, Secrets.write(site, {"SECRET_KEY": "k"}, backup=BACKUP), date(2026, 12, 1))
    assert f"printed by {program}" in text and "from-the-keyring" not in text


def test_the_sheet_is_for_a_terminal_unless_it_is_to_be_piped(site, monkeypatch, capsys):
    Secrets.write(site, {"SECRET_KEY": "k"}, backup=BACKUP)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False, raising=False)
    assert main(["escrow"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "slipway: escrow prints passwords, and this is no terminal; `make escrow PIPE=1 | lpr` prints them\n"
    )
    assert main(["escrow", "--pipe"]) == 0
    assert "correct-horse-battery-staple" in capsys.readouterr().out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert main(["escrow"]) == 0
    assert "correct-horse-battery-staple" in capsys.readouterr().out


def test_without_backups_there_is_nothing_to_print(site):
    with pytest.raises(SlipwayError, match=r"nothing is backed up yet: .*run `make cdn`"):
        sheet(site, Secrets.write(site, {"SECRET_KEY": "k"}), date(2026, 12, 1))
    site.path.write_text(site.path.read_text() + "backup_bucket: none\n")
    none = config.load()
    with pytest.raises(SlipwayError, match="backup_bucket: none"):
        sheet(none, Secrets.load(none), date(2026, 12, 1))
