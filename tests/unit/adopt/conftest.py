"""A project as `startproject` makes it, and a clone with the example in it."""

import subprocess
from pathlib import Path

import pytest

from slipway.tool.adopt.exchange import EXAMPLE

MANAGE = """import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{}.settings")
"""
SETTINGS = """INSTALLED_APPS = [
    "django.contrib.admin",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
]
STATIC_ROOT = BASE_DIR / "collected" / "static"
MEDIA_ROOT = os.path.join(BASE_DIR, "media/")
"""


@pytest.fixture
def write():
    """Writes files below a folder, by their names; a missing folder is made."""

    def write(folder: Path, files: dict[str, str]) -> Path:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return folder

    return write


@pytest.fixture
def site(tmp_path, write):
    """The project `shop`."""
    return write(
        tmp_path / "mysite",
        {
            "manage.py": MANAGE.format("shop"),
            "requirements.txt": "Django~=5.2.0\n",
            "shop/__init__.py": "",
            "shop/settings.py": SETTINGS,
            "shop/urls.py": "urlpatterns = []\n",
            "shop/wsgi.py": "application = None\n",
        },
    )


@pytest.fixture
def clone(tmp_path, write):
    """A clone that git knows, with a stand-in for the example and its site.yml."""
    root = write(
        tmp_path / "clone",
        {
            f"project/{EXAMPLE}": "# the example\n",
            "site.yml": "domain: example.com\nseed: seed_wall\n#settings: mysite.settings\n#paths: [/shop/]\n"
            '#allow: {/captcha/*: "a new image each time"}\n',
            ".gitignore": ".slipway\n",
        },
    )
    commit = ("-c", "user.name=t", "-c", "user.email=t@t.test", "commit", "-q", "-m", "x")
    for words in (("init", "-q"), ("add", "."), commit):
        subprocess.run(["git", "-C", root, *words], check=True)
    return root
