"""An app with one applied migration, and further ones written by the test."""

import sys
import textwrap

import pytest
from django.test.utils import override_settings

from slipway.tool.migration_check import find_unsafe

HEAD = """
from django.contrib.postgres.operations import *
from django.db import migrations, models
from django.db.models.functions import Now
from django.db.migrations import *
class Migration(Migration):
"""
FIRST = """
operations = [
    CreateModel("Album", [("id", models.BigAutoField(primary_key=True))]),
    CreateModel("Photo", [
        ("id", models.BigAutoField(primary_key=True)),
        ("title", models.CharField(max_length=80)),
        ("alt", models.CharField(max_length=80, null=True)),
        ("text", models.TextField()),
        ("width", models.IntegerField()),
        ("price", models.DecimalField(max_digits=8, decimal_places=2)),
        ("state", models.CharField(max_length=9, db_default="new")),
        ("code", models.CharField(max_length=9, db_column="legacy")),
        ("slug", models.SlugField()),
        ("albums", models.ManyToManyField("gallery.Album")),
        ("album", models.ForeignKey("gallery.Album", models.CASCADE, related_name="+")),
    ], {"unique_together": {("title", "width")}}),
    CreateModel("Named", [("id", models.BigAutoField(primary_key=True))], {"db_table": "named"}),
    CreateModel("Foreign", [("id", models.BigAutoField(primary_key=True))], {"managed": False}),
]
"""


@pytest.fixture
def migrations(tmp_path, monkeypatch):
    """Writes migrations of the app gallery; ``.find(applied)`` judges what is not applied."""
    package = f"migrations_{tmp_path.name}"
    directory = tmp_path / package
    directory.mkdir()
    (directory / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    class Migrations:
        path = directory

        def write(self, name, body):
            (directory / f"{name}.py").write_text(HEAD + textwrap.indent(body, "    "))

        def second(self, operation, rest=""):
            self.write(
                "0002_second", f'dependencies = [("gallery", "0001_initial")]\noperations = [{operation}]\n{rest}'
            )

        def find(self, *names):
            known = names or ("gallery.0001_initial", *OTHERS)
            return find_unsafe([tuple(name.split(".")) for name in known])

    made = Migrations()
    made.write("0001_initial", FIRST)
    with override_settings(MIGRATION_MODULES={"gallery": package, **dict.fromkeys(("admin", "auth", "sessions"))}):
        yield made
    for name in [name for name in sys.modules if name.startswith(package)]:
        del sys.modules[name]


OTHERS = ("contenttypes.0001_initial", "contenttypes.0002_remove_content_type_name")
