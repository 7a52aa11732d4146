"""The environment of a local site: ports, secrets, site.yml, and the stand-ins for AWS and the CDN.

`local_site.LocalSite` (the demo, the tests) and `server_site.ServerSite` (the rehearsal) are such environments. They
differ in their addresses: plain HTTP on ports of the loopback, or names of their own with TLS and a proxy.
"""

import json
import os
import secrets
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from rehearsal.aws.identities import IDENTITIES
from rehearsal.processes import Processes, free_port
from slipway import ROOT
from slipway.tool import config
from slipway.tool.config import background

# Variables of this shell that could send a process to a real account, or to another site.
NOT_INHERITED = (
    *("AWS_", "SLIPWAY_", "DJANGO_SETTINGS_MODULE"),
    *("DATABASE_URL", "STATIC_URL", "MEDIA_URL", "SITE_URL", "SECRET_KEY"),
)
# Credential files and the metadata service of this computer are excluded too.
NO_ACCOUNT = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
# manage.py's last line for a missing command, such as createsuperuser in a project without accounts.
UNKNOWN_COMMAND = "Type 'manage.py help' for usage."


class Environment:
    """Secrets and site.yml of one site, and its stand-ins, whose state is in ``directory``.

    ``user_site`` is the project's own site.yml; everything but the addresses is taken from it. ``ports`` maps names to
    ports of the loopback, of which "s3", "control" and "cdn" are the stand-ins'.
    """

    ports: dict[str, int]

    def __init__(self, directory: Path, user_site: config.Site, processes: Processes) -> None:
        self.directory = directory
        self.user_site = user_site
        self.processes = processes
        self._file = directory / "environment.json"
        self._saved = self._load()

    @property
    def password(self) -> str:
        """The password of the user that the proof signs in as."""
        return self._saved["password"]

    def variables(self, identity: str) -> dict[str, str]:
        """The variables of a local process that uses the keys of ``identity``, one of the stand-ins' AWS users."""
        raise NotImplementedError

    def _load(self) -> dict[str, Any]:
        """Its own secrets, made once: sessions and the password survive a restart."""
        if not self._file.exists():
            self.directory.mkdir(parents=True, exist_ok=True)
            self._file.touch(mode=0o600)
            new = {"secret_key": secrets.token_urlsafe(50), "password": secrets.token_urlsafe(9)}
            self._file.write_text(json.dumps(new))
        return json.loads(self._file.read_text())

    def _save(self, **changed: Any) -> None:
        self._saved |= changed
        self._file.write_text(json.dumps(self._saved))

    def write_site(self, addresses: Mapping[str, Any], **environment: str) -> config.Site:
        """Writes the project's site.yml with ``addresses`` in place of its own, and loads it.

        ``environment`` is added to the project's variables.
        """
        user = self.user_site
        document = {
            "region": "eu-central-1",
            "settings": user.settings,
            "wsgi": user.wsgi,
            "environment": {**user.extra, **environment},
            "build": user.build,
            "ship": list(user.ship),
            "sign_in_paths": list(user.sign_in_paths),
            "sign_in_tries": user.sign_in_tries,
            "paths": list(user.paths),
            "allow": dict(user.allow),
            "waive": dict(user.waive),
            "schedule": {each.name: _described(each) for each in user.schedule},
            "workers": {each.name: _described(each) for each in user.workers},
            **addresses,
        }
        path = self.directory / "site.yml"
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        return config.load(path)

    def start_cloud(self, *, s3_tls: tuple[Path, Path] | None = None, cdn_tls: tuple[Path, Path] | None = None) -> None:
        """Starts the stand-ins for AWS and the CDN; both are ready when this returns.

        With ``s3_tls`` and ``cdn_tls``, each a certificate and its key, they serve TLS.
        """
        ports = self.ports
        aws = [sys.executable, "-m", "rehearsal.aws", "--data", self.directory / "aws"]
        aws += ["--s3-port", str(ports["s3"]), "--control-port", str(ports["control"]), *_tls(s3_tls)]
        ready = [ports["s3"], ports["control"]]
        self.processes.start("aws", aws, env=self.variables("admin"), cwd=ROOT, ready=ready)
        cdn = [sys.executable, "-m", "rehearsal.cdn", "--port", str(ports["cdn"]), *_tls(cdn_tls)]
        cdn += ["--log", self.directory / "log" / "cdn-access.log"]
        self.processes.start("cdn", cdn, env=self.variables("cdn"), cwd=ROOT, ready=[ports["cdn"]])


def _described(each: background.Job | background.Worker) -> dict[str, Any]:
    """An entry of `schedule` or `workers` as site.yml has it."""
    words = each.command
    if words[:2] == ("python", background.MANAGE):
        words = words[2:] if isinstance(each, background.Job) else words[1:]
    values = {name: value for name, value in asdict(each).items() if name != "name"}
    return values | {"command": shlex.join(words)}


def keys_of(identity: str) -> dict[str, str]:
    """The variables with which boto3 signs as ``identity``."""
    keys = IDENTITIES[identity]
    return {"AWS_ACCESS_KEY_ID": keys["access_key"], "AWS_SECRET_ACCESS_KEY": keys["secret_key"]}


def inherited() -> dict[str, str]:
    """This shell's environment, without what selects an account or a site of its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}


def superuser(address: str, password: str) -> dict[str, str]:
    """The variables from which `manage.py createsuperuser --noinput` makes a user.

    ``address`` is a mail address and a user name at once, whichever the project's user model signs in by.
    """
    return {
        "DJANGO_SUPERUSER_USERNAME": address,
        "DJANGO_SUPERUSER_EMAIL": address,
        "DJANGO_SUPERUSER_PASSWORD": password,
    }


def choose_ports(names: Sequence[str], first_port: int = 0) -> dict[str, int]:
    """A free port for each name, upwards from ``first_port``, or from anywhere for 0."""
    ports: dict[str, int] = {}
    for name in names:
        above = max(ports.values(), default=first_port - 1) + 1
        ports[name] = free_port(above if first_port or ports else 0)
    return ports


def _tls(files: tuple[Path, Path] | None) -> list[str | Path]:
    return ["--tls-cert", files[0], "--tls-key", files[1]] if files else []
