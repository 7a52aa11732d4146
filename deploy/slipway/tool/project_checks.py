"""The checks of any project before a deploy. They need no AWS, no server and no secrets."""

import configparser
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from slipway import ROOT
from slipway.tool import config, front_end
from slipway.tool.server import state
from slipway.web import switch
from slipway.web.errors import SlipwayError

PROJECT = ROOT / "project"
FRAME = re.compile(r'^\s*File "(.+?)", line (\d+)', re.M)
# pytest's configuration files with their section; and the imports by which tests without one are recognized.
CONFIGURATIONS = {"pytest.ini": "pytest", "tox.ini": "pytest", "setup.cfg": "tool:pytest"}
USES_PYTEST = re.compile(r"^\s*(import pytest|from pytest import)\b", re.M)
NO_TESTS = 5  # pytest's exit status when it found none
# Settings may read these variables; nothing is requested with them.
THROWAWAY = {
    "SECRET_KEY": "for the checks only: 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM",
    "AWS_ACCESS_KEY_ID": "withheld",
    "AWS_SECRET_ACCESS_KEY": "withheld",
}
# Prints those that resolve.
PAGES = """
from django.urls import Resolver404, resolve
for path in {}:
    try:
        resolve(path)
        print(path)
    except Resolver404:
        pass
"""
# What a server has, where the secrets name no other: nothing connects to it.
SERVERS_DATABASE = "postgres:///slipway"


