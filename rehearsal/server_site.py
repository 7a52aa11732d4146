"""The world of one rehearsal: its names, their ports, who may do what, and the site.yml that a person would write."""

import json
import os
import secrets
import ssl
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from rehearsal.authority import Authority
from rehearsal.environment import NO_ACCOUNT, choose_ports, inherited, keys_of
from rehearsal.machine import ssh
from rehearsal.processes import free_port
from slipway.tool import config
from slipway.tool.secrets import PASSWORD_VARIABLE, Secrets
from slipway.web.errors import SlipwayError

DOMAIN = "slipway.test"
SITE, BARE, STATIC, MEDIA = f"www.{DOMAIN}", DOMAIN, f"static.{DOMAIN}", f"media.{DOMAIN}"
S3, ACME = f"s3.{DOMAIN}", f"acme.{DOMAIN}"
PORTS = ("s3", "control", "cdn", "proxy", "acme", "acme_control", "dns", "dns_control")
USER = "rehearsal"
# What the machine calls this computer's loopback (QEMU's user network, and slirp4netns's).
LOOPBACK = "10.0.2.2"
# Where the machine's system keeps the authorities that it trusts.
MACHINE_CAS = "/etc/ssl/certs/ca-certificates.crt"
# Packages come from where they always come from.
REGISTRIES = ("pypi.org", "files.pythonhosted.org")
REGISTRY_VARIABLES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")
# Another proxy, or other authorities, of this shell.
NOT_PASSED_ON = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "curl_ca_bundle", "ssl_cert_dir")


