"""The host's own command, with folders of the test's own in place of the host's."""

import importlib
import json
import os
import sys
from pathlib import Path

import pytest

from slipway.tool.server import agent

NAMES = (
    "paths",
    "releases",
    "locks",
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
    "problems",
    "status",
    "logs",
    "facts",
    "ci",
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


@pytest.fixture
def host(tmp_path, monkeypatch, without_systemd):
    """The modules, by name; ``host.root`` is /srv/slipway."""
    for variable, folder in (("ROOT", "srv"), ("ETC", "etc"), ("RUN", "run")):
        (tmp_path / folder).mkdir()
        monkeypatch.setenv(f"SLIPWAY_{variable}", str(tmp_path / folder))
    for folder in ("releases", "venvs", "records"):
        (tmp_path / "srv" / folder).mkdir()
    # Jinja stands in its comments alone.
    monkeypatch.setenv("SLIPWAY_SANDBOX", str(SANDBOX))
    (tmp_path / "etc" / "release.json").write_text(
        json.dumps(
            {"site": "example.com", "site_host": "www.example.com", "layout": 1, "tls": True, "memory_max": "80M"}
        )
    )
    monkeypatch.syspath_prepend(str(agent.SOURCE.parent))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name in [name for name in sys.modules if name.startswith("agent")]:
        monkeypatch.delitem(sys.modules, name)
    modules = type("Host", (), {"root": tmp_path / "srv", "etc": tmp_path / "etc"})()
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
