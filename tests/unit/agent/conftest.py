"""The agent, with folders of the test in place of the host's."""

import compileall
import importlib
import json
import os
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from slipway.tool.server import agent
from slipway.tool.server.layout import LAYOUT

NAMES = (
    "paths",
    "releases",
    "locks",
    "slot",
    "progress",
    "schedule",
    "record",
    "backup",
    "backups",
    "dump",
    "receive",
    "unpack",
    "venvs",
    "processes",
    "bytecode",
    "cause",
    "jobs",
    "probe",
    "check",
    "migrate",
    "activate",
    "drift",
    "units",
    "outdated",
    "upgrades",
    "kills",
    "sign_ins",
    "senders",
    "outbox",
    "problem",
    "problems",
    "alarms",
    "exceptions",
    "status",
    "scheduled",
    "workers",
    "logs",
    "facts",
    "ci",
    "forward",
    "maintenance",
    "nginx_files",
    "psql",
    "tables",
    "database",
    "db",
    "s3",
    "generation",
    "archive",
    "move",
    "moving",
    "wall",
    "recovery",
    "standby",
)
SANDBOX = agent.SOURCE.parents[1] / "ansible" / "roles" / "gunicorn" / "templates" / "sandbox.conf.j2"


@pytest.fixture
def without_systemd(tmp_path, monkeypatch):
    """What a release is given to runs without systemd."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "systemd-run").symlink_to(Path(__file__).with_name("systemd_run.py"))
    (programs / "systemctl").symlink_to("/bin/true")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")


def lay_out(top, settings):
    """Makes the folders of a server below ``top``, with what the playbook writes for the agent."""
    for name in ("releases", "venvs", "metadata", "run", "etc"):
        Path(f"{top}{getattr(LAYOUT, name)}").mkdir(parents=True, exist_ok=True)
    sandbox = Path(f"{top}{LAYOUT.sandbox}")
    sandbox.parent.mkdir(parents=True, exist_ok=True)
    # Jinja stands in its comments alone.
    shutil.copy(SANDBOX, sandbox)
    Path(f"{top}{LAYOUT.agent_settings}").write_text(json.dumps(settings))


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory):
    """What the packed agent holds, compiled once."""
    folder = tmp_path_factory.mktemp("agent")
    with zipfile.ZipFile(agent.pack(folder / "slipway")) as archive:
        archive.extractall(folder)
    compileall.compile_dir(folder / "agent", quiet=1)
    return folder


@pytest.fixture
def settings(host):
    """Changes the agent's settings."""

    def change(**values):
        file = host.paths.SETTINGS
        file.write_text(json.dumps(json.loads(file.read_text()) | values))

    return change


@pytest.fixture
def host(tmp_path, monkeypatch, without_systemd, unpacked):
    """The modules as they are packed, by name; ``host.root`` is /srv/slipway, below the test's own folder."""
    settings = {"site": "example.com", "site_host": "www.example.com", "layout": 1, "tls": True, "memory_max": "80M"}
    lay_out(tmp_path, settings)
    monkeypatch.setenv("SLIPWAY_PREFIX", str(tmp_path))
    monkeypatch.syspath_prepend(str(unpacked))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name in [name for name in sys.modules if name.startswith("agent")]:
        monkeypatch.delitem(sys.modules, name)
    modules = type("Host", (), {"root": tmp_path / "srv" / "slipway", "etc": tmp_path / "etc" / "slipway"})()
    for name in NAMES:
        setattr(modules, name, importlib.import_module(f"agent.{name}"))
    yield modules
    for name in [name for name in sys.modules if name.startswith("agent")]:
        del sys.modules[name]


@pytest.fixture
def release(host):
    """Puts a release on the host; ``served`` says whether it ever served."""

    def make(name, *, served=True, venv="lock-a", current=False):
        (host.root / "venvs" / venv).mkdir(exist_ok=True)
        folder = host.root / "releases" / name
        folder.mkdir()
        (folder / "venv").symlink_to(f"../../venvs/{venv}")
        host.releases.update(name, sha256=name, lock=venv, **({"activated": "then"} if served else {}))
        if current:
            host.paths.CURRENT.unlink(missing_ok=True)
            host.paths.CURRENT.symlink_to(f"releases/{name}")
        return name

    return make
