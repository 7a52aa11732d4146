"""A rehearsal's site on a throwaway server, with names and authorities of its own.

The names are in no DNS. The machine resolves them with /etc/hosts (host.py), the deploying process through a proxy,
Chromium and the proof with their arguments.
"""

import os
import secrets
import shlex
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rehearsal import acme
from rehearsal.authority import Authority
from rehearsal.environment import NO_ACCOUNT, Environment, choose_ports, inherited, keys_of
from rehearsal.machine import ssh
from rehearsal.machine.machine import Machine
from rehearsal.processes import Processes, free_port
from slipway import ROOT
from slipway.tool import config
from slipway.tool.secrets import PASSPHRASE, PASSWORD_VARIABLE, Secrets
from slipway.web.errors import SlipwayError

DOMAIN = "slipway.test"
SITE, BARE, STATIC, MEDIA = f"www.{DOMAIN}", DOMAIN, f"static.{DOMAIN}", f"media.{DOMAIN}"
# Of the site that a step puts beside it (rehearsal.steps.second_site).
SECOND = "staging.test"
CDN_HOSTS = (STATIC, MEDIA, f"static.{SECOND}", f"media.{SECOND}")
S3, ACME = f"s3.{DOMAIN}", f"acme.{DOMAIN}"
PORTS = ("s3", "control", "cdn", "proxy", "acme", "acme_control", "dns", "dns_control")
USER = f"rehearsal@{DOMAIN}"
# The deploy's state directories of the rehearsal's sites.
SITE_STATE, SECOND_STATE = (ROOT / ".slipway" / domain.replace(".", "-") for domain in (DOMAIN, SECOND))
# This computer's loopback, as seen from the machine (QEMU's user network, and slirp4netns's).
LOOPBACK = "10.0.2.2"
# The machine's file of trusted authorities.
MACHINE_CAS = "/etc/ssl/certs/ca-certificates.crt"
# Packages come from the real registries.
REGISTRIES = ("pypi.org", "files.pythonhosted.org", "registry.npmjs.org")
REGISTRY_VARIABLES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "npm_config_registry")
# Variables of this shell that would name another proxy or other authorities.
NOT_PASSED_ON = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "curl_ca_bundle", "ssl_cert_dir")


