"""The vaulted file: its sections, how a wrong one is rejected, and that no message shows a value."""

import os
import subprocess
import sys

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from slipway.tool import config
from slipway.tool.secrets import PASSWORD_VARIABLE, Secrets, decrypt, password_file_of, path_of
from slipway.web.errors import SlipwayError

CANARY = "canary-7c1f"


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    file = tmp_path / "staging.yml"
    file.write_text("domain: example.com\nregion: eu-central-1\n")
    return config.load(file)


@pytest.fixture
def sealed(site):
    """Seals any text as the site's vaulted file."""

    def seal(text):
        Secrets.write(site, web={"SECRET_KEY": "k"})
        password = VaultSecret(password_file_of(site).read_bytes().strip())
        path_of(site).write_bytes(VaultLib([("default", password)]).encrypt(text))

    return seal


def test_what_is_written_is_read_again(site):
    web = {"SECRET_KEY": 'quo"te # no: comment', "EMAIL_URL": "smtp://u:p@h", "STRIPE_KEY": "ü😀\\"}
    deployer = {"AWS_ACCESS_KEY_ID": "0123", "AWS_SECRET_ACCESS_KEY": "yes"}
    written = Secrets.write(site, web=web, deployer=deployer, smoke={"SMOKE_LOGIN": "demo:pass"})
    read = Secrets.load(site)
    assert read == written
    assert (read.web, read.deployer, read.smoke) == (web, deployer, {"SMOKE_LOGIN": "demo:pass"})
    assert read.path.name == "staging.secrets.yml"


def test_what_is_written_is_what_ansible_opens(site):
    written = Secrets.write(site, web={"SECRET_KEY": CANARY})
    command = [sys.executable, "-m", "ansible", "vault", "view", "--vault-password-file", str(written.password_file)]
    shown = subprocess.run([*command, str(written.path)], capture_output=True, text=True, check=True).stdout
    assert yaml.safe_load(shown)["slipway_secrets"]["web"] == {"SECRET_KEY": CANARY}
    assert "#EMAIL_URL: smtp+tls://" in shown


def test_the_file_on_disk_is_sealed_and_the_password_is_its_owner_s(site):
    written = Secrets.write(site, web={"SECRET_KEY": CANARY})
    assert written.path.read_text().startswith("$ANSIBLE_VAULT;1.1;AES256\n")
    assert written.password_file.stat().st_mode & 0o777 == 0o600
    assert written.password_file.parent.stat().st_mode & 0o777 == 0o700
    assert written.password_file.name == "example-com.vault-password"
    assert {path.name for path in site.path.parent.iterdir()} == {"home", "staging.secrets.yml", "staging.yml"}


def test_a_password_file_that_is_there_is_used_and_kept(site):
    Secrets.write(site, web={"SECRET_KEY": "one"})
    password = password_file_of(site).read_text()
    Secrets.write(site, web={"SECRET_KEY": "two"})
    assert password_file_of(site).read_text() == password
    assert Secrets.load(site).web == {"SECRET_KEY": "two"}


def test_the_password_may_come_from_a_program(site, tmp_path, monkeypatch):
    program = tmp_path / "ask-keyring"
    program.write_text("#!/bin/sh\necho from-the-keyring\n")
    program.chmod(0o755)
    monkeypatch.setenv(PASSWORD_VARIABLE, str(program))
    Secrets.write(site, web={"SECRET_KEY": "k"})
    assert Secrets.load(site).web == {"SECRET_KEY": "k"}


def test_no_repr_shows_a_value(site):
    assert CANARY not in repr(Secrets.write(site, web={"SECRET_KEY": CANARY}, smoke={"SMOKE_LOGIN": CANARY}))


def test_what_a_backup_and_a_restore_need_is_kept_apart(site):
    backup = {"AWS_ACCESS_KEY_ID": "0123", "AWS_SECRET_ACCESS_KEY": "yes", "BACKUP_PASSPHRASE": 24 * "x"}
    restorer = {"AWS_ACCESS_KEY_ID": "4567", "AWS_SECRET_ACCESS_KEY": "no", "AWS_SESSION_TOKEN": "t"}
    Secrets.write(site, web={"SECRET_KEY": "k"}, backup=backup, restorer=restorer)
    read = Secrets.load(site)
    assert (read.backup, read.restorer) == (backup, restorer)


