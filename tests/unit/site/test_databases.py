"""Whether a project's database would be SQLite on the server, by its settings as the server will have them."""

import sys
from types import SimpleNamespace

import pytest
from django.db.backends.sqlite3.base import DatabaseWrapper as SQLite

from slipway.tool import builder, config, databases
from slipway.tool.server import state
from slipway.web.errors import SlipwayError

THEIRS = "SECRET_KEY = 'django-insecure-theirs'\nINSTALLED_APPS = []\n"
STARTPROJECT = "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'db.sqlite3'}}\n"
LINE = "from slipway.settings import *\n"


def checked(building):
    building.start_checks(allow_unsafe=False)
    return [*building.checks("").warnings]


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Asks Builder about settings of these lines, from a shell with a database of its own."""
    monkeypatch.setattr(state, "directory", lambda site: tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "sqlite:////of/this/shell")
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    (tmp_path / "log").mkdir()

    def ask(lines, **web):
        (tmp_path / "theirs.py").write_text(THEIRS + lines)
        (tmp_path / "site.yml").write_text("domain: example.com\nregion: eu-central-1\nsettings: theirs\n")
        secrets = SimpleNamespace(web={"SECRET_KEY": "ours", **web}, deployer={})
        checked(builder.Builder(config.load(tmp_path / "site.yml"), secrets))

    return ask


def test_startprojects_own_is_replaced_and_another_server_is_fine(check):
    check(STARTPROJECT + LINE)
    check(STARTPROJECT + LINE, DATABASE_URL="postgres://u:p@db.example.com/x")


@pytest.mark.parametrize(
    ("lines", "web", "names"),
    [
        (LINE + STARTPROJECT, {}, ["'default'", "backends.sqlite3", f"before `{LINE.strip()}`"]),
        (STARTPROJECT + "DATABASES['old'] = DATABASES['default']\n" + LINE, {}, ["'old'"]),
        (STARTPROJECT + LINE, {"DATABASE_URL": "sqlite:////srv/x"}, ["'default'", "take that DATABASE_URL out"]),
    ],
    ids=["set after the line", "another alias", "secrets"],
)
def test_one_that_would_stay_sqlite_is_rejected_in_one_line(lines, web, names, check):
    with pytest.raises(SlipwayError, match=r"^theirs: DATABASES\[") as rejected:
        check(lines, **web)
    assert "\n" not in str(rejected.value)
    for name in names:
        assert name in str(rejected.value)


def test_an_engine_is_known_by_what_it_wraps_or_by_its_name_where_it_cannot_be_loaded(monkeypatch):
    base = SimpleNamespace(DatabaseWrapper=type("DatabaseWrapper", (SQLite,), {}))
    monkeypatch.setitem(sys.modules, "theirs", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "theirs.base", base)
    # Its library is not on every machine that deploys.
    for engine in ("theirs", "django.contrib.gis.db.backends.spatialite"):
        assert databases.is_sqlite(engine)
    for engine in ("django.db.backends.postgresql", "django.db.backends.mysql", "not.there"):
        assert not databases.is_sqlite(engine)
