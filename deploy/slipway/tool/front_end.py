"""Builds the front end: the command `build` of site.yml, before the static files are collected.

It runs the code of npm packages. So its environment has what such tools need, and no variable of a deploy that is a
secret.
"""

import fcntl
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from slipway import ROOT
from slipway.tool import user_command
from slipway.tool.config import Site
from slipway.web.errors import SlipwayError

# Where each is missing, the shell's own words come late and do not say what to do.
PROGRAMS = ("node", "npm", "npx", "pnpm", "yarn", "bun", "deno")
# Beside what any command has: the tools' own variables.
PREFIXES = (
    *("NODE_", "NPM_", "npm_", "PNPM_", "YARN_", "COREPACK_", "BUN_", "DENO_"),
    *("NVM_", "FNM_", "VOLTA_", "ASDF_", "MISE_", "VITE_"),
)
# Each of these tools leaves the packages for development out under NODE_ENV=production, the bundler itself among them.
# https://docs.npmjs.com/cli/v11/using-npm/config#include
WITH_BUNDLER = {"npm_config_include": "dev", "YARN_PRODUCTION": "false"}
# The process that collects the static files is told what has been built.
BUILT = "SLIPWAY_FRONT_END"
LIMIT = 1800  # s
FIRST_LINES, LAST_LINES = 4, 12


def require(site: Site) -> None:
    """Raises SlipwayError where a program of ``build`` is not installed."""
    words = shlex.split(site.build)
    for program in PROGRAMS:
        if program in words and not shutil.which(program, path=user_command.path()):
            raise SlipwayError(f"build: {program} is not installed here; install Node.js with it: https://nodejs.org")


@contextmanager
def alone() -> Iterator[None]:
    """Waits until no other command of this checkout builds: what one site builds would be pushed for the other."""
    path = ROOT / ".slipway" / "front-end.lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("    another command builds the front end in this checkout: waiting for it", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build(site: Site, environment: Mapping[str, str], log: Path) -> None:
    """Runs ``build`` in the folder of the project; its output goes to ``log``.

    ``environment`` are the variables of the site's own processes, without secrets. Raises SlipwayError when it fails,
    after its last lines; whatever it has started has ended when this returns or raises.
    """
    require(site)
    try:
        with log.open("w") as file:
            status = user_command.run(site.build, site.project, _environment(environment), LIMIT, file)
    except subprocess.TimeoutExpired:
        raise SlipwayError(f"build: `{site.build}` was ended after {LIMIT / 60:g} minutes; see {_shown(log)}") from None
    if status:
        for line in _telling(log.read_text(errors="replace").splitlines()):
            print(f"    {line}")
        raise SlipwayError(f"build: `{site.build}` failed with exit status {status}; all of its output: {_shown(log)}")


def variables(site: Site) -> dict[str, str]:
    """What tells collectstatic that ``build`` was to make what the settings name."""
    return {BUILT: site.build} if site.build else {}


def _environment(site: Mapping[str, str]) -> dict[str, str]:
    return {**user_command.environment(PREFIXES), **WITH_BUNDLER, **site, "NODE_ENV": "production"}


def _telling(lines: list[str]) -> list[str]:
    """The last lines; and before them the first that speak of an error, since npm ends with all that it can do."""
    first = next((at for at, line in enumerate(lines) if "error" in line.lower()), len(lines))
    if first >= len(lines) - LAST_LINES:
        return lines[-LAST_LINES:]
    return [*lines[first : min(first + FIRST_LINES, len(lines) - LAST_LINES)], "…", *lines[-LAST_LINES:]]


def _shown(log: Path) -> str:
    return str(log.relative_to(ROOT) if log.is_relative_to(ROOT) else log)
