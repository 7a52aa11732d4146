"""Runs the steps of a workflow as GitHub's runner does: in a fresh checkout, a fresh home and an empty environment."""

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from slipway import ROOT
from tests.clone import FIXTURE, WITHOUT_CACHES

EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
# Of Debian, beside what a test puts before it.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def jobs(name: str) -> dict[str, Any]:
    """The jobs of the workflow that ships."""
    return yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())["jobs"]


class Runner:
    """``directory`` holds the checkout, the home and what each run leaves; ``programs`` comes first in PATH."""

    def __init__(self, directory: Path) -> None:
        self.home, self.temp, self.programs = (directory / name for name in ("home", "temp", "programs"))
        for folder in (self.home, self.temp, self.programs):
            folder.mkdir()
        self.checkout = _checkout(directory / "checkout")
        self.environment: dict[str, str] = {}
        if os.getuid() == 0:
            self.program("sudo", 'exec "$@"')
        # `make` begins with it, as with whatever Python a person has.
        self.program("python3", f'exec {sys.executable} "$@"')

    def program(self, name: str, script: str) -> None:
        """Puts a shell script in a program's place."""
        file = self.programs / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def run(
        self,
        step: Mapping[str, Any],
        *,
        secrets: Mapping[str, str] = {},
        variables: Mapping[str, str] = {},
    ) -> subprocess.CompletedProcess[str]:
        """Runs the `run:` of ``step``; stdout has both outputs. Expressions are looked up in what is given."""
        contexts = {
            **{f"secrets.{name}": value for name, value in secrets.items()},
            **{f"vars.{name}": value for name, value in variables.items()},
            "runner.temp": str(self.temp),
        }
        assert not EXPRESSION.search(step["run"]), "an expression in a script is pasted into it unquoted"
        environment = {
            "HOME": str(self.home),
            "PATH": f"{self.programs}:{PATH}",
            "LANG": "C.UTF-8",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_RUN_ID": "42",
            "GITHUB_WORKSPACE": str(self.checkout),
            "RUNNER_TEMP": str(self.temp),
            **self.environment,
            # What is not there is empty: https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
            **{
                name: EXPRESSION.sub(lambda found: contexts.get(found[1], ""), str(value))
                for name, value in step.get("env", {}).items()
            },
        }
        script = self.temp / "step.sh"
        script.write_text(step["run"])
        return subprocess.run(
            ["bash", "-e", str(script)],
            cwd=self.checkout,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )


def _checkout(target: Path) -> Path:
    """What git would check out of a clone whose project is the fixture, with a venv that has what this one has."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source, copy = ROOT / name, target / name
        if name != "site.yml" and not name.startswith("project/") and source.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy, follow_symlinks=False)
    shutil.copytree(FIXTURE / "project", target / "project", ignore=WITHOUT_CACHES)
    made = target / ".venv"
    venv.create(made)
    (packages,) = made.glob("lib/python*/site-packages")
    here = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "these.pth").write_text("\n".join([*here, str(target / "deploy")]) + "\n")
    for program in Path(sys.executable).parent.iterdir():
        if not (made / "bin" / program.name).exists():
            (made / "bin" / program.name).symlink_to(program)
    # To make each venv of the Makefile is there, newer than its lock file.
    for line in re.findall(r"^(\.venv[^:=\n]*):", (target / "Makefile").read_text(), re.MULTILINE):
        for stamp in line.split():
            (target / stamp).parent.mkdir(parents=True, exist_ok=True)
            (target / stamp).touch()
    return target
