"""A rollback still starts a release from before the move: today's unit and environment, that release's files."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from slipway import ROOT
from slipway.tool import config
from slipway.tool.secrets import Secrets
from slipway.tool.server import inventory

UNIT = ROOT / "ansible" / "roles" / "gunicorn" / "templates" / "slipway.service.j2"
# What decides whether it starts, as it was: the root of the repository is on the path, and STATIC_URL is the switch.
FILES = {
    "deploy/gunicorn.conf.py": """
from pathlib import Path
_root = Path(__file__).resolve().parent.parent
chdir = str(_root)
pythonpath = f"{_root / 'project'},{_root}"
preload_app = True
""",
    "deploy/__init__.py": "",
    "deploy/settings.py": """
import os, sys
assert hasattr(sys.modules[os.environ["DJANGO_SETTINGS_MODULE"]], "INSTALLED_APPS")
SLIPWAY_OFFLOAD = "STATIC_URL" in os.environ
STATIC_URL = os.environ["STATIC_URL"]
""",
    "project/__init__.py": "",
    "project/settings.py": """
SECRET_KEY = "theirs"
ROOT_URLCONF = "project.urls"
INSTALLED_APPS = ["project.wall"]
from deploy.settings import *
""",
    "project/urls.py": "urlpatterns = []\n",
    "project/wall/__init__.py": "",
    # Gunicorn loads the site before it serves; to end there is enough.
    "project/wsgi.py": """
import os
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
from django.conf import settings
assert settings.SLIPWAY_OFFLOAD and settings.STATIC_URL == "https://static.example.com/"
os._exit(0)
""",
}


@pytest.fixture
def release(tmp_path):
    """Such a release, below a site.yml that names no modules."""
    for name, text in FILES.items():
        path = tmp_path / "clone" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "clone" / "site.yml").write_text("domain: example.com\nregion: eu-central-1\n")
    return tmp_path / "clone"


def test_under_todays_unit_and_environment(release):
    arguments = shlex.split(re.search(r"^ExecStart=.+/venv/bin/gunicorn (.+)$", UNIT.read_text(), re.M)[1])
    environment = inventory.environment(config.load(release / "site.yml"), Secrets(release, release, {}, {}, {}))
    command = [environment["SLIPWAY_WSGI"] if each == "$SLIPWAY_WSGI" else each for each in arguments]
    done = subprocess.run(
        [Path(sys.executable).with_name("gunicorn"), "--bind", f"unix:{release / 'socket'}", *command],
        cwd=release,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
