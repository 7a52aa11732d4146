"""Encrypts and decrypts the vaulted file. No plain text is written to the disk, and no message shows a value."""

import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from slipway.tool.config import Site
from slipway.web.errors import SlipwayError

PASSWORD_VARIABLE = "ANSIBLE_VAULT_PASSWORD_FILE"
BYTES = 32  # of a password


def path_of(site: Site) -> Path:
    return site.path.with_name(f"{site.path.stem}.secrets.yml")


def password_file_of(site: Site) -> Path:
    """The same file as for Ansible. An executable file is run, and prints the password."""
    named = os.environ.get(PASSWORD_VARIABLE)
    return Path(named or f"~/.config/slipway/{site.name}.vault-password").expanduser()


def decrypt(site: Site) -> str:
    """The vaulted file's text, without a check of its content: `make secrets` must open an invalid file too."""
    path, password_file = path_of(site), password_file_of(site)
    try:
        sealed = path.read_bytes()
    except FileNotFoundError:
        raise SlipwayError(f"{path}: no such file; `make init` makes it") from None
    except OSError as error:
        raise SlipwayError(f"{path}: cannot be read: {error.strerror}") from None
    vault = _vault(path, password_file)
    from ansible.errors import AnsibleError

    if not vault.is_encrypted(sealed):
        raise SlipwayError(
            f"{path}: not encrypted; ansible-vault encrypt --vault-password-file {password_file} {path}, "
            "and change every secret in it that has been committed"
        )
    try:
        return bytes(vault.decrypt(sealed)).decode()
    except (AnsibleError, UnicodeDecodeError):
        if next_file_of(password_file).exists():
            raise SlipwayError(
                f"{path}: its change of password was interrupted: `make rotate SECRET=vault` goes on"
            ) from None
        raise SlipwayError(f"{path}: the password in {password_file} does not open it, or it is damaged") from None


def next_file_of(password_file: Path) -> Path:
    """Where the next password is while `make rotate SECRET=vault` runs."""
    return password_file.with_name(f"{password_file.name}.next")


def opens(path: Path, password_file: Path) -> bool:
    """Whether the password in ``password_file`` opens ``path``."""
    vault = _vault(path, password_file)
    from ansible.errors import AnsibleError

    try:
        vault.decrypt(path.read_bytes())
    except AnsibleError:
        return False
    return True


def make_password_file(path: Path) -> None:
    if PASSWORD_VARIABLE in os.environ:
        raise SlipwayError(f"{path}: no such file; {PASSWORD_VARIABLE} names it: make it, or unset the variable")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(secrets.token_urlsafe(BYTES) + "\n")


def seal(path: Path, password_file: Path, text: str) -> None:
    sealed = _vault(path, password_file).encrypt(text)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write(sealed)
    Path(file.name).replace(path)


def _vault(path: Path, password_file: Path) -> Any:
    """Ansible's own vault, so that `ansible-vault` and the playbook open the same file."""
    try:
        mode = password_file.stat().st_mode
    except OSError:
        raise SlipwayError(
            f"{password_file}: no such file; it opens {path.name}: copy it from the machine of `make init`, "
            f"or name yours with {PASSWORD_VARIABLE}"
        ) from None
    if not mode & 0o100 and mode & 0o077:
        raise SlipwayError(f"{password_file}: others may read the vault's password; chmod 600 {password_file}")
    # Imported here: it takes more than a second.
    from ansible.errors import AnsibleError
    from ansible.parsing.dataloader import DataLoader
    from ansible.parsing.vault import VaultLib, get_file_vault_secret

    try:
        secret = get_file_vault_secret(filename=str(password_file), loader=DataLoader())
        secret.load()
    except AnsibleError:
        raise SlipwayError(f"{password_file}: gives no password for {path.name}; it should hold or print one") from None
    return VaultLib([("default", secret)])
