"""The user that Chromium runs as. Its sandbox, which confines a page's exploit, does not work for root.

So where the proof runs as root, Chromium is started as ``nobody`` with a home of its own. Only where that user gets no
sandbox (no user namespaces), or cannot run the program, does it run without one, and the report says so.
"""

import os
import pwd
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

USER = "nobody"
# Variables that another user's browser gets; the others may hold secrets.
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH")
# Playwright makes the profile as root, and the user must be able to write to it.
_START = """#!/bin/sh
for word do
  case $word in --user-data-dir=*) chown -R {uid}:{gid} "${{word#*=}}" || exit ;; esac
done
exec setpriv --reuid={uid} --regid={gid} --clear-groups -- {program} "$@"
"""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to start a browser; ``user`` None: the current one. ``warning``: a line for the report."""

    sandbox: bool = True
    user: pwd.struct_passwd | None = None
    warning: str = ""

    def program(self, browser: str, directory: Path) -> str:
        """The program to run: a script in ``directory`` where the user changes."""
        if self.user is None:
            return browser
        script = directory / "start-browser"
        script.write_text(_START.format(uid=self.user.pw_uid, gid=self.user.pw_gid, program=shlex.quote(browser)))
        script.chmod(0o700)
        return str(script)

    def environment(self, home: Path, *, at_home: bool) -> dict[str, str]:
        """``at_home``: whether the browser needs the files in ``home``; another user always does."""
        if self.user is None:
            return {**os.environ, "HOME": str(home)} if at_home else {**os.environ}
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return {**kept, "HOME": str(home), "TMPDIR": str(home)}

    def give(self, home: Path) -> None:
        """Changes the owner of ``home``, and of everything in it, to the user."""
        if self.user is not None:
            for path in (home, *home.rglob("*")):
                os.chown(path, self.user.pw_uid, self.user.pw_gid, follow_symlinks=False)


def ways() -> list[Way]:
    """The ways to start a browser, the safest first; each is tried when the one before does not start."""
    if os.geteuid() != 0:
        return [Way()]
    without = Way(sandbox=False, warning="Chromium ran as root without its sandbox: {reason}")
    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        return [without]
    if not shutil.which("setpriv"):
        return [without]
    bare = Way(False, user, f"Chromium ran without its sandbox, as {USER}: {{reason}}")
    return [Way(True, user), bare, without]


def reason(error: str) -> str:
    """Why Chromium did not start, in a line; ``error`` is Playwright's."""
    if "No usable sandbox" in error:
        return "it gets no user namespaces here"
    return error.strip().partition("\n")[0] or "it did not start"
