"""`make test` in a clone: its project's own tests and the checks of a deploy, whatever the layout and the apps."""

import subprocess
import sys
import tarfile

import pytest

from slipway.web.guard import LINE
from tests.clone import clone

MODEL = """
from django.db import models

class Item(models.Model):
    name = models.CharField(max_length=9)
"""
DJANGO_TEST = """
from django.test import TestCase
from {app}.models import Item

class ItemTests(TestCase):
    def test_one_is_kept(self):
        Item.objects.create(name="oar")
        self.assertEqual(Item.objects.count(), 1)
"""
PYTEST = """
import pytest
from django.conf import settings
from {app}.models import Item

@pytest.mark.django_db
def test_one_is_kept():
    Item.objects.create(name="oar")
    assert Item.objects.count() == 1

def test_the_settings_are_those_of_development():
    assert settings.SETTINGS_MODULE == "{settings}" and not settings.SLIPWAY_OFFLOAD
"""


class Project:
    """A clone with a project of somebody else's."""

    def __init__(self, root):
        self.root, self.path = clone(root), root / "project"
        self.path.mkdir()

    def write(self, name, text):
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def append(self, name, text):
        self.write(name, f"{(self.path / name).read_text()}\n{text}\n")

    def app(self, name):
        """An app with a model, whose migration Django writes."""
        self.write(f"{name}/__init__.py", "")
        self.write(f"{name}/models.py", MODEL)
        self.write(f"{name}/migrations/__init__.py", "")
        self.append(self.settings, f"INSTALLED_APPS += [{name!r}]")

    def start(self, settings):
        """What `startproject` makes; ``settings`` are the modules that get the offload line."""
        subprocess.run([sys.executable, "-m", "django", "startproject", "mysite", self.path], check=True)
        (self.path / "manage.py").unlink()
        self.settings, self.entries = settings[0], settings[1:]
        if self.entries:
            (self.path / "mysite" / "settings").mkdir()
            (self.path / "mysite" / "settings.py").rename(self.path / self.settings)
            for entry in self.entries:
                self.write(entry, "from mysite.settings.base import *\n")

    def finish(self):
        for entry in self.entries or [self.settings]:
            self.append(entry, LINE)
        done = self.manage("makemigrations", "--verbosity", "0")
        assert done.returncode == 0, done.stderr

    def manage(self, *arguments):
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=self.root, env=self.env, capture_output=True, text=True)

    @property
    def env(self):
        return {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(self.root / "deploy"), "PYTHONDONTWRITEBYTECODE": "1"}

    def test(self, *arguments):
        """`make test`'s own command."""
        command = [sys.executable, "-m", "slipway.tool", "test", *arguments]
        return subprocess.run(command, cwd=self.root, env=self.env, capture_output=True, text=True)


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "clone")


@pytest.fixture
def shop(project):
    """The layout that `startproject` makes, and an app with Django's kind of tests."""
    project.start(["mysite/settings.py"])
    project.app("shop")
    project.write("shop/tests.py", DJANGO_TEST.format(app="shop"))
    project.finish()
    return project


def steps(done):
    return [line.removeprefix("▸ ") for line in done.stdout.splitlines() if line.startswith("▸ ")]


def test_a_project_as_startproject_makes_it_passes(shop):
    done = shop.test()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Ran 1 test" in done.stderr
    assert [step.split()[0] for step in steps(done)] == ["Check", "Check", "Run", "Build", "Pack"]
    assert "mysite.settings passes" in done.stdout


def test_a_site_may_waive_debug(shop):
    with (shop.root / "site.yml").open("a") as file:
        file.write("waive: {DEBUG: a staging site}\n")
    done = shop.test()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "waived: DEBUG (a staging site)" in done.stdout


def test_a_settings_package_passes_and_pytest_runs_where_the_project_has_it(project):
    names = ("base", "local", "production")
    project.start([f"mysite/settings/{name}.py" for name in names])
    project.app("shop")
    project.write("shop/tests/test_items.py", PYTEST.format(app="shop", settings="mysite.settings.local"))
    project.finish()
    # As Slipway's own, whose options need packages that a site does not have.
    (project.root / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = "--unknown"\n')
    done = project.test()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout and "mysite.settings.production passes" in done.stdout


def test_apps_may_be_called_as_folders_of_ours_are(project):
    project.start(["mysite/settings.py"])
    for name in ("deploy", "tests"):
        project.app(name)
        project.write(f"{name}/test_items.py", DJANGO_TEST.format(app=name))
    project.finish()
    done = project.test()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Ran 2 tests" in done.stderr
    archive = project.root / "release.tar.gz"
    assert project.manage("check").returncode == 0
    packed = subprocess.run(
        [sys.executable, "-c", PACK, str(archive)], cwd=project.root, env=project.env, capture_output=True, text=True
    )
    assert packed.returncode == 0, packed.stderr
    with tarfile.open(archive) as release:
        names = set(release.getnames())
    assert {"project/deploy/models.py", "project/tests/models.py"} <= names


# Into a place that stays.
PACK = """
import sys, tempfile
from pathlib import Path
from slipway.tool import config
from slipway.tool.project_checks import ProjectChecks
checks = ProjectChecks(config.load(), Path(sys.argv[1]).parent)
checks.build()
checks.pack()
"""


def failing_test(project):
    project.append("shop/tests.py", "        self.assertEqual(Item.objects.count(), 2)")


BROKEN = {
    "a syntax error": (
        lambda it: it.append("shop/models.py", "class Broken(:"),
        "project/shop/models.py:7: SyntaxError: invalid syntax (",
    ),
    "an import that fails": (
        lambda it: it.write("mysite/settings.py", f"import nowhere\n{(it.path / 'mysite/settings.py').read_text()}"),
        "project/mysite/settings.py:1: ModuleNotFoundError: No module named 'nowhere' (",
    ),
    "a setting that a deploy rejects": (
        lambda it: it.append("mysite/settings.py", "ALLOWED_HOSTS = ['*']"),
        "ALLOWED_HOSTS is ['*'] on the server: the site would answer to any name; correct it",
    ),
    "an application that does not start": (
        lambda it: it.append("mysite/wsgi.py", "import nowhere"),
        "project/mysite/wsgi.py:18: ModuleNotFoundError: No module named 'nowhere' (",
    ),
    "a check": (
        lambda it: it.append(
            "shop/models.py", "class Two(models.Model):\n    name = models.CharField()\n    check = 1"
        ),
        "project/: shop.Two: (models.E",
    ),
    "a model without a migration": (
        lambda it: it.append("shop/models.py", "class More(models.Model):\n    pass"),
        "project/: models without a migration; run `.venv/bin/python manage.py makemigrations shop` (",
    ),
    "a test": (failing_test, "project/: its tests failed, as manage.py test says above (exit status 1)"),
    "a file that no page finds": (
        lambda it: it.write("shop/static/shop/a.css", "a { background: url(missing.svg) }"),
        "missing.svg",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_project_is_one_line(name, shop):
    change, says = BROKEN[name]
    change(shop)
    done = shop.test()
    assert done.returncode == 1
    own = [line for line in done.stderr.splitlines() if line.startswith("slipway: ")]
    assert len(own) == 1 and says in own[0], done.stderr
    if name != "a test":
        assert done.stderr.splitlines() == own or "Ran 1 test" in done.stderr
        assert "Traceback" not in done.stdout + done.stderr
