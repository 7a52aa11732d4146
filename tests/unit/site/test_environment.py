"""What a `startproject` project reads from the environment through the one line."""

import json
import os
import subprocess
import sys

import pytest

from slipway.tool.config import ROOT

SHOW = """
import json
from django.conf import settings
databases = settings.DATABASES
engine, name = (str(databases["default"][each]) for each in ("ENGINE", "NAME"))
print(json.dumps([settings.SECRET_KEY, engine.rpartition(".")[2], name, "other" in databases]))
"""
PRODUCTION = {
    "SITE_URL": "https://www.example.com",
    "SLIPWAY_ENV": "production",
    "STATIC_URL": "https://static.example.com/",
    "MEDIA_URL": "https://media.example.com/",
    "AWS_STORAGE_BUCKET_NAME": "example",
    "AWS_DEFAULT_REGION": "eu-central-1",
}


@pytest.fixture
def settings(tmp_path):
    """Key, engine, name and whether a second database is there, as Django sees them under ``environment``."""

    def read(engine="sqlite3", **environment):
        (tmp_path / "theirs.py").write_text(
            "SECRET_KEY = 'django-insecure-theirs'\nINSTALLED_APPS = []\n"
            f"DATABASES = {{'default': {{'ENGINE': 'django.db.backends.{engine}', 'NAME': 'theirs'}}, 'other': {{}}}}\n"
            "from slipway.settings import *\n"
        )
        told = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(
                (str(tmp_path), str(ROOT / "tests" / "site" / "project"), str(ROOT / "deploy"))
            ),
            "DJANGO_SETTINGS_MODULE": "theirs",
        }
        command = [sys.executable, "-c", SHOW]
        done = subprocess.run(command, env=told | environment, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    return read


def test_on_the_server_key_and_database_are_the_environments(settings):
    values = settings(**PRODUCTION, SECRET_KEY="ours", DATABASE_URL="postgres:///slipway")
    assert values == ["ours", "postgresql", "slipway", True]


def test_a_database_that_the_project_chose_itself_stays(settings):
    values = settings("mysql", **PRODUCTION, SECRET_KEY="ours", DATABASE_URL="postgres:///slipway")
    assert values == ["ours", "mysql", "theirs", True]


# Everything that production has, but for the switch itself: a developer's shell, or a .env file, may hold any of it.
SHELL = {name: value for name, value in PRODUCTION.items() if name != "SLIPWAY_ENV"}


@pytest.mark.parametrize(
    "environment", [PRODUCTION, SHELL | {"SECRET_KEY": "ours", "DATABASE_URL": "postgres:///slipway"}]
)
def test_development_and_a_build_without_them_keep_the_projects_own(environment, settings):
    assert settings(**environment) == ["django-insecure-theirs", "sqlite3", "theirs", True]


THEIRS = """
SECRET_KEY = "theirs"
INSTALLED_APPS = [{apps}]
DATABASES = {databases}
LOGGING = {{"version": 1, "handlers": {{"mine": {{"class": "logging.NullHandler"}}}}, "root": {{"handlers": ["mine"]}}}}
from slipway.settings import *
"""
SHOW_SIGN_IN = """
import json, logging, django
django.setup()
from django.conf import settings
logging.getLogger("slipway.sign_in").warning("told")
limited = "slipway.web.sign_in" in settings.INSTALLED_APPS
layers = sum(".sign_in." in each for each in settings.MIDDLEWARE)
print(json.dumps([limited, layers, settings.SLIPWAY_SIGN_IN_TRIES]))
"""
AUTH = "'django.contrib.contenttypes', 'django.contrib.auth'"
SQLITE = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}


@pytest.mark.parametrize(
    ("apps", "databases", "limited"),
    [
        (AUTH, SQLITE, True),
        ("'django.contrib.contenttypes', 'django.contrib.auth.apps.AuthConfig'", SQLITE, True),
        ("", SQLITE, False),
        (AUTH, {}, False),
        (AUTH, {"default": {"ENGINE": "django.db.backends.dummy"}}, False),
    ],
)
def test_sign_ins_are_limited_where_there_are_accounts_and_a_database_and_always_logged(
    apps, databases, limited, tmp_path
):
    (tmp_path / "theirs.py").write_text(THEIRS.format(apps=apps, databases=databases))
    told = PRODUCTION | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT / 'deploy'}", "DJANGO_SETTINGS_MODULE": "theirs"}
    command = [sys.executable, "-c", SHOW_SIGN_IN]
    done = subprocess.run(command, env=told | {"SLIPWAY_SIGN_IN_TRIES": "7"}, capture_output=True, text=True)
    assert json.loads(done.stdout) == [limited, 2 if limited else 0, 7], done.stderr
    assert done.stderr == "told\n"