class ServerSite(Environment):
    """The site on ``machine``, and the environment of its deploys. ``directory`` holds its state, with which RESUME=1
    continues."""

    def __init__(self, directory: Path, user_site: config.Site, processes: Processes, machine: Machine) -> None:
        super().__init__(directory, user_site, processes)
        self.machine = machine
        # The machine of another site beside this one.
        self.second: Machine | None = None
        self.authority = Authority(directory / "tls")
        # The rehearsal's authorities, and those together with the system's.
        self.anchors = directory / "tls" / "anchors.pem"
        self.trusted = directory / "tls" / "trusted.pem"
        self.password_file = directory / "vault-password"
        # The folder of CI's key.
        self.ci_key = directory / "ci"
        if "ports" not in self._saved:
            # A resumed machine uses the same.
            self._save(ports=choose_ports(PORTS), acme_roots=[], passphrase=secrets.token_urlsafe(24))
            self.password_file.touch(mode=0o600)
            self.password_file.write_text(f"{secrets.token_urlsafe(32)}\n")
        self.ports = self._saved["ports"]

    @property
    def login(self) -> str:
        """The proof's login, ``user:password``."""
        return f"{USER}:{self.password}"

    @property
    def s3_url(self) -> str:
        """One URL for the machine, this computer and its browser: a presigned form contains it."""
        return f"https://{S3}:{self.ports['s3']}"

    def start(self) -> None:
        """Starts every stand-in; site.yml and the file of trusted authorities exist afterwards."""
        ports, issue = self.ports, self.authority.issue
        certificate = issue("acme", [ACME, "127.0.0.1"])
        # Through the proxy, which knows the machine that serves.
        acme.start(self.processes, self.directory, ports, certificate, ports["proxy"])
        self.acme_root = acme.root(ports["acme_control"], self.authority.certificate)
        self.trust(self.acme_root)
        self.configure()
        self.start_cloud(s3_tls=issue("s3", [S3, "127.0.0.1"]), cdn_tls=issue("cdn", list(CDN_HOSTS)))
        self._start_proxy()

    def _start_proxy(self) -> None:
        port = self.ports["proxy"]
        routes = [f"{name}={to}" for name, to in self.routes().items()]
        proxy = [sys.executable, "-m", "rehearsal.proxy", "--port", str(port), *routes]
        self._proxy = self.processes.start("proxy", proxy, env=self.variables("web"), cwd=ROOT, ready=[port])

    def serve_from(self, machine: Machine) -> None:
        """The site's names are ``machine``'s from now on, as after a change of DNS."""
        self.machine = machine
        self._name_again()

    def serve_second(self, machine: Machine) -> None:
        """The names of SECOND are ``machine``'s from now on."""
        self.second = machine
        self._name_again()

    def _name_again(self) -> None:
        self.processes.stop(self._proxy)
        self._start_proxy()

    def deploy_to(self, machine: Machine) -> None:
        """site.yml names ``machine`` as its server from now on, and DNS too."""
        self.serve_from(machine)
        self.describe()

    def configure(self) -> None:
        """Writes site.yml, and its vaulted secrets."""
        self.describe()
        self.write_secrets()

    def describe(self, **more: Any) -> None:
        """Writes site.yml; ``more`` are further keys."""
        ssh_config = self.machine.ssh_config
        self.site = self.write_site(
            {
                "domain": DOMAIN,
                "server": ssh.HOST,
                "ssh_config": str(ssh_config),
                "admin_keys": [str(ssh_config.with_name("id_ed25519.pub"))],
                "ci_key": ssh.public_key(self.ci_key),
                "acme": f"https://{ACME}:{self.ports['acme']}/dir",
                "email": USER,
                **more,
            },
            AWS_ENDPOINT_URL_S3=self.s3_url,
        )

    def write_secrets(self, **smoke: str) -> None:
        """Encrypts the site's secrets: the web process's keys, the deployer's, and ``smoke`` for the proof."""
        # slipway.tool.secrets and Ansible read it from there.
        os.environ[PASSWORD_VARIABLE] = str(self.password_file)
        web = {"SECRET_KEY": self._saved["secret_key"], **keys_of("web")}
        backup = {**keys_of("backup"), PASSPHRASE: self._saved["passphrase"]}
        more = {name: keys_of(name) for name in ("pruner", "restorer")}
        Secrets.write(self.site, web, keys_of("deployer"), smoke, backup=backup, **more)

    def trust(self, acme_root: str) -> None:
        """Writes the files of authorities, with one more ACME root: a resumed machine's certificate is of an earlier
        one."""
        roots = list(dict.fromkeys([*self._saved["acme_roots"], acme_root]))
        self._save(acme_roots=roots)
        self.anchors.write_text("\n".join([self.authority.certificate.read_text(), *roots]))
        paths = ssl.get_default_verify_paths()
        system = Path(os.environ.get("SSL_CERT_FILE") or paths.cafile or paths.openssl_cafile)
        self.trusted.write_text((system.read_text() if system.is_file() else "") + self.anchors.read_text())

    def routes(self) -> dict[str, int]:
        """The port of the loopback for each "name:port"."""
        machine = self.machine.ports
        routes = {f"{S3}:{self.ports['s3']}": self.ports["s3"], f"{ACME}:{self.ports['acme']}": self.ports["acme"]}
        routes |= {f"{host}:443": self.ports["cdn"] for host in CDN_HOSTS}
        served = {SITE: machine, BARE: machine}
        if self.second:
            served |= dict.fromkeys((f"www.{SECOND}", SECOND), self.second.ports)
        return routes | {f"{host}:{port}": ports[port] for host, ports in served.items() for port in (80, 443)}

    def smoke_arguments(self) -> list[str]:
        """The proof's arguments: in full, with the names resolved for Chromium and its own client."""
        resolve = [f"--resolve={name}:127.0.0.1:{port}" for name, port in self.routes().items()]
        return ["--depth=full", *resolve, f"--ca={self.anchors}"]

    def variables(self, identity: str) -> dict[str, str]:
        """Without proxy and names: a local process uses the ports of the loopback."""
        return (
            _clean()
            | dict(self.site.extra)
            | self.site.environment()
            | NO_ACCOUNT
            | keys_of(identity)
            | {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.ports['control']}",
                "AWS_ENDPOINT_URL_S3": f"https://127.0.0.1:{self.ports['s3']}",
                "AWS_CA_BUNDLE": str(self.trusted),
                "SSL_CERT_FILE": str(self.trusted),
                "NO_PROXY": "*",
                # moto issues a certificate at once.
                "MOTO_ACM_VALIDATION_WAIT": "0",
            }
        )

    def deployer(self, identity: str = "", **more: str) -> dict[str, str]:
        """The variables of the deploying process, with the keys of ``identity`` or, like a site's secrets, without."""
        proxy = f"http://127.0.0.1:{self.ports['proxy']}"
        own_proxy = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy")
        no_proxy = ["127.0.0.1", "localhost", *([] if own_proxy else _registries())]
        return (
            _clean()
            | NO_ACCOUNT
            | (keys_of(identity) if identity else {})
            | (dict.fromkeys(("PIP_PROXY", "npm_config_https_proxy"), own_proxy) if own_proxy else {})
            | {
                "CONFIG": str(self.directory / "site.yml"),
                PASSWORD_VARIABLE: str(self.password_file),
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.ports['control']}",
                "AWS_ENDPOINT_URL_S3": self.s3_url,
                "HTTP_PROXY": proxy,
                "HTTPS_PROXY": proxy,
                "NO_PROXY": ",".join(no_proxy),
                **dict.fromkeys(("AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), str(self.trusted)),
                "PYTHONDONTWRITEBYTECODE": "1",
                "SMOKE_ARGS": shlex.join(self.smoke_arguments()),
            }
            | more
        )

    def check_ports(self) -> None:
        """Raises SlipwayError when another process has taken one of a resumed rehearsal's ports."""
        for name, port in self.ports.items():
            if free_port(port) != port:
                raise SlipwayError(f"port {port} ({name}) is taken by another process; end it, or leave RESUME=1 out")


def shell(variables: Mapping[str, str]) -> str:
    """Shell commands that make ``variables`` the whole environment."""
    unset = [f"unset {name}\n" for name in os.environ if name not in variables]
    # All of them: ServerSite has set some for this process alone.
    return "".join(unset + [f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()])


def _clean() -> dict[str, str]:
    return {name: value for name, value in inherited().items() if name.lower() not in NOT_PASSED_ON}


def _registries() -> list[str]:
    """The hosts that pip and npm download from."""
    named = " ".join(os.environ.get(name, "") for name in REGISTRY_VARIABLES).split()
    return [*REGISTRIES, *filter(None, (urlsplit(url).hostname for url in named))]
