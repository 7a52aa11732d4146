"""Whether `migrate` would change nothing: a deploy does without it then, and never in doubt."""

import io
import json

import pytest
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader
from django.db.models.signals import post_migrate, pre_migrate

from slipway.tool.migration_check import migrated


@pytest.fixture
def applied(migrations):
    """Every migration that is on the disk."""
    return set(MigrationLoader(None).disk_migrations)


def test_all_of_them_are_applied(applied, migrations):
    assert migrated.is_migrated(applied)
    assert migrated.is_migrated({*applied, ("gallery", "0009_of_a_release_that_was_rolled_back")})
    said = io.StringIO()
    names = migrations.path / "applied.json"
    names.write_text(json.dumps([".".join(each) for each in applied]))
    call_command("check_migrations", applied=names, allow_unsafe=False, stdout=said)
    assert said.getvalue() == "migrated\n"


def test_one_is_not(applied, migrations):
    assert not migrated.is_migrated(applied - {("gallery", "0001_initial")})
    migrations.second('AddField("photo", "note", models.TextField(null=True))')
    assert not migrated.is_migrated(applied)
    assert not migrated.is_migrated(set())


def test_a_squashed_one_is_not_until_migrate_has_recorded_it(applied, migrations):
    replaces = 'replaces = [("gallery", "0001_initial")]\noperations = []'
    migrations.write("0001_squashed", replaces)
    assert not migrated.is_migrated(applied)
    assert migrated.is_migrated({*applied, ("gallery", "0001_squashed")})


@pytest.mark.parametrize("signal", [pre_migrate, post_migrate])
def test_somebody_elses_receiver_is_run_by_each_deploy(signal, applied):
    def make_groups(**_):
        """As an app that keeps its groups up to date."""

    signal.connect(make_groups)
    try:
        assert not migrated.is_migrated(applied)
    finally:
        signal.disconnect(make_groups)
    assert migrated.is_migrated(applied)


def test_a_command_of_somebody_elses_is_run_by_each_deploy(applied, monkeypatch):
    monkeypatch.setattr(migrated, "get_commands", lambda: {"migrate": "django_tenants"})
    assert not migrated.is_migrated(applied)
