"""The error of a migration that fails."""

import subprocess

import pytest


@pytest.fixture
def systemd(host, monkeypatch):
    """``systemd.unit`` is what is known of a unit once systemd-run has ended as ``systemd.ended`` says. psql answers
    ``systemd.psql`` by turns, and then fails."""
    systemd = type("Systemd", (), {"calls": [], "unit": {}, "ended": (1, "", ""), "psql": []})()

    def run(line, **_):
        systemd.calls.append(line)
        if line[0] == "systemd-run":
            return type("Done", (), dict(zip(("returncode", "stdout", "stderr"), systemd.ended, strict=True)))()
        if line[0] == "runuser":
            said = systemd.psql.pop(0) if systemd.psql else None
            return type("Done", (), {"returncode": int(said is None), "stdout": said or "", "stderr": ""})()
        asked = [each.removeprefix("--property=") for each in line]
        said = "".join(f"{name}={value}\n" for name, value in systemd.unit.items() if name in asked)
        return type("Done", (), {"returncode": 0, "stdout": said, "stderr": ""})()

    monkeypatch.setattr(host.releases, "find", lambda name: name)
    monkeypatch.setattr(host.processes, "run", run)
    host.database.ENVIRONMENT.parent.mkdir(parents=True, exist_ok=True)
    host.database.ENVIRONMENT.write_text('DATABASE_URL="postgres:///slipway"\n')
    return systemd


