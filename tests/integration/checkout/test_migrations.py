"""`manage.py check_migrations`, as a deploy calls it: it needs no database, and its last line is the error."""

import json

MIGRATION = """
from django.db import migrations, models
class Migration(migrations.Migration):
    {}
"""
FIRST = """operations = [
        migrations.CreateModel("Photo", [("id", models.BigAutoField(primary_key=True)), ("alt", models.TextField())])
    ]"""
SECOND = """dependencies = [("wall", "0001_initial")]
    operations = [
        migrations.AlterField("photo", "alt", models.CharField(max_length=9)),
        migrations.RemoveField("photo", "alt"),
    ]"""


def test_a_migration_that_breaks_what_serves_is_rejected_with_no_database_there(checkout):
    checkout.write("wall/__init__.py", "")
    checkout.write("wall/migrations/__init__.py", "")
    checkout.write("wall/migrations/0001_initial.py", MIGRATION.format(FIRST))
    checkout.write("wall/migrations/0002_alt.py", MIGRATION.format(SECOND))
    database = {"ENGINE": "django.db.backends.postgresql", "HOST": "/nowhere", "NAME": "none"}
    checkout.settings(f'INSTALLED_APPS += ["wall"]\nDATABASES = {{"default": {database!r}}}\n')
    applied = checkout.root / "applied.json"
    applied.write_text(json.dumps(["contenttypes.0001_initial", "wall.0001_initial"]))
    done = checkout.manage("check_migrations", "--applied", applied)
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith("slipway: ") and "Traceback" not in done.stderr
    assert "contenttypes/migrations/0002_remove_content_type_name.py" in line
    assert "project/wall/migrations/0002_alt.py: Alter field alt on photo" in line
    assert "project/wall/migrations/0002_alt.py: Remove field alt from photo" in line
    assert checkout.manage("check_migrations", "--applied", applied, "--allow-unsafe").returncode == 0
