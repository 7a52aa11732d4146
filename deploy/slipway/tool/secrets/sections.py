"""The sections of the vaulted file with their variables, and the check of a file's text."""

import difflib
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from slipway.tool.config import Site, variables
from slipway.web.errors import SlipwayError

TOP = "slipway_secrets"
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
AWS_PAIR = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
PASSPHRASE = "BACKUP_PASSPHRASE"
# It stands in an ini file, and is typed from paper.
PASSPHRASE_BYTES = 32
PASSPHRASE_FORM = re.compile(r"[!-~]{20,}")

# Each section with a description and its variables, each with an example or a comment. The web process may have any
# further variable, the others have only these.
SECTIONS = {
    "web": (
        "Environment of the web process. Add what your project reads.",
        {
            "SECRET_KEY": "https://docs.djangoproject.com/en/5.2/ref/settings/#secret-key",
            "SECRET_KEY_FALLBACKS": "`make rotate` puts the keys of before here, which stay accepted; commas between",
            "AWS_ACCESS_KEY_ID": "`make cdn` puts one here, limited to what the web process needs",
            "AWS_SECRET_ACCESS_KEY": "its other half",
            "EMAIL_URL": "smtp+tls://user:password@smtp.example.com:587",
            "SENTRY_DSN": "https://key@o0.ingest.sentry.io/0; with sentry-sdk in project/requirements.in",
            "DATABASE_PASSWORD_NEXT": "there while `make rotate SECRET=DATABASE_URL` runs",
            "DATABASE_URL": "postgres://user:password@db.example.com/name; only when it is not on the server",
        },
    ),
    "deployer": (
        "Environment of the build and the push, on the machine that deploys. Empty: your own AWS profile, or OIDC.",
        {
            "AWS_ACCESS_KEY_ID": "`make cdn` puts one here that may push and purge",
            "AWS_SECRET_ACCESS_KEY": "its other half",
            "AWS_SESSION_TOKEN": "only with a key that expires",
        },
    ),
    "pruner": (
        "Environment of the prune after a deploy: the key that may delete static files. Empty: your own AWS profile.",
        {
            "AWS_ACCESS_KEY_ID": "`make cdn` puts one here",
            "AWS_SECRET_ACCESS_KEY": "its other half",
            "AWS_SESSION_TOKEN": "only with a key that expires",
        },
    ),
    "backup": (
        "The server's access to the bucket of backups, and what encrypts them. Write this passphrase on paper.",
        {
            "AWS_ACCESS_KEY_ID": "`make cdn` puts one here that may write backups, and destroy no older version",
            "AWS_SECRET_ACCESS_KEY": "its other half",
            "BACKUP_PASSPHRASE": "made once; without it no backup can be read, and with another one none of before",
        },
    ),
    "restorer": (
        "Environment of a restore: the key that reads backups with their older versions. Empty: your own AWS profile.",
        {
            "AWS_ACCESS_KEY_ID": "`make cdn` puts one here",
            "AWS_SECRET_ACCESS_KEY": "its other half",
            "AWS_SESSION_TOKEN": "only with a key that expires",
        },
    ),
    "alarms": (
        "Who is told when something is wrong on the server; mail goes by EMAIL_URL to `alarms` in site.yml.",
        {
            "ALARM_WEBHOOK": "https://ntfy.sh/a-topic-that-nobody-guesses, or Slack's, or one that takes JSON",
            "ALARM_HEARTBEAT": "https://hc-ping.com/…; asked for each few minutes: its owner misses a dead server",
        },
    ),
    "cdn": (
        "The credentials of a purge, for the provider in site.yml. A purge of CloudFront uses the deployer's key.",
        {
            "CLOUDFLARE_API_TOKEN": "a token that may purge the cache of your zone, and nothing else",
            "FASTLY_API_TOKEN": "a token of scope purge_select and purge_all, for your service",
            "AKAMAI_HOST": "akab-….luna.akamaiapis.net; with the next three: an API client that may Fast Purge",
            "AKAMAI_CLIENT_TOKEN": "akab-…",
            "AKAMAI_CLIENT_SECRET": "its secret",
            "AKAMAI_ACCESS_TOKEN": "akab-…",
        },
    ),
    "smoke": (
        "The proof signs in with it, to check the pages behind the login too.",
        {"SMOKE_LOGIN": "user:password"},
    ),
}


def new_passphrase() -> str:
    """Of the backups: 43 characters, as few as 256 random bits are on paper."""
    return secrets.token_urlsafe(PASSPHRASE_BYTES)


def check(site: Site, path: Path, text: str) -> dict[str, dict[str, str]]:
    """The sections of the decrypted ``text``; those that it leaves out are empty."""
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        # YAML's own message quotes the line.
        mark = getattr(error, "problem_mark", None)
        raise _wrong(path, f"line {mark.line + 1 if mark else 1}: not valid YAML") from None
    if not isinstance(data, dict) or set(data) != {TOP} or not isinstance(data[TOP], dict):
        raise _wrong(path, f"expected one key, {TOP}, with the sections {', '.join(SECTIONS)}")
    for name in data[TOP]:
        if name not in SECTIONS:
            raise _wrong(path, f"{name}: unknown section{_hint(name, SECTIONS)}")
    held = {name: _section(path, name, data[TOP].get(name)) for name in SECTIONS}
    if "SECRET_KEY" not in held["web"]:
        raise _wrong(path, "web: SECRET_KEY: missing")
    for name in held["web"]:
        instead = variables.instead(name, endpoint=bool(site.endpoint))
        if instead:
            raise _wrong(path, f"web: {name}: no secret, and Slipway sets it itself; {instead}")
    for name, values in held.items():
        if len(set(AWS_PAIR) & set(values)) == 1:
            raise _wrong(path, f"{name}: {' and '.join(AWS_PAIR)} go together; give both or neither")
    passphrase = held["backup"].get(PASSPHRASE, "")
    if passphrase and not PASSPHRASE_FORM.fullmatch(passphrase):
        raise _wrong(path, f"backup: {PASSPHRASE}: expected 20 characters or more, of ASCII and without spaces")
    return held


def _section(path: Path, section: str, data: Any) -> dict[str, str]:
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise _wrong(path, f"{section}: expected `NAME: value` lines")
    _, known = SECTIONS[section]
    for name, value in data.items():
        if not isinstance(name, str) or not VARIABLE.fullmatch(name):
            raise _wrong(path, f"{section}: a key there is not a variable's name")
        if section != "web" and name not in known:
            raise _wrong(path, f"{section}: {name}: unknown{_hint(name, known)}")
        if not isinstance(value, str):
            raise _wrong(path, f"{section}: {name}: expected text; put it in quotes")
        if not value or not value.isprintable():
            raise _wrong(path, f"{section}: {name}: expected text on one line; give it, or take the line out")
    return data


def _hint(name: object, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(str(name), known, 1)
    return f"; did you mean {near[0]}?" if near else f"; known: {', '.join(known)}"


def _wrong(path: Path, what: str) -> SlipwayError:
    return SlipwayError(f"{path}: {what} (`make secrets` opens the file)")
