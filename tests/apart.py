"""Keeps tests away from what is not theirs: a clone's own project, and in unit tests the servers that they do not need.

Python itself tells of each file that is opened and of each program that is started (sys.audit), whoever does it.
"""

import os
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The user's own: whatever stands there, the tests pass.
OTHERS = (f"{ROOT / 'project'}/", str(ROOT / "site.yml"))
SERVER = re.compile(
    r"chromium|google-chrome|chrome|nginx|postgres|initdb|pg_ctl|weed|moto_server|pebble|qemu-system-\w+|systemd-nspawn"
)
# Where a real one is; a stand-in that a test has written is elsewhere.
INSTALLED = ("/usr/", "/bin/", "/sbin/", "/opt/", f"{sys.prefix}/")
# What starts the program that it is given.
STARTERS = {"sh", "bash", "env", "timeout", "nice", "runuser", "unshare", "setpriv"}
STARTS = {"subprocess.Popen", "os.posix_spawn", "os.exec"}

# The unit test that runs now.
unit_test = ""


def watch(event: str, arguments: tuple) -> None:
    """An audit hook. Raises AssertionError, which no code takes for an answer of the system's."""
    if event == "open" and str(arguments[0]).startswith(OTHERS):
        raise AssertionError(f"{arguments[0]} is the clone's own; the fixture site is in tests/site")
    if unit_test and event in STARTS:
        server = _server(list(map(os.fsdecode, arguments[1] or [arguments[0]])), arguments[-1] or os.environ)
        if server:
            raise AssertionError(f"{unit_test} starts {server}: such a test belongs below tests/integration")


def _server(line: list[str], environment: dict) -> str:
    """The installed server that a command line starts, "" for none."""
    words = " ".join(line).split() if Path(line[0]).name in STARTERS else line[:1]
    for word in words:
        if SERVER.fullmatch(Path(word).name):
            found = shutil.which(word, path=environment.get("PATH"))
            if found and found.startswith(INSTALLED):
                return found
    # Chromium is started by Playwright's own Node.
    return line[0] if "/playwright/driver/" in line[0] else ""


sys.addaudithook(watch)
