"""Runs uv: hash-locked wheels from the index that pip is configured for, without this shell's secrets."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

# pip's default index.
from pip._internal.models.index import PyPI

from slipway.tool.requirements import clean, pip
from slipway.web.errors import SlipwayError

# uv reads no pip.conf: pip's setting → uv's variable.
# https://docs.astral.sh/uv/reference/environment/
PASSED = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "retries": "UV_HTTP_RETRIES",
}
# The Python of this venv, which the Makefile makes with PYTHON=…
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
SETTING = re.compile(r"^(?:global|:env:|install)\.([a-z-]+)=(.*)$", re.MULTILINE)


def program() -> str:
    """This venv's uv, or else the system's."""
    own = Path(sys.prefix, "bin", "uv")
    found = str(own) if own.exists() else shutil.which("uv")
    if not found:
        raise SlipwayError("uv is missing; `make .venv/bin/uv` installs it")
    return found


def run(*arguments: str | Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs uv in ``env``, or else in ``environment()``."""
    everything = [program(), *map(str, arguments)]
    return subprocess.run(everything, env=env or environment(), capture_output=True, text=True, check=False)


def environment() -> dict[str, str]:
    """pip's environment, and pip's own settings where uv has none."""
    # pip trusts the system's authorities, uv by default its bundled ones.
    before = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "UV_NATIVE_TLS": "1"}
    return before | _settings() | clean.environment()


def _settings() -> dict[str, str]:
    passed = {}
    for name, value in SETTING.findall(pip.run("config", "list").stdout):
        if variable := PASSED.get(name):
            # pip prints the value as a Python literal, several values on lines or separated by spaces.
            passed[variable] = " ".join(str(ast.literal_eval(value)).split())
    if "UV_FIND_LINKS" in passed:
        passed["UV_FIND_LINKS"] = passed["UV_FIND_LINKS"].replace(" ", ",")
    if extra := passed.pop("UV_INDEX", "").split():
        # As pip does: the newest version of all indexes. Of the same version uv has only the files of the first index,
        # which has to be the main one: a lock file has the hashes of all its wheels.
        *first, last = passed.get("UV_DEFAULT_INDEX", PyPI.simple_url), *extra
        passed |= {"UV_INDEX": " ".join(first), "UV_DEFAULT_INDEX": last, "UV_INDEX_STRATEGY": "unsafe-best-match"}
    return passed


def install(locks: Sequence[Path]) -> str:
    """Installs these into this venv; returns the error in one line, or ""."""
    requirements = [part for lock in locks for part in ("--requirement", lock)]
    how = ["--quiet", "--require-hashes", "--only-binary", ":all:", "--python", sys.executable]
    done = run("pip", "install", *how, *requirements)
    if not done.returncode:
        return ""
    needed = newer_python(done.stderr)
    return f"{reason(done.stderr)}; {other_python(needed[1])}" if needed else reason(done.stderr)


def other_python(version: str) -> str:
    """What to do to use that Python in place of the venv's own."""
    return f".venv has Python {HERE}: remove it, and name another, like `make demo PYTHON=python{version}`"


def newer_python(output: str) -> tuple[str, str] | None:
    """The package that needs a newer Python, and the version: ("django>=6.0", "3.12"). uv has two forms of it."""
    found = re.search(r"(\S+)\s+(?:depends on|requires)\s+Python\s*>=\s*(\d+\.\d+)", output)
    return (found[1], found[2]) if found else None


def reason(output: str) -> str:
    """The cause in uv's output, in one line."""
    if found := re.search(r"(\S+) was not found in the (?:package registry|provided package locations)", output):
        return f"the package index has no {found[1]}"
    if found := re.search(r"Wheels are required for `([^`]+)`", output):
        pin = re.search(rf"\b{re.escape(found[1])}(?:\[[^]]*\])?==[\w.+!-]+", output)
        return pip.no_wheel(pin[0] if pin else found[1])
    if found := re.search(r"Hash mismatch for `([^`]+)`", output):
        return pip.other_hash(found[1])
    if "`--require-hashes` mode" in output:
        return pip.NO_HASH
    if needed := newer_python(output):
        return f"{needed[0]} needs Python {needed[1]} or newer"
    if found := re.search(r"only (\S+) is available|there is no version of (\S+)", output):
        return f"the package index has only {found[1]}" if found[1] else f"the package index has no {found[2]}"
    if found := re.search(r"error: (?:Failed to fetch|Request failed)[^\n]*", output):
        causes = re.findall(r"cause: (.+)", output)
        return f"the package index cannot be reached ({causes[-1] if causes else found[0]}); {pip.ASKED}"
    causes = re.findall(r"(?:cause|error): (.+)", output)
    return causes[-1] if causes else "no output of uv"
