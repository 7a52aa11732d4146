"""The whole site in local processes: stand-ins for AWS and the CDN, and the real build, nginx and Gunicorn."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.unpack import BROKEN, Rejected, opened, unpack
from rehearsal import nginx
from rehearsal.environment import NO_ACCOUNT, UNKNOWN_COMMAND, Environment, choose_ports, inherited, keys_of, superuser
from rehearsal.processes import Processes
from slipway import ROOT
from slipway.tool import config, front_end, path_patterns, project_checks, proof_command
from slipway.tool.server import site_nginx
from slipway.web.errors import SlipwayError

DOMAIN = "slipway.localhost"
PORTS = ("www", "cdn", "s3", "control")
BIN = Path(sys.executable).parent
USER = f"demo@{DOMAIN}"


class LocalSite(Environment):
    """All parts of a deployed site, in local processes.

    ``source`` is the checkout that is built, with its own site.yml. The methods are the phases of a deploy, in
    their order. Only addresses differ from a real deploy: the product's code finds the
    stand-ins by boto3's own AWS_ENDPOINT_URL variables.
    """

    def __init__(self, directory: Path, processes: Processes, source: Path = ROOT, first_port: int = 0) -> None:
        super().__init__(directory, config.load(None if source == ROOT else source / "site.yml"), processes)
        self.source = source
        self.ports = choose_ports(PORTS, first_port)
        www, cdn = self.ports["www"], self.ports["cdn"]
        self.site = self.write_site(
            {
                "domain": DOMAIN,
                "site": f"http://www.{DOMAIN}:{www}",
                "static": f"http://static.{DOMAIN}:{cdn}",
                "media": f"http://media.{DOMAIN}:{cdn}",
                "tls": "none",
                "proxies": list(self.user_site.proxies),
                # Its database is a file.
                "backup_bucket": "none",
            }
        )
        self.build = directory / "build"
        self.current = directory / "current"
        self.origin_log = directory / "log" / "access.log"
        self.report = directory / "report"
        self._socket = directory / "gunicorn.sock"
        self._nginx = nginx.installed() or nginx.WHEEL
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def variables(self, identity: str) -> dict[str, str]:
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
                "SECRET_KEY": self._saved["secret_key"],
                "DATABASE_URL": f"sqlite:///{self.directory / 'db.sqlite3'}",
                "PYTHONDONTWRITEBYTECODE": "1",
            }
        )

    def start(self) -> None:
        """Every phase but the proof, without output."""
        if self.user_site.build:
            self.build_front_end()
        self.start_cloud()
        self.provision()
        self.push(quiet=True)
        self.release()
        self.prepare()
        self.serve()

    # The phases.

    def provision(self) -> None:
        """Creates the bucket and the distributions, as `make cdn` does in a real account."""
        self.run([sys.executable, "-m", "slipway.tool", "cdn"], identity="admin", log="provision")

    def check_settings(self) -> None:
        """Rejects the settings that a deploy of the user's own site would reject; warnings are printed."""
        command = [sys.executable, "manage.py", "check_settings", "--demo", "--config", str(self.user_site.path)]
        env = self.user_site.environment() | {"DATABASE_URL": "postgres:///slipway"}
        self.run(command, identity="web", env=env)

    def build_front_end(self) -> None:
        """Runs the project's `build`, with the addresses of this site."""
        environment = self.site.extra | self.site.environment()
        front_end.build(self.user_site, environment, self.directory / "log" / "front-end.log")

    def push(self, *, quiet: bool = False) -> None:
        """Builds the static files and sends them to the bucket."""
        command = [sys.executable, "manage.py", "collectstatic", "--noinput"]
        env = {"SLIPWAY_BUILD": str(self.build), **front_end.variables(self.user_site)}
        self.run(command, identity="deployer", env=env, log="push" if quiet else None)

    def release(self) -> None:
        """Packs code and manifests, unpacks them with the server's own code, and switches to them."""
        tarball = self.directory / "release.tar.gz"
        command = [sys.executable, "manage.py", "pack", tarball, "--ship", *self.user_site.ship]
        self.run(command, identity="deployer", env={"SLIPWAY_BUILD": str(self.build)}, log=None)
        self.unpack(tarball)

    def unpack(self, tarball: Path) -> None:
        """Puts a release in the place of the current one, as the server's agent unpacks it.

        Raises SlipwayError for one that the agent rejects.
        """
        shutil.rmtree(self.current, ignore_errors=True)
        self.current.mkdir()
        try:
            with opened(tarball) as archive:
                unpack(archive, self.current)
        except (*BROKEN, Rejected) as error:
            raise SlipwayError(f"the server would reject the release: {error}") from None

    def prepare(self) -> None:
        """Migrates the database; a new one gets a user to sign in as, and the project's seed."""
        manage = [sys.executable, "manage.py"]
        # Written last: an interrupted run is repeated.
        bucket = self.site.media_bucket
        stamp, filled = self.directory / "filled", f"{self.site.settings} {self.user_site.seed} {USER} {bucket}"
        if stamp.exists() and not stamp.read_text().endswith(f" {bucket}"):
            # This database refers to photos in another bucket.
            (self.directory / "db.sqlite3").unlink(missing_ok=True)
        self.run([*manage, "migrate", "--verbosity", "0"], identity="web", cwd=self.current, log="migrate")
        if stamp.exists() and stamp.read_text() == filled:
            return
        self._create_user(manage)
        if self.user_site.seed:
            self.run([*manage, self.user_site.seed], identity="web", cwd=self.current, log="seed")
        stamp.write_text(filled)

    def _create_user(self, manage: list[str]) -> None:
        """Makes a superuser to sign in as, unless an earlier run did or the project has no accounts."""
        env = superuser(USER, self.password)
        try:
            self.run([*manage, "createsuperuser", "--noinput"], identity="web", env=env, cwd=self.current, log="user")
        except SlipwayError as error:
            if not any(text in str(error) for text in ("already taken", UNKNOWN_COMMAND)):
                raise

    def serve(self) -> None:
        """Starts Gunicorn and nginx on the release."""
        self._start_gunicorn({})
        (self.directory / "nginx.conf").write_text(self._nginx_configuration())
        self._start_nginx()

    def _start_gunicorn(self, env: Mapping[str, str]) -> None:
        self._socket.unlink(missing_ok=True)
        self._start(
            "gunicorn",
            [BIN / "gunicorn", "-c", "deploy/gunicorn.conf.py", self.site.wsgi],
            identity="web",
            env={"SLIPWAY_SOCKET": str(self._socket), **env},
            cwd=self.current,
            ready=[self._socket],
        )

    def restart_gunicorn(self, *, env: Mapping[str, str] | None = None) -> None:
        """Restarts Gunicorn, with ``env`` added to its environment."""
        self.processes.stop(self._running.pop("gunicorn"))
        self._start_gunicorn(env or {})

    def _start_nginx(self) -> None:
        self._start(
            "nginx",
            [self._nginx, "-p", self.directory, "-c", self.directory / "nginx.conf", "-g", "daemon off;"],
            identity="web",
            ready=[self.ports["www"]],
        )

    def restart_nginx(self) -> None:
        """Restarts nginx with the nginx.conf in the directory."""
        self.processes.stop(self._running.pop("nginx"))
        self._start_nginx()

    def _nginx_configuration(self) -> str:
        temp = self.directory / "nginx-temp"
        temp.mkdir(exist_ok=True)
        sign_in_paths = json.loads((self.directory / "release.json").read_text())["sign_in_paths"]
        return nginx.render(
            nginx_site_files=site_nginx.read(self.site.project),
            nginx_pid=self.directory / "nginx.pid",
            nginx_log_dir=self.origin_log.parent,
            nginx_temp_dir=temp,
            # Workers of another user could not reach root's socket, nor write in this folder.
            nginx_user="root" if os.geteuid() == 0 else "",
            nginx_listen=[f"127.0.0.1:{self.ports['www']}"],
            nginx_site_host=self.site.host,
            nginx_site_authority=self.site.authority,
            nginx_redirect_hosts=[],
            nginx_upstream=self._socket,
            nginx_tls=self.site.tls,
            nginx_forwarded_proto="$scheme",
            nginx_acme_dir="",
            nginx_version=nginx.version(self._nginx),
            nginx_client_max_body_size=f"{self.site.max_body_mb}m",
            nginx_timeout=self.site.timeout,
            nginx_proxies=self.site.proxies,
            nginx_sign_in=[*sign_in_paths, *path_patterns.expressions(self.site.sign_in_paths)],
            nginx_sign_in_rate="20r/m",
            nginx_sign_in_delay=10,
            nginx_sign_in_burst=20,
        )

    def smoke(self, arguments: Sequence[str] = (), *, quiet: bool = False) -> int:
        """Runs the quick proof against the site, unless ``arguments`` say otherwise; returns its exit status."""
        state = self.directory / "provisioned.json"
        describe = [sys.executable, "-m", "slipway.tool", "describe"]
        state.write_text(self.run(describe, identity="admin", capture=True, log="describe"))
        command = proof_command.command(
            self.site,
            project=self.source / "project",
            build=self.build,
            origin_log=self.origin_log,
            report=self.report,
            provisioned=state,
        )
        command += ["--origin", f"http://127.0.0.1:{self.ports['www']}", *arguments]
        output = (self.directory / "log" / "smoke.log").open("wb") if quiet else None
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.variables("web") | {"SMOKE_LOGIN": f"{USER}:{self.password}"},
            stdout=output,
            stderr=subprocess.STDOUT if quiet else None,
            check=False,
        ).returncode

    # Helpers.

    def _start(self, name: str, command: Sequence[str | Path], *, identity: str, **options) -> None:
        env = self.variables(identity) | options.pop("env", {})
        options.setdefault("cwd", ROOT)
        self._running[name] = self.processes.start(name, command, env=env, **options)

    def run(
        self,
        command: Sequence[str | Path],
        *,
        identity: str,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        log: str | None = None,
        capture: bool = False,
    ) -> str:
        """Runs one command to its end; its output goes to ``<log>.log``, or to the screen without one.

        Raises SlipwayError with the command's own last line when it fails.
        """
        file = self.directory / "log" / f"{log}.log" if log else None
        output = file.open("w") if file else None
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd or self.source,
            env=self.variables(identity) | dict(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if capture else output,
            stderr=output if capture or output is None else subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            cause = project_checks.summary(file.read_text(errors="replace")) if file else "see above"
            raise SlipwayError(f"{log or Path(str(command[1])).name} failed: {cause}")
        return done.stdout or ""
