"""What a person or a deploy asks the backup's unit for, and what it answers."""

import importlib
import json
import subprocess
import sys

import pytest


@pytest.fixture
def unit(host, settings, monkeypatch):
    """The unit: while it runs it goes through ``unit.states``, and writes ``unit.made`` to last.json at its end."""
    settings(backups="wal")
    host.paths.BACKUP_STATE.mkdir(parents=True)
    (host.paths.BACKUP_STATE / "generation.json").write_text('{"generation": "0001"}')
    monkeypatch.setattr(host.backup, "backup_settings", dict)
    monkeypatch.setattr(host.backup.time, "sleep", lambda _: None)
    monkeypatch.setattr(host.backup, "INTERVAL", 0)
    unit = type("Unit", (), {"states": [], "made": {}, "asked": [], "calls": [], "archived": ["f", "t"]})()
    # Whether it gets the slot.
    unit.turn = True
    host.backup.LAST.write_text(json.dumps({"generation": "0001", "full": BEFORE}))

    def active():
        if unit.states and unit.states[0] == "end":
            unit.states.pop(0)
            if unit.turn:
                host.backup.REQUEST.unlink(missing_ok=True)
            last = json.loads(host.backup.LAST.read_text())
            host.backup.LAST.write_text(json.dumps({**last, "error": None, **unit.made}))
            return False
        return bool(unit.states)

    def run(line, **_):
        unit.calls.append(line)
        if line[:2] == ["systemctl", "start"]:
            unit.asked.append(host.backup.REQUEST.read_text())
            unit.states = [{"kind": "full", "percent": 34, "began": "now"}, {}, "end"]
        if line[0] != "runuser":
            return subprocess.CompletedProcess(line, 0, "", "")
        said = "000000010000000000000007\n" if "pg_create" in str(line) else unit.archived.pop(0)
        return subprocess.CompletedProcess(line, 0, said, "")

    monkeypatch.setattr(host.record, "is_active", active)
    monkeypatch.setattr(host.record, "running", lambda: unit.states.pop(0) if unit.states else {})
    monkeypatch.setattr(host.processes, "run", run)
    return unit


BEFORE = {"label": "20261201-030000F", "began": "2026-11-30T03:00:00Z", "seconds": 6.1, "size": 94e6, "stored": 11e6}
MADE = BEFORE | {"label": "20261202-030000F", "began": "2999-01-01T00:00:00Z"}


def test_who_asks_hears_how_far_it_is_and_what_was_made(host, unit, capsys):
    unit.made = {"full": MADE}
    assert host.backup.ask("full") == "a full backup: 20261202-030000F, 94 MB in 6 s, 11.0 MB in the bucket"
    assert unit.asked == ["full"]
    assert capsys.readouterr().err.splitlines()[0] == "progress: a full backup: 34 %, 0 s"


def test_a_differential_one_of_a_generation_without_a_full_one_is_a_full_one(host, unit):
    (host.paths.BACKUP_STATE / "generation.json").write_text('{"generation": "0002"}')
    unit.made = {"full": MADE}
    host.backup.ask("diff")
    assert unit.asked == ["full"]


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (
            {"error": {"kind": "full", "at": "2999-01-01T00:00:00Z", "text": "the disk is full"}},
            r"^a full backup was not made: the disk is full$",
        ),
        ({}, r"^a full backup was not made: `make logs UNIT=slipway-backup.service` shows why$"),
    ],
)
def test_one_that_fails_is_one_line(made, says, host, unit):
    unit.made = made
    with pytest.raises(host.paths.HostError, match=says):
        host.backup.ask("full")


@pytest.fixture
def stopped(host, unit, monkeypatch):
    """A unit that a deploy stops; ``stopped.looks`` is how often the deploy is still there."""
    state = type("Deploy", (), {"looks": 3})()
    unit.made = {"error": {"kind": "full", "at": "2999-01-01T00:00:00Z", "text": host.backup.STOPPED}}

    def is_stopped(_):
        if state.looks == 1:
            # It ends, and starts the unit again.
            assert host.backup.REQUEST.read_text() == "full"
            unit.made = {"full": MADE}
        state.looks -= 1
        return state.looks > 0

    monkeypatch.setattr(host.slot, "is_stopped", is_stopped)
    return state