TRACED = """Traceback (most recent call last):
  File "x"
    raise TooSmall
boats.TooSmall: of ten
DETAIL:  eleven
"""
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "x"
  | ExceptionGroup: two (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | KeyError: 'a'
    +---------------- 2 ----------------
    | Sunk
    +------------------------------------
"""


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (
            "Traceback (most recent call last):\n  File x\npsycopg.errors.DiskFull: could not extend file\n\n"
            "The above exception was the direct cause of the following exception:\n\n"
            'django.db.utils.OperationalError: could not extend file "base/1"\nHINT:  Check free disk space.\n\n',
            'django.db.utils.OperationalError: could not extend file "base/1" HINT:  Check free disk space.',
        ),
        ("CommandError: Conflicting migrations detected\n", "CommandError: Conflicting migrations detected"),
        ("a warning\nKilled\n", "Killed"),
        ("", "Applying wall.0002_more..."),
        (TRACED, "boats.TooSmall: of ten DETAIL:  eleven"),
        (GROUP, "ExceptionGroup: two (2 sub-exceptions): KeyError: 'a'; Sunk"),
    ],
)
def test_the_reason_comes_before_the_databases_hint(said, wanted, host, systemd):
    systemd.ended = (1, "  Applying wall.0002_more...", said)
    with pytest.raises(host.paths.HostError) as failure:
        host.migrate.migrate("1")
    assert str(failure.value).startswith(f"migration wall.0002_more failed: {wanted}; the old release stays live")


KILLED = {"Result": "signal", "ExecMainCode": "2", "ExecMainStatus": "9"}


@pytest.mark.parametrize(
    ("unit", "wanted"),
    [
        ({"Result": "oom-kill"}, r"killed: it needed more memory .* \(80M\)"),
        (KILLED, r"killed by SIGKILL, as the kernel does when memory runs out: a release has 80M"),
        (KILLED | {"ExecMainStatus": "11"}, "ended by SIGSEGV"),
        (KILLED | {"ExecMainStatus": "35"}, "ended by signal 35"),
    ],
)
def test_a_migration_that_was_ended_from_outside_says_by_what(unit, wanted, host, systemd):
    # A warning that it wrote before is not the reason.
    systemd.unit, systemd.ended = unit, (1, "", "RuntimeWarning: naive datetime\n")
    with pytest.raises(host.paths.HostError, match=f"the migrations failed: {wanted}; the old release stays live"):
        host.migrate.migrate("1")
    with pytest.raises(host.paths.HostError, match=f"the applied migrations cannot be read: {wanted}"):
        host.migrate.applied("1")


def test_a_question_has_an_end_and_a_migration_takes_its_time(host, systemd):
    systemd.ended = (0, "[]", "")
    host.migrate.applied("1")
    host.migrate.migrate("1")
    question, migration = [line for line in systemd.calls if line[0] == "systemd-run"]
    assert "--property=RuntimeMaxSec=2min" in question
    assert not [each for each in migration if "RuntimeMaxSec" in each]


@pytest.mark.parametrize("said", ["", "a settings module that prints\n", "[]\nand one at exit\n", "1\n"])
def test_applied_migrations_that_are_no_list_are_one_line(said, host, systemd):
    systemd.ended = (0, said, "")
    with pytest.raises(host.paths.HostError, match=r"cannot be read: release 1 printed '") as failure:
        host.migrate.applied("1")
    assert "\n" not in str(failure.value)


def test_what_is_applied_is_read_without_django(host, systemd):
    systemd.psql = ["public\n", '["wall.0002_b",\n "wall.0001_a"]\n']
    assert host.migrate.applied("1") == ["wall.0001_a", "wall.0002_b"]
    assert "public.django_migrations" in systemd.calls[-1][-1]
    assert not [line for line in systemd.calls if line[0] == "systemd-run"]


def test_the_releases_code_can_be_asked_all_the_same(host, systemd):
    systemd.psql, systemd.ended = ["public\n", '["wall.0001_a"]'], (0, '["wall.0002_b"]', "")
    assert host.migrate.applied("1", by_django=True) == ["wall.0002_b"]


@pytest.mark.parametrize(
    ("url", "psql"),
    [
        ("postgres:///slipway", []),
        ("postgres:///slipway", ["\n"]),
        # Which one is the site's, Django knows.
        ("postgres:///slipway", ["one\ntwo\n", "[]"]),
        ("postgres:///slipway", ["public\n"]),
        ("mysql://there/slipway", ["public\n", "[]"]),
    ],
)
def test_django_is_asked_where_psql_cannot_tell(url, psql, host, systemd):
    host.database.ENVIRONMENT.write_text(f'DATABASE_URL="{url}"\n')
    systemd.psql, systemd.ended = psql, (0, '["wall.0001_a"]', "")
    assert host.migrate.applied("1") == ["wall.0001_a"]
    assert [line for line in systemd.calls if line[0] == "systemd-run"]


def test_a_job_whose_command_was_killed_does_not_bar_the_next(host, systemd):
    systemd.ended = (0, "[]", "")
    assert host.migrate.applied("1") == []
    actions = [line[1] for line in systemd.calls if line[0] != "runuser"]
    assert actions[:4] == ["show", "stop", "reset-failed", "--quiet"], "what it left is taken away first"


def test_migrations_that_still_run_are_left_to_end_and_named(host, systemd):
    systemd.unit = {"MainPID": "7", "ExecMainStartTimestamp": "Mon 2026-11-30 07:46:26 UTC"}
    with pytest.raises(
        host.paths.HostError, match=r"still run, since Mon 2026-11-30 .*`sudo systemctl stop slipway-mig"
    ):
        host.migrate.migrate("1")
    assert not [line for line in systemd.calls if line[0] == "systemd-run" or "stop" in line]


def test_who_locks_a_table_is_asked_with_nothing_of_the_release_s_database_in_the_way(host, monkeypatch):
    asked = []

    def run(line, env, **_):
        asked.append((line, env))
        return subprocess.CompletedProcess(line, 0, "wall, locked by psql\n", "")

    monkeypatch.setattr(host.processes, "run", run)
    assert host.migrate.locked_by() == "wall, locked by psql"
    ((line, env),) = asked
    assert env["PGOPTIONS"] == "-c search_path=pg_catalog"
    assert any(word.startswith("-X") for word in line)