WEB = f"slipway_secrets:\n  web:\n    SECRET_KEY: {CANARY}\n"


def test_a_section_of_comments_alone_is_empty(sealed, site):
    sealed(WEB + "  deployer:\n    #AWS_ACCESS_KEY_ID: one\n")
    held = Secrets.load(site)
    assert (held.deployer, held.smoke) == ({}, {})


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"SECRET_KEY: {CANARY}\n", ["slipway_secrets"]),
        (f"- {CANARY}\n", ["slipway_secrets"]),
        ("", ["slipway_secrets"]),
        (f"slipway_secrets: {CANARY}\n", ["slipway_secrets"]),
        (f"slipway_secrets:\n  web: {CANARY}\n", ["web", "NAME: value"]),
        (f"slipway_secrets:\n  web: [{CANARY}]\n", ["web", "NAME: value"]),
        ("slipway_secrets:\n  web: {}\n", ["SECRET_KEY", "missing"]),
        (WEB + f"  deploy: {{A: {CANARY}}}\n", ["deploy", "did you mean deployer?"]),
        (WEB + f"  deployer: {{AWS_ACCESS_KEY: {CANARY}}}\n", ["deployer", "did you mean AWS_ACCESS_KEY_ID?"]),
        (WEB + f"  smoke: {{PASSWORD: {CANARY}}}\n", ["smoke", "PASSWORD", "known: SMOKE_LOGIN"]),
        (WEB + f"    AWS_SECRET_ACCESS_KEY: {CANARY}\n", ["web", "both or neither"]),
        (WEB + f"  backups: {{A: {CANARY}}}\n", ["backups", "did you mean backup?"]),
        (WEB + f"  backup: {{PASSPHRASE: {CANARY}}}\n", ["backup", "did you mean BACKUP_PASSPHRASE?"]),
        (WEB + f"  backup: {{BACKUP_PASSPHRASE: {CANARY}}}\n", ["backup: BACKUP_PASSPHRASE", "20 characters"]),
        (WEB + f"  backup: {{BACKUP_PASSPHRASE: '{CANARY} {CANARY}'}}\n", ["BACKUP_PASSPHRASE", "without spaces"]),
        (WEB + f"  backup: {{AWS_SECRET_ACCESS_KEY: {CANARY}}}\n", ["backup", "both or neither"]),
        (WEB + f"  restorer: {{AWS_ACCESS_KEY_ID: {CANARY}}}\n", ["restorer", "both or neither"]),
        (WEB + f"    SITE_URL: {CANARY}\n", ["SITE_URL", "Slipway sets it itself; write `site` in site.yml"]),
        (WEB + f"    WEB_CONCURRENCY: {CANARY}\n", ["WEB_CONCURRENCY", "write `gunicorn_workers` in site.yml"]),
        (WEB + f"    SLIPWAY_WSGI: {CANARY}\n", ["SLIPWAY_WSGI", "write `wsgi` in site.yml"]),
        (WEB + f"    PIN: 1234567\n    OTHER: {CANARY}\n", ["PIN", "quotes"]),
        (WEB + "    DAY: 2024-13-45\n", ["YAML"]),
        (WEB + "    EMPTY: ''\n", ["EMPTY", "take the line out"]),
        (WEB + f'    KEY: "{CANARY}\\n{CANARY}"\n', ["KEY", "one line"]),
        (WEB + f"    {CANARY} x: y\n", ["web", "not a variable's name"]),
        (WEB + f"    OTHER: '{CANARY}\n", ["line", "YAML"]),
    ],
)
def test_a_wrong_file_is_rejected_in_one_line_without_a_value(text, names, sealed, site):
    sealed(text)
    message = rejection(site)
    assert message.startswith(str(path_of(site))) and "make secrets" in message
    assert "1234567" not in message
    for name in names:
        assert name in message


def rejection(site):
    with pytest.raises(SlipwayError) as rejected:
        Secrets.load(site)
    message = str(rejected.value)
    assert "\n" not in message and CANARY not in message
    return message