class ServerSite:
    """Everything but the machine and the processes. ``directory`` holds its state, which RESUME=1 goes on with."""

    def __init__(self, directory: Path, user_site: config.Site) -> None:
        self.directory = directory
        self.user_site = user_site
        self.authority = Authority(directory / "tls")
        # The authorities of the rehearsal alone, and those with the system's.
        self.anchors = directory / "tls" / "anchors.pem"
        self.trusted = directory / "tls" / "trusted.pem"
        self.password_file = directory / "vault-password"
        self._file = directory / "world.json"
        self._kept = self._keep()
        self.ports: dict[str, int] = self._kept["ports"]

    @cached_property
    def site(self) -> config.Site:
        """The rehearsal's site, as ``write`` has left it."""
        return config.load(self.directory / "site.yml")

    @property
    def login(self) -> str:
        """Whom the smoke suite signs in as, ``user:password``."""
        return f"{USER}:{self._kept['password']}"

    @property
    def s3_url(self) -> str:
        """One URL for the machine, this computer and its browser: a presigned form names it."""
        return f"https://{S3}:{self.ports['s3']}"

    def write(self, ssh_config: Path) -> None:
        """Writes site.yml for the machine that ``ssh_config`` leads to, and its vaulted secrets."""
        said = {
            "domain": DOMAIN,
            "server": ssh.HOST,
            "ssh_config": str(ssh_config),
            "admin_keys": [str(ssh_config.with_name("id_ed25519.pub"))],
            "acme": f"https://{ACME}:{self.ports['acme']}/dir",
            "email": f"{USER}@{DOMAIN}",
            "region": "eu-central-1",
            "settings": self.user_site.settings,
            "wsgi": self.user_site.wsgi,
            "sign_in_paths": list(self.user_site.sign_in_paths),
            "sign_in_tries": self.user_site.sign_in_tries,
            "environment": {**self.user_site.extra, "AWS_ENDPOINT_URL_S3": self.s3_url},
            "allow": dict(self.user_site.allow),
        }
        (self.directory / "site.yml").write_text(yaml.safe_dump(said, sort_keys=False))
        self.write_secrets()

    def write_secrets(self, **smoke: str) -> None:
        """Seals the site's secrets: the web process's keys, the deployer's, and what ``smoke`` gives the proof."""
        # Where slipway.tool.secrets and Ansible look for it.
        os.environ[PASSWORD_VARIABLE] = str(self.password_file)
        web = {"SECRET_KEY": self._kept["secret_key"], **keys_of("web")}
        Secrets.write(self.site, web, keys_of("deployer"), smoke, pruner=keys_of("pruner"))

    def trust(self, acme_root: str) -> None:
        """Makes the files of authorities anew, with one more ACME root: a resumed machine still shows a certificate
        of the one before."""
        roots = list(dict.fromkeys([*self._kept["acme_roots"], acme_root]))
        self._save(acme_roots=roots)
        self.anchors.write_text("\n".join([self.authority.certificate.read_text(), *roots]))
        paths = ssl.get_default_verify_paths()
        system = Path(os.environ.get("SSL_CERT_FILE") or paths.cafile or paths.openssl_cafile)
        self.trusted.write_text((system.read_text() if system.is_file() else "") + self.anchors.read_text())

    def routes(self, machine: Mapping[int, int]) -> dict[str, int]:
        """Where each name leads: "name:port" to a port of the loopback; ``machine`` has the machine's by its own."""
        routes = {f"{S3}:{self.ports['s3']}": self.ports["s3"], f"{ACME}:{self.ports['acme']}": self.ports["acme"]}
        routes |= {f"{host}:443": self.ports["cdn"] for host in (STATIC, MEDIA)}
        return routes | {f"{host}:{port}": machine[port] for host in (SITE, BARE) for port in (80, 443)}

    def standin(self, identity: str) -> dict[str, str]:
        """The environment of a stand-in, or of a Django beside it, that acts as ``identity``; no proxy, no names."""
        return (
            _clean()
            | self.site.environment()
            | NO_ACCOUNT
            | keys_of(identity)
            | {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.ports['control']}",
                "AWS_ENDPOINT_URL_S3": f"https://127.0.0.1:{self.ports['s3']}",
                "AWS_CA_BUNDLE": str(self.trusted),
                "SSL_CERT_FILE": str(self.trusted),
                "NO_PROXY": "*",
                # A certificate is issued by the second time that one asks.
                "MOTO_ACM_VALIDATION_WAIT": "0",
            }
        )

    def person(self, identity: str = "", **more: str) -> dict[str, str]:
        """The environment of who deploys, with the keys of ``identity`` or, like a site's secrets, without any."""
        proxy = f"http://127.0.0.1:{self.ports['proxy']}"
        own_proxy = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy")
        past = ["127.0.0.1", "localhost", *([] if own_proxy else _registries())]
        return (
            _clean()
            | NO_ACCOUNT
            | (keys_of(identity) if identity else {})
            | ({"PIP_PROXY": own_proxy} if own_proxy else {})
            | {
                "CONFIG": str(self.directory / "site.yml"),
                PASSWORD_VARIABLE: str(self.password_file),
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.ports['control']}",
                "AWS_ENDPOINT_URL_S3": self.s3_url,
                "HTTP_PROXY": proxy,
                "HTTPS_PROXY": proxy,
                "NO_PROXY": ",".join(past),
                **dict.fromkeys(("AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), str(self.trusted)),
                "PYTHONDONTWRITEBYTECODE": "1",
            }
            | more
        )

    def _keep(self) -> dict:
        """Ports and secrets, made once: a machine that is resumed knows them."""
        if not self._file.exists():
            self._file.touch(mode=0o600)
            made = {"secret_key": secrets.token_urlsafe(50), "password": secrets.token_urlsafe(9), "acme_roots": []}
            self._file.write_text(json.dumps({"ports": choose_ports(PORTS)} | made))
            self.password_file.touch(mode=0o600)
            self.password_file.write_text(secrets.token_urlsafe(32) + "\n")
        return json.loads(self._file.read_text())

    def _save(self, **changed: object) -> None:
        self._kept |= changed
        self._file.write_text(json.dumps(self._kept))

    def check_ports(self) -> None:
        """Raises SlipwayError when another process has taken one of a resumed rehearsal's ports."""
        for name, port in self.ports.items():
            if free_port(port) != port:
                raise SlipwayError(f"port {port} ({name}) is taken by another process; end it, or leave RESUME=1 out")


def _clean() -> dict[str, str]:
    return {name: value for name, value in inherited().items() if name.lower() not in NOT_PASSED_ON}


def _registries() -> list[str]:
    """The hosts that pip downloads from."""
    named = " ".join(os.environ.get(name, "") for name in REGISTRY_VARIABLES).split()
    return [*REGISTRIES, *filter(None, (urlsplit(url).hostname for url in named))]
