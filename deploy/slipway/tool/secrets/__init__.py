"""Reads and writes the vaulted file beside site.yml. Nothing else in Slipway opens it, and no message shows a value.

sections  the variables of each section, and the check of a file's text
vault     encrypts and decrypts it, and finds it and its password
text      writes its text, with comments
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slipway.tool.config import Site
from slipway.tool.secrets.sections import AWS_PAIR, PASSPHRASE, SECTIONS, TOP, check, new_passphrase
from slipway.tool.secrets.text import edit, render
from slipway.tool.secrets.vault import (
    PASSWORD_VARIABLE,
    decrypt,
    make_password_file,
    password_file_of,
    path_of,
    seal,
)
from slipway.web.errors import SlipwayError

__all__ = [
    "AWS_PAIR",
    "PASSPHRASE",
    "PASSWORD_VARIABLE",
    "SECTIONS",
    "Secrets",
    "decrypt",
    "literal",
    "new_passphrase",
    "password_file_of",
    "path_of",
]


@dataclass(frozen=True, slots=True)
class Secrets:
    """The vaulted file's environment variables, by the process that gets them; its repr shows none."""

    path: Path
    password_file: Path
    web: Mapping[str, str] = field(repr=False)
    deployer: Mapping[str, str] = field(repr=False)
    smoke: Mapping[str, str] = field(repr=False)
    cdn: Mapping[str, str] = field(repr=False, default_factory=dict)
    pruner: Mapping[str, str] = field(repr=False, default_factory=dict)
    backup: Mapping[str, str] = field(repr=False, default_factory=dict)
    restorer: Mapping[str, str] = field(repr=False, default_factory=dict)
    alarms: Mapping[str, str] = field(repr=False, default_factory=dict)

    @classmethod
    def load(cls, site: Site) -> "Secrets":
        """The secrets of ``site``. Raises SlipwayError, one line with the file, the key and the fix."""
        path = path_of(site)
        return cls(path, password_file_of(site), **check(site, path, decrypt(site)))

    @classmethod
    def find(cls, site: Site) -> "Secrets | None":
        """The secrets of ``site``, or None before `make init`. Raises SlipwayError as ``load``."""
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
        backup: Mapping[str, str] | None = None,
        restorer: Mapping[str, str] | None = None,
        alarms: Mapping[str, str] | None = None,
    ) -> "Secrets":
        """Writes a new vaulted file, and a password file where there is none. No plain text is written to the disk."""
        path, password_file = path_of(site), password_file_of(site)
        given = {"web": web, "deployer": deployer, "smoke": smoke, "cdn": cdn, "pruner": pruner}
        given |= {"backup": backup, "restorer": restorer, "alarms": alarms}
        text = render({name: values or {} for name, values in given.items()})
        held = check(site, path, text)
        if not password_file.exists():
            make_password_file(password_file)
        seal(path, password_file, text)
        return cls(path, password_file, **held)

    @classmethod
    def put(cls, site: Site, section: str, values: Mapping[str, str | None]) -> "Secrets":
        """Sets ``values`` in one section, and removes those that are None; the rest of the file stays as it is."""
        path, password_file, text = path_of(site), password_file_of(site), decrypt(site)
        held = check(site, path, text)
        there = {name: value for name, value in held[section].items() if name not in values}
        wanted = held | {section: there | {name: value for name, value in values.items() if value is not None}}
        edited = edit(text, section, values)
        try:
            is_as_wanted = check(site, path, edited) == wanted
        except SlipwayError:
            is_as_wanted = False
        # A file in a form that `edit` cannot handle is rendered again.
        seal(path, password_file, edited if is_as_wanted else render(wanted))
        return cls(path, password_file, **wanted)

    @property
    def on_server(self) -> dict[str, dict[str, str]]:
        """The sections that the playbook writes on the server."""
        return {name: dict(getattr(self, name)) for name in ("web", "backup", "alarms")}

    def seal_for_ansible(self, path: Path) -> None:
        """Encrypts in ``path`` what the playbook reads, with the same password and as literal text."""
        seal(path, self.password_file, json.dumps(literal({TOP: self.on_server})))


def literal(value: Any) -> Any:
    """``value`` for Ansible's JSON, with every text marked unsafe: never a template, whatever braces it has."""
    # https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_advanced_syntax.html#unsafe-or-raw-strings
    if isinstance(value, str):
        return {"__ansible_unsafe": value}
    if isinstance(value, Mapping):
        return {name: literal(each) for name, each in value.items()}
    return [literal(each) for each in value] if isinstance(value, list | tuple) else value
