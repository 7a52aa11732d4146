"""A hostile package in the lock file: packed by pip, sent, and received by the agent as root."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest

from rehearsal.steps import malicious_package
from slipway.tool.config import ROOT
from slipway.tool.server import agent, packages
from tests.unit.agent.conftest import lay_out

SYSTEM = "/usr/bin/python3"
STANDIN = ROOT / "tests" / "unit" / "agent" / "systemd_run.py"
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
CODE = {
    "manage.py": b"print(1)",
    "project/a.py": b"A = 1",
    "project/conftest.py": b"import hostile_mark\n",
    "deploy/b.py": b"B = 2",
}


@pytest.fixture
def host(monkeypatch):
    """A host's folders, where any user may look; ``PATH`` has the programs that stand in for systemd's."""
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="slipway-host-") as made:
        top = Path(made)
        top.chmod(0o755)
        for name in ("programs", "wheels", "marks"):
            (top / name).mkdir()
        (top / "marks").chmod(0o1777)
        lay_out(top, {"site_host": "a.test", "tls": 1, "memory_max": "80M"})
        shutil.copy(STANDIN, top / "programs" / "systemd-run")
        (top / "programs" / "systemctl").symlink_to("/bin/true")
        yield top


@pytest.fixture
def receive(host):
    """`slipway receive` as it is on a host, of a release with that lock file; the whole tree is compared."""
    said = subprocess.run([SYSTEM, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True)
    python = said.stdout.decode().strip()

    def receive(lock):
        packed = packages.pack(lock, python, "2.36", "x86_64", f"lock-{python}", host / "packed")
        bundle = {"release.tar.gz": archive(CODE, "w:gz"), "packages.tar.gz": packed.read_bytes()}
        command = agent.pack(host / "programs" / "slipway")
        log = host / "run" / "log"
        log.touch()
        log.chmod(0o666)
        env = {"PATH": f"{host}/programs:/usr/sbin:/usr/bin:/sbin:/bin", "SYSTEMD_RUN_LOG": str(log)}
        env["SLIPWAY_PREFIX"] = str(host)
        # Somebody may stand in any folder, and have any variables.
        env |= {"PYTHONPATH": str(host / "wheels")}
        called = {"cwd": packed.parent, "env": env}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen([command, "hold", "me"], **pipes, **called) as holder:
            token = holder.stdout.readline().decode().split()[1]
            before = tree(host)
            done = subprocess.run(
                [command, "receive", "1", hashlib.sha256(bundle["release.tar.gz"]).hexdigest(), f"lock-{python}"],
                input=archive(bundle, "w"),
                **(called | {"env": env | {"SLIPWAY_LOCK": token}}),
                capture_output=True,
                check=False,
            )
        changed = tree(host).items() ^ before.items()
        return done, {path for path, _ in changed}, host / "srv" / "slipway" / "venvs" / f"lock-{python}"

    return receive


def archive(members, mode):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as made:
        for name, body in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            made.addfile(member, io.BytesIO(body))
    return buffer.getvalue()


def tree(top):
    """Path → kind, mode, owner and content of all that is below."""
    return {
        str(path.relative_to(top)): (path.lstat().st_mode, path.lstat().st_uid, path.is_file() and path.read_bytes())
        for path in top.rglob("*")
    }


def test_nothing_of_it_runs_when_it_is_taken_in_nor_leaves_its_folder(host, receive):
    lock = host / "wheels" / "web.txt"
    lock.write_text(malicious_package.line(malicious_package.wheel(host / "wheels", str(host / "marks"))))
    done, changed, venv = receive(lock)
    assert done.returncode == 0, done.stderr
    assert list((host / "marks").iterdir()) == []
    assert {
        path for path in changed if not path.startswith((f"srv/slipway/venvs/{venv.name}", "srv/slipway/releases/1"))
    } <= {
        "srv/slipway/releases",
        "srv/slipway/venvs",
        "srv/slipway/records",
        "srv/slipway/records/1.json",
        "run/slipway-slot.lock",
        "run/log",
        "run/slipway-step.lock",
        "run/slipway-deploy.lock",
    }
    assert not [path for path in (host / "srv").rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o6022]
    assert {path.lstat().st_uid for path in (host / "srv").rglob("*")} == {os.getuid()}
    # Compiled all the same, by a stranger who was kept from everything.
    assert list((host / "srv" / "slipway" / "releases" / "1" / "project" / "__pycache__").iterdir())
    jobs = [json.loads(line) for line in (host / "run" / "log").read_text().splitlines()]
    assert len(jobs) == 2
    for properties, _ in jobs:
        assert {"DynamicUser=yes", "PrivateNetwork=yes", "NoNewPrivileges=yes", "ProtectSystem=strict"} <= set(
            properties
        )
    # It would have run: this is whoever starts the site.
    subprocess.run([venv / "bin" / "python", "-c", ""], check=True, **NOBODY)
    seen = [path.name for path in (host / "marks").iterdir()]
    assert "pth" in {name.split(".")[0] for name in seen}
    assert malicious_package.users(seen) == {NOBODY.get("user", os.getuid())}


def test_a_package_that_brings_the_interpreter_is_rejected_in_one_line(host, receive, monkeypatch):
    monkeypatch.setattr(malicious_package, "SCRIPTS", ("python3",))
    lock = host / "wheels" / "web.txt"
    lock.write_text(malicious_package.line(malicious_package.wheel(host / "wheels", str(host / "marks"))))
    done, _, venv = receive(lock)
    assert done.returncode == 1
    (said,) = done.stderr.decode().splitlines()
    assert "bin/python3 is there already" in said and "project/requirements.in" in said
    assert not venv.exists()
    assert list((host / "srv" / "slipway" / "releases").iterdir()) == list((host / "marks").iterdir()) == []
