"""Which migrations are checked, how one is waived, and how they are rejected."""

import io
import json
import sys

import pytest
from django.core.management import call_command

from slipway.tool.migration_check import find_unsafe, rejection
from slipway.web.errors import SlipwayError
from tests.unit.migration_check.conftest import OTHERS

UNSAFE = 'RemoveField("photo", "alt")'
APPLIED = [tuple(name.split(".")) for name in ("gallery.0001_initial", *OTHERS)]


def test_a_rejection_is_one_line_with_the_file_and_what_to_do(migrations):
    migrations.second(f'{UNSAFE}, DeleteModel("Named")')
    message = str(rejection(find_unsafe(APPLIED)))
    assert message.startswith(str(migrations.path / "0002_second.py: Remove field alt from photo: "))
    assert 'safe_for_old_code = "…"' in message and "ALLOW_UNSAFE=1" in message
    assert message.endswith("; also " + str(migrations.path / "0002_second.py: Delete model Named"))
    assert "\n" not in message


def test_a_reason_in_the_migration_settles_it(migrations):
    migrations.second(UNSAFE, 'safe_for_old_code = "nothing reads it since 3 May"')
    assert migrations.find() == []


@pytest.mark.parametrize("mark", ["True", '""', '"  "', "None"])
def test_a_mark_without_a_reason_settles_nothing(mark, migrations):
    migrations.second(UNSAFE, f"safe_for_old_code = {mark}")
    assert len(migrations.find()) == 1


def test_applied_migrations_are_not_checked(migrations):
    migrations.second(UNSAFE)
    assert migrations.find("gallery.0001_initial", "gallery.0002_second", *OTHERS) == []


def test_a_first_deploy_is_not_checked(migrations):
    migrations.second(UNSAFE)
    assert find_unsafe(set()) == []


def test_an_app_that_is_new_may_do_as_it_likes(migrations):
    migrations.second(UNSAFE + ', RunSQL("INSERT …"), RunPython(print)')
    assert migrations.find(*OTHERS) == []


def test_later_migrations_are_checked_against_the_state_after_earlier_ones(migrations):
    migrations.second('AddField("photo", "note", models.TextField(null=True))')
    migrations.write(
        "0003_third",
        'dependencies = [("gallery", "0002_second")]\n'
        'operations = [AlterField("photo", "note", models.TextField()), RenameField("photo", "note", "memo")]',
    )
    assert [found.operation.split(" on ")[0] for found in migrations.find()] == [
        "Alter field note",
        "Rename field note",
    ]


@pytest.mark.parametrize(
    "applied", [["gallery.0001_initial", "gallery.0002_second"], ["gallery.0001_squashed_0002_second"]]
)
def test_a_squashed_migration_is_applied_when_what_it_replaces_is(applied, migrations):
    migrations.second(UNSAFE)
    migrations.write(
        "0001_squashed_0002_second",
        'replaces = [("gallery", "0001_initial"), ("gallery", "0002_second")]\n'
        'operations = [CreateModel("Photo", [("id", models.BigAutoField(primary_key=True))])]',
    )
    migrations.write(
        "0003_third", f'dependencies = [("gallery", "0001_squashed_0002_second")]\noperations = [{NOTE}, {DELETE}]'
    )
    assert [found.operation for found in migrations.find(*applied, *OTHERS)] == ["Delete model Photo"]


NOTE, DELETE = 'AddField("photo", "note", models.TextField(null=True))', 'DeleteModel("Photo")'


def test_a_field_goes_in_two_releases_as_the_readme_says(migrations):
    migrations.second(
        "SeparateDatabaseAndState("
        'database_operations=[AlterField("photo", "title", models.CharField(max_length=80, db_default=""))], '
        'state_operations=[RemoveField("photo", "title")])'
    )
    drop = 'operations = [RunSQL("ALTER TABLE gallery_photo DROP COLUMN title")]'
    migrations.write("0003_third", f'dependencies = [("gallery", "0002_second")]\n{drop}')
    (found,) = migrations.find()
    assert found.operation == "Raw SQL operation"
    reason = 'safe_for_old_code = "the release before does not know the column"'
    migrations.write("0004_fourth", f'dependencies = [("gallery", "0003_third")]\n{drop}\n{reason}')
    assert migrations.find("gallery.0001_initial", "gallery.0002_second", "gallery.0003_third", *OTHERS) == []


def test_migrations_that_do_not_fit_together_are_one_line(migrations):
    migrations.write("0003_third", 'dependencies = [("gallery", "0002_gone")]')
    with pytest.raises(SlipwayError, match=r"are inconsistent: .*0002_gone"):
        migrations.find()


@pytest.fixture
def command(tmp_path):
    """The command's own words, as far as it comes."""

    def run(applied, *options):
        file = tmp_path / "applied.json"
        file.write_text(applied)
        output = io.StringIO()
        try:
            call_command("check_migrations", "--applied", str(file), *options, stderr=output)
        finally:
            run.output = output.getvalue()

    return run


def test_the_command_rejects_or_warns(migrations, command):
    migrations.second(UNSAFE)
    names = json.dumps([".".join(key) for key in APPLIED])
    with pytest.raises(SlipwayError, match="Remove field alt"):
        command(names)
    command(names, "--allow-unsafe")
    assert "Remove field alt from photo" in command.output
    command("[]")
    assert command.output == ""


def test_a_deploy_gives_the_list_when_the_server_has_answered(migrations, command, monkeypatch):
    migrations.second(UNSAFE)
    names = json.dumps([".".join(key) for key in APPLIED])
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{names}\n"))
    with pytest.raises(SlipwayError, match="Remove field alt"):
        call_command("check_migrations", "--applied", "-", stderr=io.StringIO())
    # No code runs that a migration could break.
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    call_command("check_migrations", "--applied", "-")


@pytest.mark.parametrize("wrong", ["", "{", '[["gallery"]]', "5"])
def test_a_list_that_is_none_is_rejected(wrong, command):
    with pytest.raises(SlipwayError, match="expected a JSON list"):
        command(wrong)
