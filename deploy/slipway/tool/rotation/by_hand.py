"""The secrets that `make rotate` cannot make: why, and what replaces them."""

from slipway.tool.secrets import AWS_PAIR, Secrets
from slipway.tool.secrets.sections import SECTIONS

PROVIDER = "its provider gives it out: make a new one there, write it by `make secrets`, and run `make deploy`"
CHOSEN = {
    "BACKUP_PASSPHRASE": "the backups of before are encrypted with it; docs/backups.md says how to begin anew",
    "SMOKE_LOGIN": "it is a user's of your site: change it there, and write it by `make secrets`",
    "SECRET_KEY_FALLBACKS": "`make rotate SECRET=SECRET_KEY` keeps it",
}
# What `make rotate` makes, or keeps.
MADE = ("SECRET_KEY", "SECRET_KEY_FALLBACKS", "DATABASE_URL", "DATABASE_PASSWORD_NEXT", *AWS_PAIR)


def why(name: str) -> str:
    """Why ``name`` is replaced by hand; "" for a name that no section has."""
    if name in CHOSEN:
        return CHOSEN[name]
    return PROVIDER if any(name in known for _, known in SECTIONS.values()) else ""


def present(secrets: Secrets) -> list[str]:
    """Those that the vaulted file has."""
    held = [name for section in SECTIONS for name in getattr(secrets, section)]
    return [name for name in dict.fromkeys(held) if name not in MADE and why(name)]
