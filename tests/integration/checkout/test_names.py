"""A site's apps may be called as Slipway's own folders are: Gunicorn and manage.py find the site's."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from slipway import ROOT

OURS = ("deploy", "tests", "rehearsal", "agent", "project", "build")
WSGI = """
import importlib, os
for name in {names}:
    found = importlib.import_module(name + ".views").__file__
    assert found.endswith("/project/" + name + "/views.py"), found
application = print
if {ends}:
    os._exit(0)
"""


@pytest.fixture
def release(tmp_path):
    """The files that decide what a name resolves to, and an app of each name."""
    shutil.copytree(ROOT / "deploy" / "previous", tmp_path / "deploy" / "previous")
    shutil.copytree(ROOT / "deploy" / "agent", tmp_path / "deploy" / "agent")
    for name in ("deploy/gunicorn.conf.py", "manage.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "deploy" / "slipway").symlink_to(ROOT / "deploy" / "slipway")
    for name in OURS:
        app = tmp_path / "project" / name
        app.mkdir(parents=True)
        (app / "__init__.py").touch()
        (app / "views.py").touch()
    (tmp_path / "project" / "found.py").write_text(WSGI.format(names=OURS, ends=False))
    # Gunicorn loads the site before it serves; to end there is enough.
    (tmp_path / "project" / "site_wsgi.py").write_text(WSGI.format(names=OURS, ends=True))
    return tmp_path


def test_under_gunicorn(release):
    program = Path(sys.executable).with_name("gunicorn")
    command = [program, "-c", "deploy/gunicorn.conf.py", "--bind", f"unix:{release / 'socket'}", "site_wsgi"]
    done = subprocess.run(command, cwd=release, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_under_manage_py(release):
    (release / "project" / "settings.py").write_text("from found import application\nSLIPWAY_OFFLOAD = False\n")
    command = [sys.executable, "manage.py", "version"]
    env = {"PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": "settings"}
    done = subprocess.run(command, cwd=release, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