def test_without_the_file_make_init_is_the_fix(site):
    assert rejection(site) == f"{path_of(site)}: no such file; `make init` makes it"


def test_a_plain_file_is_rejected(site):
    Secrets.write(site, web={"SECRET_KEY": CANARY})
    path_of(site).write_text(WEB)
    assert "not encrypted; ansible-vault encrypt" in rejection(site)


def test_another_password_and_a_damaged_file_are_rejected(site):
    Secrets.write(site, web={"SECRET_KEY": CANARY})
    password_file_of(site).write_text("another\n")
    assert "does not open it" in rejection(site)
    path_of(site).write_text("$ANSIBLE_VAULT;1.1;AES256\n6162\n")
    assert "does not open it, or it is damaged" in rejection(site)


def test_a_password_that_others_may_read_is_rejected(site):
    Secrets.write(site, web={"SECRET_KEY": CANARY})
    password_file_of(site).chmod(0o644)
    assert f"chmod 600 {password_file_of(site)}" in rejection(site)


def test_a_password_file_that_is_gone_or_empty_is_named(site, monkeypatch):
    Secrets.write(site, web={"SECRET_KEY": CANARY})
    password_file_of(site).write_text("\n")
    assert "gives no password" in rejection(site)
    password_file_of(site).unlink()
    assert rejection(site).startswith(str(password_file_of(site)))
    monkeypatch.setenv(PASSWORD_VARIABLE, "/nowhere/password")
    with pytest.raises(SlipwayError, match=f"{PASSWORD_VARIABLE} names it"):
        Secrets.write(site, web={"SECRET_KEY": "k"})


def test_what_would_be_rejected_is_not_written(site):
    with pytest.raises(SlipwayError, match="DATABASE"):
        Secrets.write(site, web={"SECRET_KEY": "k", "DATABASE_URL": "two\nlines"})
    assert not path_of(site).exists() and not password_file_of(site).exists()


def test_ansible_is_loaded_only_when_a_vault_is_opened():
    program = "import sys, slipway.tool.secrets; sys.exit('ansible' in sys.modules)"
    subprocess.run(
        [sys.executable, "-c", program], check=True, env={**os.environ, "PYTHONPATH": str(config.ROOT / "deploy")}
    )


PAIR = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": CANARY}


def test_a_pair_is_put_into_its_section_and_the_rest_stays_line_by_line(site, sealed):
    text = (
        "slipway_secrets:\n  web:\n    # ours\n    SECRET_KEY: k\n    #AWS_ACCESS_KEY_ID: one\n  smoke:\n    # mine\n"
    )
    sealed(text)
    put = Secrets.put(site, "web", PAIR)
    assert put.web == {"SECRET_KEY": "k", **PAIR} == Secrets.load(site).web
    after = decrypt(site)
    assert [line for line in text.splitlines() if "AWS" not in line] == [
        line for line in after.splitlines() if "AWS" not in line
    ]
    assert '    AWS_ACCESS_KEY_ID: "id"\n' in after


def test_a_section_that_is_not_there_yet_is_made(site, sealed):
    sealed("slipway_secrets:\n  web:\n    SECRET_KEY: k\n")
    Secrets.put(site, "pruner", PAIR)
    assert Secrets.load(site).pruner == PAIR


def test_a_file_of_another_form_is_written_anew_with_all_that_it_held(site, sealed):
    sealed('{slipway_secrets: {web: {SECRET_KEY: "k", EMAIL_URL: "smtp://h"}, smoke: {SMOKE_LOGIN: "a:b"}}}')
    Secrets.put(site, "web", PAIR)
    held = Secrets.load(site)
    assert held.web == {"SECRET_KEY": "k", "EMAIL_URL": "smtp://h", **PAIR}
    assert held.smoke == {"SMOKE_LOGIN": "a:b"}


def test_a_pair_is_taken_out_again(site):
    Secrets.write(site, web={"SECRET_KEY": "k"}, deployer=PAIR)
    Secrets.put(site, "deployer", dict.fromkeys(PAIR))
    assert Secrets.load(site).deployer == {}
    assert "    #AWS_ACCESS_KEY_ID: `make cdn` puts" in decrypt(site)
    assert CANARY not in decrypt(site)
