"""The vault's password: at each moment a file beside the other opens the vaulted file."""

import pytest

from slipway.tool.rotation import vault_password
from slipway.tool.secrets import PASSWORD_VARIABLE, Secrets, password_file_of, path_of
from slipway.tool.secrets.vault import next_file_of, opens
from slipway.web.errors import SlipwayError


def test_the_file_has_a_new_password_and_the_old_one_opens_what_was(site, tmp_path):
    file, current = path_of(site), password_file_of(site)
    of_before, sealed = current.read_text(), file.read_bytes()
    (tmp_path / "secrets.json").write_bytes(sealed)
    told = vault_password.rotate(site)
    assert Secrets.load(site).web == {"SECRET_KEY": "the first"}
    kept = current.with_name(f"{current.name}.before")
    assert kept.read_text() == of_before != current.read_text()
    assert not opens(file, kept)
    file.write_bytes(sealed)
    assert opens(file, kept) and not opens(file, current)
    assert current.stat().st_mode & 0o777 == kept.stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "secrets.json").exists()
    assert not [line for line in told if current.read_text().strip() in line]


@pytest.mark.parametrize("cut_off", ["_write", "seal", "replace"])
def test_an_interrupted_one_is_named_and_goes_on(cut_off, site, monkeypatch):
    file, current = path_of(site), password_file_of(site)

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        target = type(current) if cut_off == "replace" else vault_password
        # `seal` itself replaces the vaulted file: only the password's own is cut off.
        if cut_off == "replace":
            replace = target.replace
            patch.setattr(target, "replace", lambda path, to: interrupt() if to == current else replace(path, to))
        else:
            patch.setattr(target, cut_off, interrupt)
        with pytest.raises(KeyboardInterrupt):
            vault_password.rotate(site)
    assert opens(file, current) or opens(file, next_file_of(current))
    if cut_off == "replace":
        with pytest.raises(SlipwayError, match="`make rotate SECRET=vault` goes on"):
            Secrets.load(site)
    vault_password.rotate(site)
    assert Secrets.load(site).web == {"SECRET_KEY": "the first"}
    assert not next_file_of(current).exists()


def test_a_program_that_prints_the_password_is_left_to_its_owner(site, monkeypatch, tmp_path):
    program = tmp_path / "prints-it"
    program.write_text("#!/bin/sh\ncat " + str(password_file_of(site)) + "\n")
    program.chmod(0o700)
    monkeypatch.setenv(PASSWORD_VARIABLE, str(program))
    before = path_of(site).read_bytes()
    with pytest.raises(SlipwayError, match="ansible-vault rekey"):
        vault_password.rotate(site)
    assert path_of(site).read_bytes() == before
