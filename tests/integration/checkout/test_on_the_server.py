"""Management commands answer on the server as here, on three projects: what is missing in a release shows there."""

import json
import os
import shutil
import subprocess
import sys
import tarfile

import pytest

from agent.unpack import opened, unpack
from tests.clone import clone_of_fixture
from tests.integration.checkout.checkout import LAST_LINE, Checkout

# Runs manage.py's commands one after another in one process, as Django's settings allow; prints what each answers.
COMMANDS = """
import contextlib, io, json, sys
import manage
answers = {}
for line in json.loads(sys.argv.pop()):
    sys.argv = ["manage.py", *line.split()]
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        try:
            manage.main()
            status = 0
        except SystemExit as end:
            status = end.code
    answers[line] = status, out.getvalue()
print(json.dumps(answers))
"""
# Of the tool, which is not in a release.
HERE_ALONE = {
    *("check_migrations", "check_release", "check_settings", "local_database", "missing_migrations", "pack"),
    *("sign_in_paths", "when_told"),
}
LINES = ("migrate -v 0", "check", "showmigrations", "help --commands")


@pytest.fixture
def both(tmp_path):
    """Answers of commands in a checkout, and in the release that is packed from it."""

    def answers(checkout, *lines, ship=()):
        for command in (["collectstatic", "--noinput"], ["pack", "build/release.tar.gz", "--ship", *ship]):
            done = checkout.manage(*command)
            assert done.returncode == 0, done.stderr
        current = tmp_path / "current"
        current.mkdir()
        with opened(checkout.root / "build" / "release.tar.gz") as archive:
            unpack(archive, current)
        results = []
        for root in (checkout.root, current):
            database = f"sqlite:///{tmp_path / root.name}.sqlite3"
            done = subprocess.run(
                [sys.executable, "-c", COMMANDS, json.dumps([*LINES, *lines])],
                cwd=root,
                env={**checkout.environment, "DATABASE_URL": database},
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert done.returncode == 0, done.stderr
            results.append(json.loads(done.stdout.replace(str(root), "")))
        here, there = results
        assert set(here["help --commands"][1].split()) - set(there["help --commands"][1].split()) == HERE_ALONE
        for result in results:
            assert result.pop("migrate -v 0") == [0, ""]
            del result["help --commands"]
        return here, there, current

    return answers


@pytest.fixture
def exam(checkout) -> Checkout:
    """A site about driving tests, with an app of that name, and data in places where projects keep it."""
    app = "tests"
    checkout.settings(
        f"INSTALLED_APPS += ['{app}']\n"
        "DEFAULT_AUTO_FIELD = 'django.db.models.AutoField'\nLANGUAGE_CODE = 'de'\nLANGUAGES = [('de', 'Deutsch')]\n"
        "LOCALE_PATHS = [BASE_DIR / 'project' / 'locale']\n"
    )
    checkout.write(f"{app}/__init__.py", "")
    checkout.write(
        f"{app}/models.py",
        "from django.db import models\nclass Exam(models.Model):\n    name = models.CharField(max_length=9)\n",
    )
    checkout.write(f"{app}/migrations/__init__.py", "")
    checkout.write(f"{app}/fixtures/exams.json", '[{"model": "tests.exam", "pk": 1, "fields": {"name": "A1"}}]')
    checkout.write(f"{app}/static/tests/car.svg", "<svg/>")
    checkout.write(f"{app}/data/signs.csv", "stop\n")
    checkout.write("templates/tests/index.html", "{% load i18n %}{% translate 'Yes' %} {{ sign }}")
    checkout.write("templates/.well-known/security.txt", "Contact: mailto:a@example.com")
    checkout.write("assets/mail/mail.css", "p { margin: 0 }")
    checkout.write(
        "locale/de/LC_MESSAGES/django.po",
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Yes"\nmsgstr "Ja"\n',
    )
    checkout.write(f"{app}/management/commands/show.py", SHOW)
    done = checkout.manage("makemigrations", "tests", SLIPWAY_ENV=None)
    assert done.returncode == 0, done.stderr
    return checkout


SHOW = """
from pathlib import Path
from django.contrib.staticfiles import finders
from django.core.management import BaseCommand
from django.template.loader import render_to_string
from django.utils import translation

class Command(BaseCommand):
    def handle(self, **options):
        sign = (Path(__file__).parents[2] / "data" / "signs.csv").read_text().strip()
        with translation.override("de"):
            self.stdout.write(render_to_string("tests/index.html", {"sign": sign}))
        self.stdout.write(render_to_string(".well-known/security.txt"))
        self.stdout.write(Path(finders.find("mail/mail.css")).read_text())
"""


def test_a_site_about_tests_with_data_and_translations(exam, both):
    ship = ["project/assets/mail"]
    here, there, _ = both(exam, "loaddata exams", "show", ship=ship)
    assert there == here
    assert there["loaddata exams"] == [0, "Installed 1 object(s) from 1 fixture(s)\n"]
    assert there["show"] == [0, "Ja stop\nContact: mailto:a@example.com\np { margin: 0 }\n"]


def test_what_stays_here_is_named_with_what_looks_for_it(exam):
    assert exam.manage("collectstatic", "--noinput").returncode == 0
    exam.write("db.sqlite3", "")
    done = exam.manage("pack", "build/release.tar.gz")
    assert done.stdout.splitlines() == [
        "not in the release: databases (project/db.sqlite3), static files (project/assets, project/tests/static); "
        "`ship` in site.yml keeps what the server reads of it",
        "warning: project/tests/management/commands/show.py:14: finders.find() finds no static file of the project on "
        "the server; list in `ship` of site.yml what it looks for",
    ]


def test_an_earlier_collectstatic_stays_here_and_an_app_called_media_does_not(checkout):
    checkout.settings(
        "INSTALLED_APPS += ['media']\nSTATIC_ROOT = BASE_DIR / 'project' / 'staticfiles'\n"
        "MEDIA_ROOT = BASE_DIR / 'project' / 'media'\n"
    )
    for name in ("media/__init__.py", "media/models.py", "media/faces/a.jpg", "staticfiles/js/a.js"):
        checkout.write(name, "")
    for command in (["collectstatic", "--noinput"], ["pack", "build/release.tar.gz"]):
        assert checkout.manage(*command).returncode == 0
    with tarfile.open(checkout.root / "build" / "release.tar.gz") as archive:
        names = [name.removeprefix("project/") for name in archive.getnames()]
    assert {"media/__init__.py", "media/models.py"} < set(names)
    assert not [name for name in names if name.startswith(("media/faces", "staticfiles"))]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("MEDIA_ROOT = BASE_DIR / 'project'", "MEDIA_ROOT: is the folder of the code"),
        ("TEMPLATES[0]['DIRS'] += [BASE_DIR / 'beside']", "TEMPLATES: beside is outside of project/"),
        ("LOCALE_PATHS = [BASE_DIR / 'beside']", "LOCALE_PATHS: beside is outside of project/"),
    ],
)
def test_a_folder_that_no_release_can_have_is_one_line(lines, said, checkout):
    (checkout.root / "beside").mkdir()
    assert checkout.manage("collectstatic", "--noinput").returncode == 0
    checkout.settings(f"{lines}\n")
    done = checkout.manage("pack", "build/release.tar.gz")
    assert done.returncode == 1
    assert done.stderr.startswith(f"slipway: {said}")
    assert done.stderr.count("\n") == 1


