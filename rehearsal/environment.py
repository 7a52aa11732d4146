"""What the stage's processes are told: addresses, keys and secrets of their own."""

import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from rehearsal.aws.identities import IDENTITIES
from rehearsal.processes import free_port
from slipway.tool import config

DOMAIN = "slipway.localhost"
# Variables of this shell that could lead a process to a real account, or to another site.
NOT_INHERITED = (
    *("AWS_", "SLIPWAY_", "DJANGO_SETTINGS_MODULE"),
    *("DATABASE_URL", "STATIC_URL", "MEDIA_URL", "SITE_URL", "SECRET_KEY"),
)
# Nor may a file or a metadata service of this computer.
NO_ACCOUNT = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def keys_of(identity: str) -> dict[str, str]:
    """The variables by which boto3 signs as ``identity``."""
    keys = IDENTITIES[identity]
    return {"AWS_ACCESS_KEY_ID": keys["access_key"], "AWS_SECRET_ACCESS_KEY": keys["secret_key"]}


def inherited() -> dict[str, str]:
    """This shell's environment, without what leads to an account or a site of its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}


def choose_ports(names: Sequence[str], first_port: int = 0) -> dict[str, int]:
    """A free port for each name, upwards from ``first_port``, or from anywhere for 0."""
    ports: dict[str, int] = {}
    for name in names:
        above = max(ports.values(), default=first_port - 1) + 1
        ports[name] = free_port(above if first_port or ports else 0)
    return ports


class Surroundings:
    """The ports, the site.yml and the environment of one stage, whose state lies in ``directory``.

    The project is the user's, as ``user_site`` names it; only its addresses are the stage's own.
    """

    def __init__(self, directory: Path, user_site: config.Site, first_port: int = 0) -> None:
        self.directory = directory
        self.ports = choose_ports(("www", "cdn", "s3", "control"), first_port)
        self._secrets = self._keep_secrets()
        self.site = self._write_site(user_site)

    @property
    def password(self) -> str:
        return self._secrets["password"]

    def environment(self, identity: str) -> dict[str, str]:
        """The environment of a process that acts as ``identity``; nothing of this shell's AWS account is in it."""
        return (
            inherited()
            | dict(self.site.extra)
            | self.site.environment()
            | {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.ports['control']}",
                "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{self.ports['s3']}",
                **NO_ACCOUNT,
                **keys_of(identity),
                "NO_PROXY": "127.0.0.1,localhost,.localhost",
                "CONFIG": str(self.site.path),
                "SECRET_KEY": self._secrets["secret_key"],
                "DATABASE_URL": f"sqlite:///{self.directory / 'db.sqlite3'}",
                "PYTHONDONTWRITEBYTECODE": "1",
            }
        )

    def _keep_secrets(self) -> dict[str, str]:
        """The demo's own secrets, made once and kept: sessions and the password outlive a restart."""
        file = self.directory / "secrets.json"
        if not file.exists():
            self.directory.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(json.dumps({"secret_key": secrets.token_urlsafe(50), "password": secrets.token_urlsafe(9)}))
        return json.loads(file.read_text())

    def _write_site(self, user_site: config.Site) -> config.Site:
        www, cdn = self.ports["www"], self.ports["cdn"]
        file = self.directory / "site.yml"
        file.write_text(
            f"domain: {DOMAIN}\n"
            f"site: http://www.{DOMAIN}:{www}\n"
            f"static: http://static.{DOMAIN}:{cdn}\n"
            f"media: http://media.{DOMAIN}:{cdn}\n"
            "tls: none\n"
            "region: eu-central-1\n"
            f"settings: {user_site.settings}\n"
            f"wsgi: {user_site.wsgi}\n"
            f"environment: {json.dumps(dict(user_site.extra))}\n"
            f"proxies: {json.dumps(user_site.proxies)}\n"
            f"sign_in_paths: {json.dumps(user_site.sign_in_paths)}\n"
            f"sign_in_tries: {user_site.sign_in_tries}\n"
        )
        return config.load(file)
