"""Migrations that must not take the site along."""

from pathlib import Path

from rehearsal import altered
from rehearsal.drills.drill import check_rejected, deploy, loaded, serving
from rehearsal.run import Run
from rehearsal.run_log import Phase
from rehearsal.steps.disaster import PSQL

APP = "drilled"
SETTINGS = f'\nINSTALLED_APPS = [*INSTALLED_APPS, "{APP}"]\n'
# Added above the settings line, whose own list it must be in.
MODELS = "from django.db import models\n\n\nclass Row(models.Model):\n    pass\n"
FIRST = """from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel("Row", [("id", models.BigAutoField(primary_key=True, serialize=False))]),
    ]
"""
FAILS = """from django.db import migrations


def fail(apps, schema_editor):
    raise ValueError("rows that nobody foresaw")


class Migration(migrations.Migration):
    dependencies = [("drilled", "0001_initial")]
    operations = [migrations.RunPython(fail, migrations.RunPython.noop)]
"""
LOCKED = """from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("drilled", "0001_initial")]
    operations = [migrations.AddField("Row", "note", models.TextField(null=True))]
"""
# It changes nothing, and is one more for `migrate`.
EMPTY = """from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("drilled", "0001_initial")]
"""
NOTE = "    note = models.TextField(null=True)\n"


def fail(run: Run, phase: Phase) -> None:
    before = serving(run)
    copy = checkout(run, {"0002_fails": FAILS})
    with loaded(run, "a deploy whose migration fails"):
        result = deploy(run, "migration", env=altered.environment(run.site, copy), cwd=copy)
    check_rejected(run, "A migration that fails", result, "migration", before)


def hold_a_lock(run: Run, phase: Phase) -> None:
    deploy(run, "migration-first", env=altered.environment(run.site, copy := checkout(run, {})), cwd=copy)
    before = serving(run)
    copy = checkout(run, {"0002_row_note": LOCKED}, NOTE)
    hold = f"systemd-run --quiet --collect --unit=drill-lock {PSQL} -c "
    run.host.run(f"{hold} 'BEGIN; LOCK TABLE {APP}_row; SELECT pg_sleep(300)'")
    try:
        with loaded(run, "a deploy whose migration waits for a lock"):
            result = deploy(run, "table-lock", env=altered.environment(run.site, copy), cwd=copy)
    finally:
        run.host.run("systemctl stop drill-lock")
    check_rejected(run, "A migration that waits for a lock on a table", result, f"{APP}_row", before)


def checkout(run: Run, more: dict[str, str], model: str = "") -> Path:
    """A copy of the checkout with an app whose migrations are the first and ``more``."""
    copy = altered.checkout(run.site.directory / "drill")
    app = copy / "project" / APP
    (app / "migrations").mkdir(parents=True)
    for name, text in {"__init__": "", "models": MODELS.replace("    pass\n", model or "    pass\n")}.items():
        (app / f"{name}.py").write_text(text)
    for name, text in {"__init__": "", "0001_initial": FIRST, **more}.items():
        (app / "migrations" / f"{name}.py").write_text(text)
    with altered.module(copy, run.site.site.settings).open("a") as file:
        file.write(SETTINGS)
    return copy
