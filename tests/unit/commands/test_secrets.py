"""`make secrets`: the vaulted file in an editor, and only names in the output."""

import pytest

from slipway.tool import config
from slipway.tool.__main__ import main
from slipway.tool.secrets import PASSWORD_VARIABLE, Secrets, path_of


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    file = tmp_path / "site.yml"
    file.write_text("domain: example.com\nregion: eu-central-1\n")
    monkeypatch.setenv("CONFIG", str(file))
    return config.load()


@pytest.fixture
def editor(tmp_path, monkeypatch):
    """An editor that runs one sed script over the file."""

    def use(script):
        program = tmp_path / "editor"
        program.write_text(f"#!/bin/sh\nsed -i '{script}' \"$1\"\n")
        program.chmod(0o755)
        monkeypatch.setenv("EDITOR", str(program))

    return use


def test_what_the_editor_leaves_is_sealed_and_names_are_shown(site, editor, capfd):
    Secrets.write(site, web={"SECRET_KEY": "canary-1"})
    editor("s|#EMAIL_URL:.*|EMAIL_URL: smtp://canary-2|")
    assert main(["secrets"]) == 0
    assert Secrets.load(site).web == {"SECRET_KEY": "canary-1", "EMAIL_URL": "smtp://canary-2"}
    output = capfd.readouterr()
    assert "web: SECRET_KEY, EMAIL_URL\ndeployer: none\n" in output.out
    assert "canary" not in output.out + output.err + path_of(site).read_text()


def test_an_error_is_reported_and_the_next_edit_corrects_it(site, editor, capfd):
    Secrets.write(site, web={"SECRET_KEY": "k"})
    editor("s|SECRET_KEY|SECRET KEY|")
    assert main(["secrets"]) == 1
    assert "not a variable" in capfd.readouterr().err
    editor("s|SECRET KEY|SECRET_KEY|")
    assert main(["secrets"]) == 0


def test_without_the_file_make_init_is_the_fix(site, capsys):
    assert main(["secrets"]) == 1
    assert "`make init` makes it" in capsys.readouterr().err
