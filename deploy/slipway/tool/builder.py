"""Builds a release on this machine, with the settings of the server, and pushes its static files.

Django takes most of the time of each process. So a process starts before its turn, and waits for it on its stdin.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from slipway.tool import config, front_end, push
from slipway.tool.aws.identity import Identity
from slipway.tool.push.manifest import put_manifest
from slipway.tool.secrets import AWS_PAIR, Secrets
from slipway.tool.server import inventory, state
from slipway.tool.server.upload import ReleaseArchive
from slipway.web.errors import SlipwayError
from slipway.web.prefixes import STATIC_PREFIX

# Only the push uses AWS. The other processes have the key's variables too, since settings may read them.
WITHHELD = Identity(dict.fromkeys(AWS_PAIR, "withheld"))

# The command of manage.py that loads Django, waits for a line on its stdin, and runs another.
WHEN_TOLD = "when_told"

# How Python reports a deprecated name, with its file and line.
WARNING = "FutureWarning: "
# Before the number of the unsafe migrations that were let through.
UNSAFE = "unsafe: "
# `migrate` would change nothing.
MIGRATED = "migrated"


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks have found. ``unsafe``: migrations that break the old code were let through. ``migrated``: the
    server's database has all of the release."""

    warnings: tuple[str, ...] = ()
    unsafe: bool = False
    migrated: bool = False


class Builder:
    """`manage.py` of this checkout, in the environment of the site that ``site`` describes."""

    def __init__(self, site: config.Site, secrets: Secrets) -> None:
        self.site = site
        self.directory = state.directory(site) / "build"
        # The manifest of static objects, as the last push has left it.
        self.objects = self.directory / "manifests" / "objects.json"
        self._deployer = Identity(secrets.deployer)
        # The web process's own secrets without its keys: settings may read these variables.
        self._web = {name: value for name, value in secrets.web.items() if not name.startswith("AWS_")}
        # The server's database, which this shell's variables must not replace.
        self._database = inventory.database(secrets)
        # Those that have started and wait, by the name of their command.
        self._waiting: dict[str, subprocess.Popen[str]] = {}
        # From the front end's build to the push of its result.
        self._building = ExitStack()

    def start_checks(self, *, allow_unsafe: bool) -> None:
        """Starts ``checks``, if it has not: its settings are those of this moment."""
        if "check_release" not in self._waiting:
            arguments = ["--config", str(self.site.path.resolve()), *(["--allow-unsafe"] if allow_unsafe else [])]
            self._start("check_release", *arguments, environment=self._environment(WITHHELD) | self._database)

    def checks(self, applied: str) -> Checked:
        """Rejects settings that would weaken the site on its server, SQLite there, and migrations that would break the
        running code, unless they are allowed.

        ``applied`` is a JSON list of names; "" where no code runs.
        """
        lines = self._finish("check_release", applied).splitlines()
        warnings = [line for line in lines if line.startswith(("warning: ", "waived: ")) or WARNING in line]
        unsafe = any(line.startswith(UNSAFE) for line in lines)
        return Checked(tuple(warnings), unsafe, MIGRATED in lines)

    def start(self) -> None:
        """Starts ``push`` and ``pack``, if it has not: their settings are those of this moment, and all else of their
        turn."""
        if "collectstatic" in self._waiting:
            return
        self._start("collectstatic", "--noinput", environment=self._environment(self._deployer), shown=True)
        packing = (str(self.directory / "release.tar.gz"), "--ship", *self.site.ship)
        self._start("pack", *packing, environment=self._environment(WITHHELD), shown=True)

    def end(self) -> None:
        """Ends the processes whose turn has not come."""
        for process in self._waiting.values():
            process.kill()
            process.communicate()
        self._waiting.clear()
        self._building.close()

    def build_front_end(self) -> None:
        """Runs `build` of site.yml, without any key or secret in its environment.

        Until ``push`` no other site of this checkout builds: both write into the one project.
        """
        self._building.enter_context(front_end.alone())
        log = state.directory(self.site) / "log" / "front-end.log"
        front_end.build(self.site, self.site.extra | self.site.environment(), log)

    def push(self) -> None:
        """Collects, bundles, verifies and pushes; progress and summary go to the terminal."""
        with self._building:
            self._finish("collectstatic")

    def sign_in_paths(self) -> list[str]:
        """The sign-in paths of the release, before anything is built or pushed."""
        file = self.directory / "sign-in-paths.json"
        self._start("sign_in_paths", str(file), environment=self._environment(WITHHELD))
        self._finish("sign_in_paths")
        return json.loads(file.read_text())

    def replaced(self) -> list[str]:
        """The URLs on the static host that the last push has replaced."""
        replaced = json.loads((self.directory / push.REPLACED).read_text())
        return [f"{self.site.static_url}/{quote(key.removeprefix(STATIC_PREFIX))}" for key in replaced]

    def pack(self) -> ReleaseArchive:
        """Packs code and manifests; what was left out goes to the terminal."""
        self._finish("pack")
        return ReleaseArchive.read(self.directory)

    def put_manifest(self, release: ReleaseArchive) -> None:
        """Writes releases/<id>.json to the bucket: prune reads it to find the objects in use."""
        put_manifest(push.Bucket.of(self.site, self._deployer), release.id, release.objects.read_bytes())

    def _environment(self, identity: Identity) -> dict[str, str]:
        # The server's values win over this shell's; but the key is that of ``identity``, and not the web process's.
        return {
            **identity.environment(),
            **self.site.extra,
            **self._web,
            **identity.keys,
            **self.site.environment(),
            **front_end.variables(self.site),
            "SLIPWAY_BUILD": str(self.directory),
        }

    def _start(self, name: str, *arguments: str, environment: Mapping[str, str], shown: bool = False) -> None:
        """Starts a command of manage.py; what it prints goes to the terminal (``shown``) or to its log."""
        with self._log(name).open("w") as file:
            self._waiting[name] = subprocess.Popen(
                [sys.executable, "manage.py", WHEN_TOLD, name, *arguments],
                cwd=state.ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=None if shown else file,
                stderr=subprocess.PIPE if shown else subprocess.STDOUT,
                text=True,
            )

    def _finish(self, name: str, line: str = "") -> str:
        """Tells a command that it is its turn, by ``line``, and waits for its end. Returns what its log has.

        Raises SlipwayError with the last line of its output.
        """
        process = self._waiting[name]
        # One that has failed before its turn reads nothing.
        _, errors = process.communicate(f"{line}\n")
        del self._waiting[name]
        log = self._log(name).read_text()
        if process.returncode:
            lines = (errors or log).strip().splitlines() or ["no output"]
            raise SlipwayError(lines[-1].removeprefix("slipway: "))
        return log

    def _log(self, name: str) -> Path:
        return state.directory(self.site) / "log" / f"{name}.log"
