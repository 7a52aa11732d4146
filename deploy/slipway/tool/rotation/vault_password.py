"""The password of the vaulted file. At each moment one of two files beside each other opens it."""

import os
import secrets as random
from pathlib import Path

from slipway.tool.config import Site
from slipway.tool.phases import phase
from slipway.tool.secrets import PASSWORD_VARIABLE, Secrets, decrypt, password_file_of, path_of
from slipway.tool.secrets.vault import BYTES, next_file_of, opens, seal
from slipway.tool.server import state
from slipway.web.errors import SlipwayError


def rotate(site: Site) -> list[str]:
    """What is left to do. Raises SlipwayError where the password is no file of this machine."""
    path, current = path_of(site), password_file_of(site)
    following, before = next_file_of(current), current.with_name(f"{current.name}.before")
    if current.exists() and current.stat().st_mode & 0o100:
        raise SlipwayError(
            f"{current} prints the password from somewhere else: change it there, and then "
            f"`ansible-vault rekey {path}` with the old and the new one"
        )
    with phase(f"Seal {path.name} with a new password"):
        # An interrupted run may have done so.
        if not (following.exists() and opens(path, following)):
            text = decrypt(site)
            following.unlink(missing_ok=True)
            _write(following)
            seal(path, following, text)
    with phase(f"Put the new password in place of the old: {current}"):
        before.unlink(missing_ok=True)
        os.link(current, before)
        following.replace(current)
        # It was sealed with the old one, and the next playbook writes it anew.
        (state.directory(site) / "secrets.json").unlink(missing_ok=True)
        Secrets.load(site)
    return [
        f"the old password is in {before.name} beside it: it opens the file as git's history has it; delete it when "
        "nobody needs that",
        f"commit {path.name}, and give {current.name} to whoever deploys"
        + (f", and the file that their {PASSWORD_VARIABLE} names" if os.environ.get(PASSWORD_VARIABLE) else ""),
        "write it into VAULT_PASSWORD of the environment at GitHub, if a push deploys",
        "`make escrow` prints the sheet for paper anew; destroy the old one",
    ]


def _write(file: Path) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as to:
        to.write(random.token_urlsafe(BYTES) + "\n")
        to.flush()
        os.fsync(to.fileno())
