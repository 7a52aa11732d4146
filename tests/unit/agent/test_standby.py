"""A copy that follows by WAL: what it waits for, and what it says when that does not come."""

import contextlib
import os
from types import SimpleNamespace

import pytest

CONTROL = {
    "max_connections setting": "16",
    "max_worker_processes setting": "8",
    "max_wal_senders setting": "10",
    "max_prepared_xacts setting": "0",
    "max_locks_per_xact setting": "64",
}
SEGMENT = "000000010000000000000006"


@pytest.fixture
def copy(host, tmp_path, monkeypatch):
    """A copy in ``directory``: ``write`` is PostgreSQL's log, ``replayed`` what it answers next, how far it is."""
    replayed = ["0/5000000"]
    cluster = SimpleNamespace(
        version="17",
        control=lambda _: CONTROL,
        timeline=lambda _: 1,
        program=lambda name: name,
        ask=lambda statement, _: replayed.pop(0) if replayed[1:] else replayed[0],
    )
    repository = SimpleNamespace(command=lambda *words: ["pgbackrest", *words])
    directory = tmp_path / "main.restore"
    (directory / "pg_wal").mkdir(parents=True)
    (directory / "recovery.signal").touch()
    reading, writing = os.pipe()
    log = os.fdopen(writing, "w", buffering=1)
    process = SimpleNamespace(stderr=os.fdopen(reading))
    lines = []

    @contextlib.contextmanager
    def running(line):
        lines.extend(line)
        yield process
        log.close()

    monkeypatch.setattr(host.recovery, "running", running)
    monkeypatch.setattr(host.recovery, "socket", lambda *_: contextlib.nullcontext())
    monkeypatch.setattr(host.recovery, "check", lambda _: None)
    monkeypatch.setattr(host.recovery, "conclude", lambda *_: None)
    monkeypatch.setattr(host.recovery.shutil, "chown", lambda *_: None)
    standby = host.standby
    standby.POLL, standby.STALLED, standby.LAST = 0.01, 0.2, 0.2
    monkeypatch.setattr(standby, "as_postgres", lambda *line: None)
    made = standby.Standby(cluster, repository, 1, directory)
    return SimpleNamespace(
        made=made,
        directory=directory,
        replayed=replayed,
        write=lambda *text: [log.write(f"{each}\n") for each in text],
        end=log.close,
        line=lines,
        error=host.paths.HostError,
        readable=standby.READABLE,
    )


def test_it_follows_with_the_original_s_settings_and_one_file_that_says_so(copy):
    copy.write(copy.readable)
    with copy.made:
        assert [path.name for path in copy.directory.glob("*.signal")] == ["standby.signal"]
        assert {"max_connections=16", "max_locks_per_transaction=64", "hot_standby=on"} <= set(copy.line)


def test_one_that_ends_before_it_can_be_read_says_why(copy):
    copy.write("FATAL:  could not map memory")
    copy.end()
    with pytest.raises(copy.error, match="could not map memory"), copy.made:
        pass


def test_one_that_no_wal_reaches_any_more_is_not_waited_for(copy):
    copy.write(f"missing: {SEGMENT}")
    with pytest.raises(copy.error, match=f"no more WAL arrives within .* s: {SEGMENT} is not in the bucket"), copy.made:
        pass


def test_it_has_reached_what_was_replayed_and_waits_as_long_as_that_grows(copy):
    copy.write(copy.readable)
    copy.replayed[:] = [f"0/50000{each // 2:02X}" for each in range(80)]
    with copy.made:
        copy.made.reach("0/5000027")
        assert set(copy.replayed) == {"0/5000027"}


@pytest.mark.parametrize(
    ("log", "why"),
    [
        ([f"missing: {SEGMENT}"], f"the WAL after 0/5000000 does not arrive within 0.2 s: {SEGMENT} is not in the"),
        (["ERROR: [039]: HTTP request failed with 403 (Forbidden)"], "does not arrive within 0.2 s: .*403"),
    ],
)
@pytest.mark.parametrize("step", ["reach", "finish"])
def test_wal_that_does_not_arrive_is_named_with_the_archive_s_own_reason(step, log, why, copy):
    copy.write(copy.readable, *log)
    with pytest.raises(copy.error, match=why), copy.made:
        if step == "reach":
            copy.made.reach("0/5000001")
        else:
            # At the record's beginning it is not replayed.
            copy.made.finish("0/5000000", SEGMENT, b"wal")


@pytest.mark.parametrize("end", ["0/6000028", "0/6000090", "0/5FFFFD8"])
def test_it_is_whole_when_its_last_record_is_the_original_s_shutdown_and_not_otherwise(end, copy, host, monkeypatch):
    copy.write(copy.readable)
    copy.replayed[:] = ["0/6000028", "0/60000A0"]
    said = (f"redo done at {end} system usage", host.recovery.READY)
    monkeypatch.setattr(host.standby, "as_postgres", lambda *line: copy.write(*said))
    monkeypatch.setattr(host.recovery, "stop", lambda *_: copy.end())
    with copy.made:
        if end == "0/6000028":
            copy.made.finish("0/6000028", SEGMENT, b"the last")
        else:
            with pytest.raises(copy.error, match=f"replayed up to {end}, and the old database ends at 0/6000028"):
                copy.made.finish("0/6000028", SEGMENT, b"the last")
    wal = (copy.directory / "pg_wal" / SEGMENT).read_bytes()
    assert wal.startswith(b"the last\0") and len(wal) == host.recovery.SEGMENT