def test_one_that_a_deploy_stops_says_so_and_is_waited_for(host, unit, stopped, capsys):
    assert host.backup.ask("full").startswith("a full backup: 20261202")
    assert stopped.looks == 0
    assert unit.asked == ["full", "full"]
    assert "progress: stopped for another command; it goes on after that, also without" in capsys.readouterr().err


def test_a_deploy_whose_own_backup_is_stopped_does_not_wait_for_its_own_end(host, unit, stopped, monkeypatch):
    monkeypatch.setenv("SLIPWAY_LOCK", "token")
    with pytest.raises(host.paths.HostError, match=r"^a full backup was not made: it was stopped$"):
        host.backup.ask("full")
    assert stopped.looks == 3


def test_one_that_was_stopped_before_is_not_taken_for_this_one(host, unit, stopped):
    host.backup.LAST.write_text(json.dumps({"generation": "0001", "full": BEFORE, **unit.made}))
    with pytest.raises(host.paths.HostError, match="it was stopped"):
        host.backup.ask("full")


def test_that_nothing_is_due_is_no_error(host, unit):
    assert host.backup.ask() == "nothing is due"
    assert unit.asked == ["due"]


def test_a_restore_point_is_told_once_the_archive_has_it(host, unit, monkeypatch):
    unit.made = {"diff": MADE}
    said = host.backup.ask("diff", "before-20261201T030405Z-0123abcd")
    assert "a differential backup: 2026" in said and "; restore point before-2026" in said
    (made,) = [line for line in unit.calls if "pg_create_restore_point" in str(line)]
    assert "pg_switch_wal" in str(made)
    assert unit.archived == []
    monkeypatch.setattr(host.backup, "ARCHIVED", 0)
    unit.archived = ["f"]
    with pytest.raises(host.paths.HostError, match="the WAL 000000010000000000000007 is not archived after 0 s"):
        host.backup.ask("diff", "before")


def test_one_that_was_stopped_for_a_deploy_waits_for_its_end_unless_it_is_asked_for(host, unit, monkeypatch):
    monkeypatch.setattr(host.slot, "is_stopped", lambda unit: True)
    monkeypatch.setattr(host.backup.signal, "signal", lambda *_: None)
    assert host.backup.run(3) == "stopped for a deploy; it goes on after that"
    monkeypatch.setattr(host.backup, "_make", lambda settings, due, wal: f"made {due.kind}")
    monkeypatch.setattr(host.backup, "_due", lambda settings, asked, *_: host.schedule.Due(asked, "asked for"))
    monkeypatch.setattr(host.slot, "_other", lambda file, unit: None)
    host.backup.REQUEST.write_text("diff")
    assert host.backup.run(3) == "made diff"
    assert not host.backup.REQUEST.exists()


def test_the_unit_does_without_the_folders_of_releases(host, unit, monkeypatch, capsys):
    main = importlib.import_module("agent.__main__")
    monkeypatch.setattr(main, "prepare", lambda: pytest.fail("its sandbox has none"))
    monkeypatch.setattr(main.signal, "signal", lambda *_: None)
    monkeypatch.setattr(host.backup, "run", lambda quiet: f"nothing is due, {quiet}")
    monkeypatch.setattr(sys, "argv", ["slipway", "backup", "--run", "3"])
    assert main.main() == 0
    assert capsys.readouterr().out == "nothing is due, 3\n"


def test_a_unit_that_systemd_starts_a_moment_later_is_waited_for(host, unit, monkeypatch):
    looks, active = iter([False, False]), host.record.is_active
    monkeypatch.setattr(host.record, "is_active", lambda: next(looks, None) is None and active())
    unit.made = {"full": MADE}
    assert host.backup.ask("full").startswith("a full backup: 20261202")


