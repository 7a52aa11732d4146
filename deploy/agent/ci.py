"""The commands that CI's key may run: the steps of a deploy, and nothing else.

sshd runs `slipway ci LINE` for that key (a forced command): LINE is what the client asked for. No shell reads it.
"""

import os
import re

from agent import moving
from agent.paths import HostError, settings

COMMAND = "ci"
# EX_NOPERM of sysexits.h: tells the deploying machine that it has CI's key.
DENIED = 77
SHOWN = 80

NAME = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})"
RELEASE = r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}"
HEX = r"[0-9a-f]{16}"
# Variables that may precede the command.
VARIABLES = {
    "SLIPWAY_HOST": NAME,
    "SLIPWAY_DOMAIN": NAME,
    "SLIPWAY_LAYOUT": r"[0-9]{1,4}",
    "SLIPWAY_LOCK": HEX,
    "SLIPWAY_CHECKOUT": rf"(?:{HEX})?",
}
# Command → its arguments, with a space between two.
COMMANDS = {
    "facts": rf"{NAME}(?: {NAME}){{0,49}}",
    "hold": r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,99}",
    "receive": rf"{RELEASE} [0-9a-f]{{64}} [0-9a-f]{{12}}-3\.[0-9]{{1,2}}",
    "applied": "",
    "migrate": RELEASE,
    "check": RELEASE,
    "activate": RELEASE,
    "rollback": RELEASE,
    "releases": "",
    "prune": r"[1-9][0-9]{0,2}",
    "status": "",
    # Before migrations that are unsafe.
    "backup": rf"diff --point before-{RELEASE}",
    "drift": "",
    "follow": "",
}


class Denied(HostError):
    """A command that this key may not run."""


def permitted(line: str) -> list[str]:
    """The arguments of this command that ``line`` asks for; its variables are put into the environment.

    Raises Denied when it asks for anything else, HostError when it is meant for another site's server.
    """
    names, words = {}, line.split(" ")
    while words and "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        if name in names or not _matches(VARIABLES, name, value):
            raise _denied(line)
        names[name] = value
    program, name, arguments = words[:1], "".join(words[1:2]), " ".join(words[2:])
    if program != ["slipway"] or not _matches(COMMANDS, name, arguments):
        raise _denied(line)
    _require_same_site(names)
    os.environ.update(names)
    return words[1:]


def _matches(forms: dict[str, str], name: str, text: str) -> bool:
    return name in forms and re.fullmatch(forms[name], text, re.ASCII) is not None


def _denied(line: str) -> Denied:
    shown = line if len(line) <= SHOWN else f"{line[:SHOWN]}…"
    return Denied(f"the key of CI may run the steps of a deploy and nothing else: denied: {shown or 'a shell'}")


def _require_same_site(names: dict[str, str]) -> None:
    """As tool/server/owner.sh for all other keys: the deploying machine names the site that it means."""
    if (moved := moving.state()).get("state") == "moved":
        raise HostError(f"this site has moved to {moved['to']} on {moved['at']}: name that server in site.yml")
    here = settings()
    of_here = here["site_host"], here["site"]
    if (names.get("SLIPWAY_HOST"), names.get("SLIPWAY_DOMAIN")) != of_here:
        raise HostError(f"this server serves {here['site_host']}; correct `server` in site.yml")
    if here["layout"] > int(names.get("SLIPWAY_LAYOUT", "0")):
        version = here.get("version", "of a later version")
        raise HostError(f"this server was deployed by Slipway {version}: take the newer one, git pull or merge it")
