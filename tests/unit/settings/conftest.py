"""The settings that the line adds to a project, in production and in development."""

import itertools
import sys
from types import SimpleNamespace

import pytest

from slipway.web import settings as line

PRODUCTION = {
    "SLIPWAY_ENV": "production",
    "SITE_URL": "https://www.example.com",
    "STATIC_URL": "https://static.example.com/",
    "MEDIA_URL": "https://media.example.com/",
    "AWS_STORAGE_BUCKET_NAME": "example-com-media",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "SECRET_KEY": "of the secrets",
    "DATABASE_URL": "postgres:///slipway",
}
# What `startproject` writes.
STARTPROJECT = {
    "DEBUG": True,
    "SECRET_KEY": "django-insecure-theirs",
    "ALLOWED_HOSTS": [],
    "STATIC_URL": "static/",
    "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}},
    "INSTALLED_APPS": ["django.contrib.auth", "django.contrib.staticfiles"],
    "MIDDLEWARE": ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
}
numbers = itertools.count()


@pytest.fixture
def production():
    """The settings of a startproject's site with ``changes``, in production; ``environ`` adds to the environment."""

    def settings(environ=None, **changes):
        project = STARTPROJECT | changes
        return SimpleNamespace(**project | line.values(project, PRODUCTION | (environ or {})))

    return settings


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Imports ``entry`` of a settings package of these modules, under a name of its own, in production."""
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(tmp_path)

    def load(entry, **modules):
        name = f"theirs{next(numbers)}"
        (tmp_path / name).mkdir()
        for module, text in {"__init__": "", **modules}.items():
            (tmp_path / name / f"{module}.py").write_text(text)
        __import__(f"{name}.{entry}")
        return sys.modules[f"{name}.{entry}"]

    return load
