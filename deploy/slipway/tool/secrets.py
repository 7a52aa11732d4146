"""Reads and writes the vaulted file beside site.yml. Nothing else in Slipway opens it, and no message shows a value."""

import difflib
import json
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from slipway.tool.config import Site
from slipway.web.errors import SlipwayError

TOP = "slipway_secrets"
PASSWORD_VARIABLE = "ANSIBLE_VAULT_PASSWORD_FILE"
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
AWS_PAIR = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")

# Each section with a line about it, and the names that it may hold, each with an example or a word on it. The web
# process may have any further variable; the others have readers that know just these.
SECTIONS = {
    "web": (
        "Environment of the web process. Add what your project reads.",
        {
            "SECRET_KEY": "https://docs.djangoproject.com/en/5.2/ref/settings/#secret-key",
            "AWS_ACCESS_KEY_ID": "`make cdn` puts one here that may do no more than the web process needs",
            "AWS_SECRET_ACCESS_KEY": "its other half",
            "EMAIL_URL": "smtp+tls://user:password@smtp.example.com:587",
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
    "cdn": (
        "What a purge asks the provider with that site.yml names. CloudFront asks with the deployer's key.",
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
        "The proof signs in with it, and sees the pages behind the login too.",
        {"SMOKE_LOGIN": "user:password"},
    ),
}


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the vaulted file holds, as environment variables by who gets them; its repr shows none."""

    path: Path
    password_file: Path
    web: Mapping[str, str] = field(repr=False)
    deployer: Mapping[str, str] = field(repr=False)
    smoke: Mapping[str, str] = field(repr=False)
    cdn: Mapping[str, str] = field(repr=False, default_factory=dict)
    pruner: Mapping[str, str] = field(repr=False, default_factory=dict)

    @classmethod
    def load(cls, site: Site) -> "Secrets":
        """The secrets of ``site``. Raises SlipwayError, one line with the file, the key and the fix."""
        path = path_of(site)
        return cls(path, password_file_of(site), **_check(site, path, decrypt(site)))

    @classmethod
    def find(cls, site: Site) -> "Secrets | None":
        """The secrets of ``site``, or None where `make init` has made none yet. Raises SlipwayError as ``load``."""
        return cls.load(site) if path_of(site).exists() else None

    @classmethod
    def write(
        cls,
        site: Site,
        web: Mapping[str, str],
        deployer: Mapping[str, str] | None = None,
        smoke: Mapping[str, str] | None = None,
        cdn: Mapping[str, str] | None = None,
        pruner: Mapping[str, str] | None = None,
    ) -> "Secrets":
        """Makes the vaulted file anew; a password file is made where there is none. No plain text touches the disk."""
        path, password_file = path_of(site), password_file_of(site)
        given = {"web": web, "deployer": deployer or {}, "smoke": smoke or {}, "cdn": cdn or {}, "pruner": pruner or {}}
        text = _render(given)
        held = _check(site, path, text)
        if not password_file.exists():
            _make_password_file(password_file)
        _seal(path, password_file, text)
        return cls(path, password_file, **held)

    @classmethod
    def put(cls, site: Site, section: str, values: Mapping[str, str | None]) -> "Secrets":
        """Sets ``values`` in one section, or takes out those that are None; the rest of the file stays as it is."""
        path, password_file, text = path_of(site), password_file_of(site), decrypt(site)
        held = _check(site, path, text)
        there = {name: value for name, value in held[section].items() if name not in values}
        wanted = held | {section: there | {name: value for name, value in values.items() if value is not None}}
        edited = _edit(text, section, values)
        try:
            is_as_wanted = _check(site, path, edited) == wanted
        except SlipwayError:
            is_as_wanted = False
        # Lines of a form that we do not write ourselves are written anew.
        _seal(path, password_file, edited if is_as_wanted else _render(wanted))
        return cls(path, password_file, **wanted)

    def seal_for_ansible(self, path: Path) -> None:
        """Seals in ``path`` what the playbook reads of it, by the same password and as literal text."""
        _seal(path, self.password_file, json.dumps(literal({TOP: {"web": dict(self.web)}})))


def literal(value: Any) -> Any:
    """``value`` for Ansible's JSON, every text in it as it stands: never a template, whatever braces it has."""
    # https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_advanced_syntax.html#unsafe-or-raw-strings
    if isinstance(value, str):
        return {"__ansible_unsafe": value}
    if isinstance(value, Mapping):
        return {name: literal(each) for name, each in value.items()}
    return [literal(each) for each in value] if isinstance(value, list | tuple) else value


def path_of(site: Site) -> Path:
    return site.path.with_name(f"{site.path.stem}.secrets.yml")


def password_file_of(site: Site) -> Path:
    """What Ansible is given too. A file that may be executed is run, and prints the password."""
    named = os.environ.get(PASSWORD_VARIABLE)
    return Path(named or f"~/.config/slipway/{site.name}.vault-password").expanduser()


def decrypt(site: Site) -> str:
    """The vaulted file as YAML, whatever it says. For `make secrets`, which must open what is wrong too."""
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
        raise SlipwayError(f"{path}: the password in {password_file} does not open it, or it is damaged") from None


def _make_password_file(path: Path) -> None:
    if PASSWORD_VARIABLE in os.environ:
        raise SlipwayError(f"{path}: no such file; {PASSWORD_VARIABLE} names it: make it, or unset the variable")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(secrets.token_urlsafe(32) + "\n")


def _seal(path: Path, password_file: Path, text: str) -> None:
    sealed = _vault(path, password_file).encrypt(text)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write(sealed)
    Path(file.name).replace(path)


def _vault(path: Path, password_file: Path) -> Any:
    """Ansible's own vault, so that `ansible-vault` and the playbook open the very same file."""
    try:
        mode = password_file.stat().st_mode
    except OSError:
        raise SlipwayError(
            f"{password_file}: no such file; it opens {path.name}: copy it from the machine of `make init`, "
            f"or name yours with {PASSWORD_VARIABLE}"
        ) from None
    if not mode & 0o100 and mode & 0o077:
        raise SlipwayError(f"{password_file}: others may read the vault's password; chmod 600 {password_file}")
    # More than a second to load.
    from ansible.errors import AnsibleError
    from ansible.parsing.dataloader import DataLoader
    from ansible.parsing.vault import VaultLib, get_file_vault_secret

    try:
        secret = get_file_vault_secret(filename=str(password_file), loader=DataLoader())
        secret.load()
    except AnsibleError:
        raise SlipwayError(f"{password_file}: gives no password for {path.name}; it should hold or print one") from None
    return VaultLib([("default", secret)])


def _check(site: Site, path: Path, text: str) -> dict[str, dict[str, str]]:
    """The sections of the decrypted ``text``; those that it leaves out are empty."""
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        # Its own message quotes the line.
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
        if name in site.environment():
            raise _wrong(path, f"web: {name}: no secret, and {site.path.name} decides it; take it out")
    for name, values in held.items():
        if len(set(AWS_PAIR) & set(values)) == 1:
            raise _wrong(path, f"{name}: {' and '.join(AWS_PAIR)} go together; give both or neither")
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


def _edit(text: str, section: str, values: Mapping[str, str | None]) -> str:
    """``text`` with each value on its name's line of the section, which may be a comment; comments stay."""
    lines = text.splitlines()
    try:
        begin = next(number for number, line in enumerate(lines) if re.fullmatch(rf"  {section}:\s*", line)) + 1
    except StopIteration:
        lines += [f"  # {SECTIONS[section][0]}", f"  {section}:"]
        begin = len(lines)
    end = next((n for n in range(begin, len(lines)) if lines[n].strip() and lines[n][:4].strip()), len(lines))
    for name, value in values.items():
        line = (
            f"    #{name}: {SECTIONS[section][1].get(name, '')}" if value is None else f"    {name}: {_quoted(value)}"
        )
        for number in range(begin, end):
            if re.match(rf"    #?{name}:", lines[number]):
                lines[number] = line
                break
        else:
            lines.insert(begin, line)
            end += 1
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    # JSON's quotes are YAML's.
    return json.dumps(value, ensure_ascii=False)


def _render(given: Mapping[str, Mapping[str, str]]) -> str:
    """The file as `make secrets` shows it: what is not given stands there as a comment."""
    lines = ["# Encrypted wherever it is on a disk; `make secrets` opens it.", f"{TOP}:"]
    for section, (about, known) in SECTIONS.items():
        lines += [f"  # {about}", f"  {section}:"]
        for name in [*known, *(name for name in given[section] if name not in known)]:
            held = given[section].get(name)
            lines.append(f"    #{name}: {known[name]}" if held is None else f"    {name}: {_quoted(held)}")
    return "\n".join(lines) + "\n"
