"""Runs the steps of a workflow as GitHub's runner does: in a fresh checkout, a fresh home and an empty environment.

They see the system, the packages and their own folder: the clone that the tests run in is not there.
"""

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
PACKAGES = [path for path in sys.path if path.endswith("site-packages")]
SYSTEM = ("bin", "dev", "etc", "lib", "lib64", "proc", "sbin", "sys", "usr", "var")
# $1: an empty folder, the new root; $2: where to begin; $3: a folder to be empty where one before it has it; then the
# folders to be seen there, that one among them, up to `--`, and the command.
NAMESPACE = """
root=$1 begin=$2 hidden=$3; shift 3
mount -t tmpfs -o mode=755 none "$root"
mkdir -m 1777 "$root/tmp"
while [ "$1" != -- ]; do
  if [ "$1" = "$hidden" ]; then [ ! -d "$root$1" ] || mount -t tmpfs none "$root$1"
  else mkdir -p "$root$1"; mount --rbind "$1" "$root$1"; fi
  shift
done; shift
exec chroot "$root" env -C "$begin" "$@"
"""


def jobs(name: str) -> dict[str, Any]:
    """The jobs of the workflow that ships."""
    return yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())["jobs"]


class Runner:
    """``directory`` holds the checkout, the home and what each run leaves; ``programs`` comes first in PATH."""

    def __init__(self, directory: Path) -> None:
        self.home, self.temp, self.programs, self.root = (
            directory / name for name in ("home", "temp", "programs", "root")
        )
        for folder in (self.home, self.temp, self.programs, self.root):
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
        seen = [path for name in SYSTEM if (path := Path("/", name)).exists()]
        # A clone may lie in /var. Its venv comes after it, and is seen.
        seen += [ROOT, Path(sys.base_prefix), Path(sys.prefix), *map(Path, PACKAGES), self.home.parent.parent]
        seen += {program.resolve().parent for program in (self.checkout / ".venv" / "bin").iterdir()} - {*seen}
        user = [] if os.getuid() == 0 else ["--map-root-user"]
        return subprocess.run(
            ["unshare", *user, "--mount", "sh", "-ec", NAMESPACE, "sh", self.root, self.checkout, ROOT]
            + [*seen, "--", "bash", "-e", script],
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
    (packages / "these.pth").write_text("\n".join([*PACKAGES, str(target / "deploy")]) + "\n")
    for program in Path(sys.executable).parent.iterdir():
        if not (made / "bin" / program.name).exists():
            (made / "bin" / program.name).symlink_to(program.resolve())
    # To make each venv of the Makefile is there, newer than its lock file.
    for line in re.findall(r"^(\.venv[^:=\n]*):", (target / "Makefile").read_text(), re.MULTILINE):
        for stamp in line.split():
            (target / stamp).parent.mkdir(parents=True, exist_ok=True)
            (target / stamp).touch()
    return target