def test_a_file_that_a_template_includes_travels_from_a_static_folder(checkout, both):
    checkout.settings(
        "STATICFILES_DIRS = [BASE_DIR / 'project' / 'templates' / '..' / 'assets']\n"
        "TEMPLATES[0]['DIRS'] += [BASE_DIR / 'project' / 'assets']\nINSTALLED_APPS += ['shop']\n"
    )
    checkout.write("templates/icon.html", "{% include 'img/sea.svg' %}")
    checkout.write("shop/__init__.py", "")
    checkout.write("shop/management/commands/icon.py", ICON)
    here, there, current = both(checkout, "icon")
    assert there == here
    assert there["icon"][1].startswith("<svg")
    assert [path.name for path in (current / "project/assets").rglob("*") if path.is_file()] == ["sea.svg"]


ICON = """
from django.core.management import BaseCommand
from django.template.loader import render_to_string

class Command(BaseCommand):
    def handle(self, **options):
        self.stdout.write(render_to_string("icon.html"))
"""
READ = """
from pathlib import Path
from django.conf import settings
from django.core.management import BaseCommand

class Command(BaseCommand):
    def handle(self, **options):
        config = settings.DJANGO_VITE["default"]
        path = config.get("manifest_path") or Path(settings.STATIC_ROOT) / "dist" / "manifest.json"
        self.stdout.write(Path(path).read_text())
"""


