"""The smoke suite on what has just been deployed, with the origin's own log as it is written."""

import json
import os
import shlex
import subprocess
from pathlib import Path

from slipway.tool import config, proof_command
from slipway.tool.aws.identity import Identity
from slipway.tool.builder import Builder
from slipway.tool.secrets import Secrets
from slipway.tool.server import state
from slipway.tool.server.connection import Connection
from slipway.web import stores
from slipway.web.errors import SlipwayError

# Further arguments for `python -m static_smoke`, as a shell would read them.
ARGUMENTS = "SMOKE_ARGS"


class Proof:
    """Follows the origin's log while the block runs; `run` runs the proof."""

    def __init__(self, site: config.Site, secrets: Secrets, connection: Connection, builder: Builder) -> None:
        self._site, self._secrets, self._connection, self._builder = site, secrets, connection, builder
        self._directory = state.directory(site)
        self._log = self._directory / "log" / "origin.log"

    def __enter__(self) -> "Proof":
        self._log.unlink(missing_ok=True)
        self._log.touch(mode=0o600)
        with self._log.open("wb") as log:
            self._following = subprocess.Popen(
                self._connection.command("slipway follow", alone=True),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._following.terminate()
        self._following.wait()

    def run(self) -> None:
        """Raises SlipwayError with the verdict's sentence when it has not passed, or when it could not run."""
        site, verdict = self._site, _verdict(self._site)
        # A proof that fails to run writes none, and an earlier deploy's would be read in its place.
        verdict.unlink(missing_ok=True)
        command = proof_command.command(
            site,
            project=state.ROOT / "project",
            build=self._builder.directory,
            origin_log=self._log,
            report=self._directory / "report",
            provisioned=self._provisioned_state(),
        )
        command += shlex.split(os.environ.get(ARGUMENTS, ""))
        done = subprocess.run(command, cwd=state.ROOT, env=os.environ | dict(self._secrets.smoke), check=False)
        if done.returncode:
            raise SlipwayError(f"the proof failed: {_sentence(site) if verdict.exists() else 'it could not run'}")

    def _provisioned_state(self) -> Path | None:
        """A file of the cloud's state; None, with a warning, where no key may read it: that check does not run."""
        path = self._directory / "provisioned.json"
        path.unlink(missing_ok=True)
        if self._site.provider != stores.DEFAULT:
            return None
        # Here: a deploy without a proof does not wait for it.
        from slipway.tool.cdn import cloudfront

        errors = []
        # A deployer's key of an earlier version may not read it; the default credentials may.
        for keys in (self._secrets.deployer, {}) if self._secrets.deployer else ({},):
            try:
                described = cloudfront.describe(self._site, Identity(keys))
            except SlipwayError as error:
                errors.append(error)
            else:
                path.write_text(json.dumps(described, default=str))
                return path
        print(f"    warning: the provisioned state is not checked: {errors[0]}")
        return None


def report(site: config.Site) -> str:
    """The verdict's sentence and where the whole report is."""
    return f"{_sentence(site)}\n  report    {(state.directory(site) / 'report' / 'index.html').relative_to(state.ROOT)}"


def _sentence(site: config.Site) -> str:
    return json.loads(_verdict(site).read_text())["sentence"]


def _verdict(site: config.Site) -> Path:
    return state.directory(site) / "report" / "smoke.json"