class ProjectChecks:
    """The checks of ``site``'s project; they write below ``directory``.

    Each raises SlipwayError, one line, when the project does not pass; its log has the rest.
    """

    def __init__(self, site: config.Site, directory: Path) -> None:
        self.site = site
        self.directory = directory
        # This shell's variables, which settings may read, without those that select a Django environment.
        unset = (switch.VARIABLE, "DJANGO_SETTINGS_MODULE")
        self._shell = {name: value for name, value in os.environ.items() if name not in unset}

    def settings(self) -> list[str]:
        """Rejects what a deploy would reject in the settings; returns its warnings, and what site.yml waives."""
        arguments = ("--config", str(self.site.path.resolve()))
        output = self._manage("check_settings", *arguments, DATABASE_URL=SERVERS_DATABASE)
        return [line for line in output.splitlines() if line.startswith(("warning: ", "waived: "))]

    def wsgi(self) -> None:
        """Imports the application as Gunicorn does."""
        self._manage("shell", "-c", f"from {self.site.wsgi} import application")

    def pages(self, paths: Sequence[str]) -> list[str]:
        """Those of ``paths`` that the project has a view for."""
        output = self._manage("shell", "--verbosity", "0", "-c", PAGES.format(list(paths)))
        return [path for path in paths if path in output.splitlines()]

    def check(self) -> list[str]:
        """`check --deploy` under the settings of production; returns its warnings."""
        output = self._manage("check", "--deploy")
        return [
            f"warning: {line.removeprefix('?: ')}"
            for line in output.splitlines()
            if re.match(r"\S.*: \(\w+\.W\d+\)", line)
        ]

    def missing_migrations(self) -> None:
        self._manage("missing_migrations")

    def build_front_end(self) -> None:
        """Runs `build` of site.yml."""
        log = state.directory(self.site) / "log" / "front-end.log"
        with front_end.alone():
            front_end.build(self.site, self.site.extra | self.site.environment(), log)

    def build(self) -> list[str]:
        """Builds the static files as a deploy does, and pushes none; returns its warnings and the summary."""
        lines = self._manage("collectstatic", "--noinput", "--build-only").strip().splitlines()
        return [*(line for line in lines[:-1] if line.startswith("warning: ")), lines[-1]]

    def pack(self) -> None:
        """Packs the release archive that a deploy would send."""
        self._manage("pack", str(self.directory / "release.tar.gz"), "--ship", *self.site.ship)

    def tests(self, arguments: Sequence[str] = ()) -> bool:
        """Runs the project's own tests with ``arguments``; returns whether there are any."""
        environment = self._shell | dict(self.site.extra)
        pytest, configured = uses_pytest(PROJECT)
        if pytest:
            if not find_spec("pytest"):
                raise SlipwayError("project/: its tests are pytest's, which is not installed here; run `make test`")
            # Without a configuration of the project's, pytest would take Slipway's own, above it.
            alone = [] if configured else ["-c", os.devnull, "--rootdir", str(PROJECT)]
            command = [sys.executable, "-m", "pytest", *alone, *arguments]
            path = [PROJECT, ROOT / "deploy", ROOT / "deploy" / "previous", environment.get("PYTHONPATH")]
            environment["PYTHONPATH"] = os.pathsep.join(str(each) for each in path if each)
            if "DJANGO_SETTINGS_MODULE" not in configured:
                environment["DJANGO_SETTINGS_MODULE"] = self.site.development_settings
        else:
            command = [sys.executable, str(ROOT / "manage.py"), "test", *arguments]
        status = subprocess.run(command, cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, check=False).returncode
        if pytest and status == NO_TESTS:
            return False
        if status:
            runner = "pytest" if pytest else "manage.py test"
            raise SlipwayError(f"project/: its tests failed, as {runner} says above (exit status {status})")
        return True

    def _manage(self, *arguments: str, **variables: str) -> str:
        """The output of manage.py under the settings of production, with a throwaway database."""
        environment = {
            **self._shell,
            "DATABASE_URL": f"sqlite:///{self.directory / 'db.sqlite3'}",
            **THROWAWAY,
            **self.site.extra,
            **self.site.environment(),
            **front_end.variables(self.site),
            "SLIPWAY_BUILD": str(self.directory / "build"),
            **variables,
        }
        log = state.directory(self.site) / "log" / f"{arguments[0]}.log"
        with log.open("w") as file:
            done = subprocess.run(
                [sys.executable, "manage.py", *arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                check=False,
            )
        output = log.read_text(errors="replace")
        if done.returncode:
            raise SlipwayError(f"{summary(output)} (manage.py {arguments[0]}; the rest is in {log.relative_to(ROOT)})")
        return output


def uses_pytest(project: Path) -> tuple[bool, str]:
    """Whether the project's tests are pytest's, and the text of its configuration, "" where there is none."""
    for name in ("pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg"):
        file = project / name
        if file.is_file() and _configures_pytest(file):
            return True, file.read_text()
    names = ("conftest.py", "test_*.py", "*_test.py", "tests.py")
    files = (file for name in names for file in project.rglob(name) if "node_modules" not in file.parts)
    return any(file.name == "conftest.py" or USES_PYTEST.search(file.read_text(errors="replace")) for file in files), ""


def _configures_pytest(file: Path) -> bool:
    if file.suffix == ".toml":
        try:
            return "pytest" in tomllib.loads(file.read_text()).get("tool", {})
        except tomllib.TOMLDecodeError as error:
            raise SlipwayError(f"{file}: {error}") from None
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(file)
    except configparser.Error as error:
        raise SlipwayError(f"{file}: {str(error).splitlines()[0]}") from None
    return parser.has_section(CONFIGURATIONS[file.name])


def summary(output: str) -> str:
    """The cause in a failed command's output, in one line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no output"]
    if "ERRORS:" in lines:
        errors = [line for line in lines[lines.index("ERRORS:") + 1 :] if re.match(r"\S.*: \(\w+\.E\d+\)", line)]
        more = f", and {len(errors) - 1} more" if errors[1:] else ""
        return f"project/: {errors[0]}{more}" if errors else lines[-1]
    changed = re.findall(r"^Migrations for '(\w+)'", output, re.M)
    if changed:
        apps = " ".join(changed)
        return f"project/: models without a migration; run `.venv/bin/python manage.py makemigrations {apps}`"
    own = [(Path(path), line) for path, line in FRAME.findall(output) if Path(path).is_relative_to(PROJECT)]
    if "Traceback (most recent call last)" in output and own:
        path, line = own[-1]
        return f"{path.relative_to(ROOT)}:{line}: {lines[-1]}"
    return lines[-1].removeprefix("slipway: ")