@pytest.mark.parametrize("where", ["'manifest_path': BASE_DIR / 'project/assets/dist/manifest.json'", ""])
def test_a_bundler_s_manifest_travels_to_where_its_reader_looks(where, checkout, both):
    manifest = '{"src/main.js": {"file": "assets/main-A1b2C3d4.js", "src": "src/main.js", "isEntry": true}}'
    checkout.write("assets/dist/manifest.json", manifest)
    checkout.write("assets/dist/assets/main-A1b2C3d4.js", "document.title = 'main'")
    # Stands for the package that reads it: the setting is that package's.
    checkout.package("django_vite")
    checkout.write("shop/__init__.py", "")
    checkout.write("shop/management/commands/read.py", READ)
    checkout.settings(
        "INSTALLED_APPS += ['django_vite', 'shop']\n"
        f"DJANGO_VITE = {{'default': {{'static_url_prefix': 'dist', {where}}}}}\n"
    )
    here, there, _ = both(checkout, "read")
    assert there == here
    assert there["read"] == [0, manifest + "\n"]


def test_the_fixture_site(tmp_path, bucket, both):
    checkout = Checkout(tmp_path / "checkout", bucket.url)
    shutil.rmtree(checkout.root / "project")
    checkout.environment["DJANGO_SETTINGS_MODULE"] = "fixture.settings"
    clone_of_fixture(tmp_path / "fixture")
    shutil.copytree(tmp_path / "fixture" / "project", checkout.root / "project")
    here, there, _ = both(checkout, "seed_gallery --help")
    assert there == here
    assert "gallery" in there["showmigrations"][1]


def test_a_new_project_with_a_package_of_settings(tmp_path, bucket, both):
    checkout = Checkout(tmp_path / "checkout", bucket.url)
    project = checkout.root / "project"
    shutil.rmtree(project)
    project.mkdir()
    for made in (["startproject", "mysite", "."], ["startapp", "shop"]):
        command = [sys.executable, "-m", "django", *made]
        subprocess.run(command, cwd=project, env={"PATH": os.environ["PATH"]}, check=True)
    (project / "manage.py").unlink()
    settings = project / "mysite" / "settings"
    settings.mkdir()
    base = (project / "mysite" / "settings.py").read_text().replace(".parent.parent", ".parent.parent.parent")
    (project / "mysite" / "settings.py").unlink()
    (settings / "__init__.py").write_text("")
    (settings / "base.py").write_text(f"{base}\nSTATICFILES_DIRS = [BASE_DIR / 'front']\n")
    (settings / "production.py").write_text(f"from .base import *\nINSTALLED_APPS += ['shop']\n{LAST_LINE}")
    checkout.write("front/site.css", "a{}")
    checkout.environment["DJANGO_SETTINGS_MODULE"] = "mysite.settings.production"
    here, there, _ = both(checkout)
    assert there == here
    assert "[X] 0001_initial" in there["showmigrations"][1]