def test_nothing_is_due_for_an_empty_database_that_has_no_generation(host, unit, monkeypatch):
    """The hour may come between the playbook and the first release, or the restore."""
    for file in (host.generation.HELD, host.backup.LAST):
        file.unlink()
    monkeypatch.setattr(host.generation, "awaits_data", lambda settings: True)
    assert host.backup._due({}, "", 3, wal=True) is None
    assert host.backup._due({}, "full", 3, wal=True).kind == "full"
    monkeypatch.setattr(host.generation, "awaits_data", lambda settings: False)
    assert host.backup._due({}, "", 3, wal=True).kind == "full"


def test_nothing_is_due_on_a_server_that_a_site_moves_to(host, unit):
    """What is there is no database of the site's, and a backup of it would look like the newest."""
    host.paths.MOVE.parent.mkdir(parents=True, exist_ok=True)
    host.backup.LAST.unlink()
    host.moving.write(state="arriving")
    assert host.backup._due({}, "", 3, wal=True) is None
    host.moving.write(state="arrived")
    assert host.backup._due({}, "", 3, wal=True).kind == "full"


def test_one_that_was_asked_for_and_stopped_before_its_turn_is_made_later(host, unit, monkeypatch):
    """The site's restart has systemd stop what waits too."""
    unit.turn = False
    with pytest.raises(host.paths.HostError, match=r"^a full backup is not made yet, its turn has not come: "):
        host.backup.ask("full")

    def stopped(*_, **__):
        raise host.backup.Stopped

    monkeypatch.setattr(host.backup.signal, "signal", lambda *_: None)
    monkeypatch.setattr(host.backup.generation, "awaits_data", lambda _: False)
    monkeypatch.setattr(host.backup, "_make", lambda settings, due, wal: f"made {due.kind}: {due.why}")
    with monkeypatch.context() as waiting:
        waiting.setattr(host.backup.slot, "held", stopped)
        assert host.backup.run(3) == "stopped; it goes on later from where it was"
    monkeypatch.setattr(host.slot, "_other", lambda file, unit: None)
    assert host.backup.run(3) == "made full: asked for"
    assert not host.backup.REQUEST.exists()


@pytest.mark.parametrize(("busy", "says"), [(2, ""), (99, "another backup or its clean-up runs in pgBackRest")])
def test_pgbackrests_lock_is_waited_for_but_not_for_ever(busy, says, host, unit, tmp_path, monkeypatch):
    backup, tries = host.backup, tmp_path / "tries"
    tries.touch()
    clock = iter(range(0, 9999, 10))
    monkeypatch.setattr(backup.time, "monotonic", lambda: next(clock))
    fails = "{ echo 'ERROR: [050]: unable to acquire lock' >&2; exit 50; }"
    script = f"echo >> {tries}; test $(wc -l < {tries}) -gt {busy} || {fails}"
    monkeypatch.setattr(backup.generation, "command", lambda *_: ["sh", "-c", script])
    monkeypatch.setattr(backup, "_newest", lambda mine: {"label": "20261202-030000F"})
    due = backup.Due("full", "because")
    if says:
        with pytest.raises(host.paths.HostError, match=says):
            backup._pgbackrest({}, "0001", "full", due, "now")
    else:
        assert backup._pgbackrest({}, "0001", "full", due, "now") == {"label": "20261202-030000F"}
        assert len(tries.read_text().splitlines()) == 3


def test_a_lock_that_may_not_be_opened_is_told_at_once(host, unit, monkeypatch):
    """As one that root has made: to wait for it would be in vain, and it is nobody's backup."""
    backup = host.backup
    said = "ERROR: [050]: unable to acquire lock on file '/var/lib/x/lock/site-backup.lock': Permission denied"
    monkeypatch.setattr(backup, "_attempt", lambda *_: said)
    monkeypatch.setattr(backup.time, "sleep", lambda _: pytest.fail("it waits"))
    monkeypatch.setattr(backup.generation, "cause", lambda settings, stderr: stderr)
    with pytest.raises(host.paths.HostError, match="Permission denied"):
        backup._pgbackrest({}, "0001", "full", backup.Due("full", "because"), "now")
