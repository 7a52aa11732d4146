"""Downloads the server's wheels here, for its Python, machine and glibc: it installs them without any index."""

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.errors import SlipwayError

# The oldest glibc that wheels are made for, and what they were called before they named it.
# https://peps.python.org/pep-0600/#legacy-manylinux-tags
MACHINES = {
    "x86_64": (5, ("manylinux2014", "manylinux2010", "manylinux1")),
    "aarch64": (17, ("manylinux2014",)),
}


def fetch(lock: Path, python: str, glibc: str, machine: str, target: Path) -> list[Path]:
    """The wheels that ``lock`` pins, below ``target``; those that are there are not downloaded again.

    Raises SlipwayError, one line, when there is no wheel for that machine or no index to ask.
    """
    tags = platforms(glibc, machine)
    # A wheel for a newer glibc would not load on an older one.
    folder = target / f"glibc-{glibc}"
    if not folder.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=target, prefix="unfinished-") as unfinished:
            wheels = Path(unfinished) / "wheels"
            done = subprocess.run(_command(lock, python, tags, wheels), capture_output=True, text=True, check=False)
            if done.returncode:
                raise SlipwayError(f"{lock}: {_reason(done.stderr)} (Python {python}, {machine}, glibc {glibc})")
            wheels.rename(folder)
    return sorted(folder.glob("*.whl"))


def platforms(glibc: str, machine: str) -> list[str]:
    """What the names of wheels that run there may say, the newest first."""
    if machine not in MACHINES:
        raise SlipwayError(f"the server is a {machine}; there are wheels for {' and '.join(MACHINES)}")
    if not re.fullmatch(r"2\.\d+", glibc):
        raise SlipwayError(f"the server's C library is not glibc ({glibc or 'it does not say'}); wheels need that")
    oldest, legacy = MACHINES[machine]
    named = [f"manylinux_2_{minor}" for minor in range(int(glibc[2:]), oldest - 1, -1)]
    return [f"{name}_{machine}" for name in (*named, *legacy)]


def _command(lock: Path, python: str, tags: list[str], wheels: Path) -> list[str]:
    # Everything else, the index too, is as this machine's pip is set up.
    command = [sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check", "download"]
    command += ["--no-deps", "--require-hashes", "--only-binary=:all:", "--progress-bar", "off"]
    command += ["--implementation", "cp", "--python-version", python, "--abi", f"cp{python.replace('.', '')}"]
    for tag in tags:
        command += ["--platform", tag]
    return [*command, "--dest", str(wheels), "--requirement", str(lock)]


def _reason(said: str) -> str:
    """What pip said, for somebody who did not call it."""
    errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
    if "WARNING: Retrying" in said:
        return "the package index cannot be reached; `pip config list` shows which one pip asks"
    missing = re.search(r"No matching distribution found for (\S+)", said)
    if missing:
        return f"no wheel of {missing[1]}; pin a version that has one in requirements/web.in, and `make lock`"
    if "DO NOT MATCH THE HASHES" in said:
        name = re.search(r"^\s+(\S+==\S+|\S+) from ", said, re.MULTILINE)
        return f"{name[1] if name else 'a wheel'} is not the one that was locked: its hash differs"
    if "--require-hashes" in said:
        return "not every line is pinned with its hash; `make lock` writes the file"
    return errors[-1] if errors else "pip said nothing"
