"""Builds a release on this machine, with the settings of the server, and pushes its static files."""

import json
import subprocess
import sys
from collections.abc import Mapping
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

# How Python reports a deprecated name, with its file and line.
WARNING = "FutureWarning: "
# Before the number of the unsafe migrations that were let through.
UNSAFE = "unsafe: "


class Builder:
    """`manage.py` of this checkout, in the environment of the site that ``site`` describes."""

    def __init__(self, site: config.Site, secrets: Secrets) -> None:
        self.site = site
        self.directory = state.directory(site) / "build"
        self._deployer = Identity(secrets.deployer)
        # The web process's own secrets without its keys: settings may read these variables.
        self._web = {name: value for name, value in secrets.web.items() if not name.startswith("AWS_")}
        # The server's database, which this shell's variables must not replace.
        self._database = inventory.database(secrets)

    def check_settings(self) -> list[str]:
        """Rejects settings that would weaken the site on its server, and SQLite there; returns warnings."""
        environment = self._environment(WITHHELD) | self._database
        arguments = ("manage.py", "check_settings", "--config", str(self.site.path.resolve()))
        output = self._run("check_settings", *arguments, environment=environment)
        return [line for line in output.splitlines() if line.startswith(("warning: ", "waived: ")) or WARNING in line]

    def build_front_end(self) -> None:
        """Runs `build` of site.yml, without any key or secret in its environment."""
        log = state.directory(self.site) / "log" / "front-end.log"
        front_end.build(self.site, self.site.extra | self.site.environment(), log)

    def push(self) -> None:
        """Collects, bundles, verifies and pushes; progress and summary go to the terminal."""
        self._manage("collectstatic", "--noinput", identity=self._deployer, shown=True)

    def sign_in_paths(self) -> list[str]:
        """The sign-in paths of the release, before anything is built or pushed."""
        file = self.directory / "sign-in-paths.json"
        self._manage("sign_in_paths", str(file))
        return json.loads(file.read_text())

    def replaced(self) -> list[str]:
        """The URLs on the static host that the last push has replaced."""
        replaced = json.loads((self.directory / push.REPLACED).read_text())
        return [f"{self.site.static_url}/{quote(key.removeprefix(STATIC_PREFIX))}" for key in replaced]

    def pack(self) -> ReleaseArchive:
        """Packs code and manifests; what was left out goes to the terminal."""
        self._manage("pack", str(self.directory / "release.tar.gz"), "--ship", *self.site.ship, shown=True)
        return ReleaseArchive.read(self.directory)

    def check_migrations(self, applied: str, *, allow: bool) -> bool:
        """Rejects migrations that would break the running code, unless ``allow``; returns whether there are such.

        ``applied`` is a JSON list of names."""
        file = state.directory(self.site) / "applied.json"
        file.write_text(applied)
        arguments = ("manage.py", "check_migrations", "--applied", str(file), *(["--allow-unsafe"] if allow else []))
        output = self._run("check_migrations", *arguments, environment=self._environment(WITHHELD))
        return any(line.startswith(UNSAFE) for line in output.splitlines())

    def put_manifest(self, release: ReleaseArchive) -> None:
        """Writes releases/<id>.json to the bucket: prune reads it to find the objects in use."""
        put_manifest(push.Bucket.of(self.site, self._deployer), release.id, release.objects.read_bytes())

    def _manage(self, *arguments: str, identity: Identity = WITHHELD, shown: bool = False) -> None:
        self._run(arguments[0], "manage.py", *arguments, environment=self._environment(identity), shown=shown)

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

    def _run(self, name: str, *arguments: str, environment: Mapping[str, str], shown: bool = False) -> str:
        """Returns the output, where that is not ``shown``.

        Raises SlipwayError with the output's last line; ``name``.log has the rest."""
        log = state.directory(self.site) / "log" / f"{name}.log"
        command = [sys.executable, *arguments]
        with log.open("w") as file:
            done = subprocess.run(
                command,
                cwd=state.ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=None if shown else file,
                stderr=subprocess.PIPE if shown else subprocess.STDOUT,
                text=True,
                check=False,
            )
        if done.returncode:
            lines = (done.stderr if shown else log.read_text()).strip().splitlines() or ["no output"]
            raise SlipwayError(lines[-1].removeprefix("slipway: "))
        return log.read_text()
