"""What a restore decides without a bucket: versions, timelines, and the sandbox of what it runs."""

import contextlib
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def restore(host):
    import importlib

    return SimpleNamespace(
        **{
            name: importlib.import_module(f"agent.{name}")
            for name in ("restore", "timelines", "repository", "recovery", "cluster")
        }
    )


def segment(timeline: int, number: int) -> str:
    return f"{timeline:08X}00000000{number:08X}"


@pytest.fixture
def gone_back(restore):
    """At 13:00 a restore began timeline 2; at 14:00 the database of before, on timeline 1, became live again."""
    written = {
        segment(1, 5): NOON,
        segment(1, 6): NOON + HOUR * 0.9,
        "00000002.history": NOON + HOUR,
        segment(2, 6): NOON + HOUR * 1.5,
        segment(1, 7): NOON + HOUR * 2.5,
    }
    return SimpleNamespace(
        name="0001",
        path="0001",
        last_wal=segment(2, 6),
        histories=lambda: [2],
        files=lambda: {name: at.timestamp() for name, at in written.items()},
        history=lambda timeline: {1: 6 << 24},
        backups=[restore.repository.Backup("20261201-110000F", NOON - HOUR, 1, segment(1, 4), 4 << 24)],
        claim={},
    )


@pytest.mark.parametrize("hours, timeline", [(0.5, 1), (1.2, 2), (2.1, 1), (None, 1)])
def test_the_timeline_is_the_one_that_was_written_to_then(restore, gone_back, hours, timeline):
    time = None if hours is None else NOON + HOUR * hours
    assert restore.timelines.of(gone_back, time)[0] == timeline


def test_what_is_live_tells_where_the_bucket_s_seconds_are_the_same(restore, gone_back):
    same = dict.fromkeys(gone_back.files(), NOON.timestamp())
    gone_back.files = lambda: same
    assert [restore.timelines.of(gone_back, None, live)[0] for live in (1, 2)] == [1, 2]
    assert restore.timelines.of(gone_back, None, live=1)[1] == segment(1, 7)
    # Nothing of it is archived.
    assert restore.timelines.of(gone_back, None, live=3)[0] == 2


def test_a_backup_is_taken_for_a_timeline_that_branched_off_later_alone(restore, gone_back):
    Backup = restore.repository.Backup
    gone_back.backups.append(Backup("20261201-135900F", NOON + HOUR * 1.9, 1, segment(1, 8), 8 << 24))
    assert restore.timelines.choose(gone_back, 2, NOON + HOUR * 3).label == "20261201-110000F"
    assert restore.timelines.choose(gone_back, 1, NOON + HOUR * 3).label == "20261201-135900F"


@pytest.mark.parametrize(
    "source, more", [("0001", ", or take what .*, GENERATION=0001"), (None, ""), ("the one before", "")]
)
def test_a_time_before_the_first_backup_is_told_with_the_generation_that_may_have_it(source, more, restore, gone_back):
    gone_back.claim["restored_from"] = source
    with pytest.raises(Exception, match=f"complete at 2026-12-01 11:00:00 UTC: give a later time{more}$"):
        restore.timelines.choose(gone_back, 1, NOON - HOUR * 2)


@pytest.mark.parametrize(
    "there, line",
    [
        ("17", "generation 0001 is of PostgreSQL 17, .* has 15: it needs a server with a newer Debian or Ubuntu; "),
        (
            "13",
            "generation 0001 is of PostgreSQL 13, .* needs a server with PostgreSQL 13, from where `make move` ",
        ),
    ],
)
def test_another_version_of_postgresql_is_one_line(restore, there, line):
    class Repository(SimpleNamespace):
        def __str__(self):
            return "generation 0001"

    repository = Repository(version=there, claim={})
    with pytest.raises(restore.restore.HostError, match=line):
        restore.restore.check_version(restore.cluster.Cluster("15", "main"), repository)


def test_another_processor_is_one_line(restore):
    """PostgreSQL's files are those of one architecture."""
    repository = SimpleNamespace(version="15", claim={"processor": "sparc64"})
    with pytest.raises(restore.restore.HostError, match="of a server with sparc64, and this one has "):
        restore.restore.check_version(restore.cluster.Cluster("15", "main"), repository)


def test_postgresql_cannot_look_into_what_restores(restore):
    """It is the same user's; a user namespace of its own keeps PostgreSQL from its files and its memory."""
    assert "PrivateUsers=yes" in restore.recovery.SANDBOX


def test_a_fetch_tells_how_far_it_is_and_keeps_the_errors_alone(restore, monkeypatch, capsys):
    monkeypatch.setattr(restore.recovery, "INTERVAL", 0)
    errors = restore.recovery._errors(
        [
            "INFO: restore backup set 20261201-110000F\n",
            "DETAIL: restore file /data/base/5/1247 (bundle 1/592, 112KB, 30.12%) checksum 0abc\n",
            "ERROR: [082]: error restoring '/data/base/5/1249':\n",
            "       actual checksum '1' does not match expected checksum '2'\n",
        ]
    )
    assert capsys.readouterr().err == "progress: fetching, 0 s: 30 %\n"
    assert errors == [
        "ERROR: [082]: error restoring '/data/base/5/1249':",
        "actual checksum '1' does not match expected checksum '2'",
    ]


def test_what_cannot_be_decrypted_once_the_list_of_backups_was_is_damaged(restore, tmp_path, monkeypatch):
    written = [
        "ERROR: [031]: unable to load backup manifest file '/backup.manifest' or '/backup.manifest.copy':\n",
        "       CryptoError: cipher header invalid\n",
        "       HINT: is or was the repo encrypted?\n",
    ]
    running = contextlib.nullcontext(SimpleNamespace(stderr=written, returncode=31))
    monkeypatch.setattr(restore.recovery, "running", lambda line: running)
    monkeypatch.setattr(restore.recovery.shutil, "chown", _nothing)
    backup = restore.repository.Backup("20261201-110000F", NOON, 1, segment(1, 4), 4 << 24)
    with pytest.raises(
        restore.recovery.Damaged, match=r"unable to load .*\.copy': CryptoError: cipher header invalid$"
    ):
        restore.recovery.fetch(SimpleNamespace(command=lambda *words: list(words)), backup, tmp_path / "main.restore")


@pytest.mark.parametrize(
    ("written", "free", "full"), [("[28] No space left on device", 9, True), ("", 0, True), ("", 9, False)]
)
def test_a_full_disk_is_told_from_other_errors_of_a_fetch(written, free, full, restore, tmp_path, monkeypatch):
    """pgBackRest gives the reason where nothing of a file could be written alone."""
    running = contextlib.nullcontext(
        SimpleNamespace(stderr=[f"ERROR: [041]: unable to write: {written}\n"], returncode=41)
    )
    monkeypatch.setattr(restore.recovery, "running", lambda line: running)
    monkeypatch.setattr(restore.recovery.shutil, "chown", _nothing)
    monkeypatch.setattr(restore.recovery.os, "statvfs", lambda _: SimpleNamespace(f_bavail=free << 20, f_frsize=1))
    backup = restore.repository.Backup("20261201-110000F", NOON, 1, segment(1, 4), 4 << 24)
    with pytest.raises(
        restore.recovery.HostError, match="the disk is full while" if full else "cannot be fetched: unable"
    ):
        restore.recovery.fetch(SimpleNamespace(command=lambda *words: list(words)), backup, tmp_path / "main.restore")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            ["FATAL:  could not extend file: No space left on device"],
            "the disk is full while the WAL is replayed; make ",
        ),
        (
            ["FATAL:  WAL ends before consistent recovery point"],
            "WAL segment 7 is missing in the bucket, and the backup is ",
        ),
        (
            ["FATAL:  WAL ends before end of online backup"],
            "WAL segment 7 is missing in the bucket, and the backup is of ",
        ),
        (["ERROR: [082]: x", "FATAL:  could not restore file"], "the WAL cannot be fetched: x"),
        (["LOG:  a", "PANIC:  b", "LOG:  c"], "PostgreSQL cannot recover the backup: PANIC:  b"),
        ([], "PostgreSQL cannot recover the backup: it wrote nothing"),
    ],
)
def test_why_a_recovery_failed_is_one_line(lines, said, restore):
    assert restore.recovery.why(lines, restore.recovery.Recovered(missing="7"), None, "").startswith(said)


@pytest.fixture
def recovering(restore, monkeypatch, tmp_path):
    """Recovers with a PostgreSQL that is ``ready`` at once; ``state`` is how it was stopped."""
    module = restore.recovery
    monkeypatch.setattr(module, "socket", contextlib.nullcontext)
    monkeypatch.setattr(module, "postgres", lambda *_, **__: [])
    monkeypatch.setattr(module.shutil, "chown", _nothing)
    monkeypatch.setattr(module, "as_postgres", _nothing)

    def recover(found="1", state="shut down", synced=0, gone="0"):
        lines = [f"LOG:  {module.READY}\n"]
        monkeypatch.setattr(module, "running", lambda _: contextlib.nullcontext(SimpleNamespace(stderr=lines)))
        done = SimpleNamespace(returncode=synced, stderr="Input/output error\n")
        monkeypatch.setattr(module.processes, "run", lambda line: done)
        cluster = SimpleNamespace(
            ask=lambda text, *_: gone if "pg_stat_file" in text else found,
            program=str,
            control=lambda _: {"Database cluster state": state},
        )
        return module.recover(cluster, None, 1, tmp_path)

    return recover


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"found": ""}, "the backup has no database slipway: it is another program's"),
        ({"state": "in production"}, "the restored database did not stop in order: it is in production"),
        # And the WAL does not show where the drop began.
        ({"gone": "1"}, "at that time its database was being dropped, .*: give a TO= a little earlier"),
        ({"synced": 1}, "the restored database cannot be written to the disk: Input/output error"),
    ],
)
def test_a_database_that_is_not_whole_or_not_the_site_s_never_becomes_the_live_one(how, said, recovering):
    assert recovering().missing == ""
    with pytest.raises(Exception, match=f"^{said}$"):
        recovering(**how)


def test_room_is_made_of_the_database_before_an_earlier_restore_and_no_other(restore, monkeypatch, tmp_path, capsys):
    cluster = restore.cluster.Cluster("15", "main")
    monkeypatch.setattr(restore.cluster, "CLUSTER_DATA", tmp_path)
    backup = restore.repository.Backup("20261201-110000F", NOON, 10, segment(1, 4), 4 << 24)
    cluster.before.mkdir(parents=True)
    monkeypatch.setattr(type(cluster), "free", lambda self: 0 if self.before.exists() else 1 << 40)
    restore.restore.make_room(cluster, backup)
    assert not cluster.before.exists()
    assert f"removed {cluster.before}" in capsys.readouterr().err
    cluster.before.mkdir()
    monkeypatch.setattr(type(cluster), "free", lambda self: 1 << 40)
    restore.restore.make_room(cluster, backup)
    assert cluster.before.exists()


@pytest.mark.parametrize(
    ("units", "said"),
    [([], "has no PostgreSQL: its database is elsewhere"), (["15-main", "17-main"], "has 2 clusters")],
)
def test_a_server_without_one_cluster_is_one_line(units, said, restore, monkeypatch):
    monkeypatch.setattr(restore.cluster.units, "databases", lambda: [f"postgresql@{each}.service" for each in units])
    with pytest.raises(restore.restore.HostError, match=said):
        restore.cluster.here()


def test_a_copy_of_a_generation_is_on_its_newest_timeline(restore, gone_back):
    """Its objects have the times at which they were copied."""
    gone_back.path = "0001-at-20261201T101459Z"
    assert restore.timelines.of(gone_back, None)[0] == 2


def test_an_archive_of_one_timeline_is_not_listed(restore, gone_back):
    gone_back.histories, gone_back.files = list, None
    assert restore.timelines.of(gone_back, None) == (2, segment(2, 6))
    gone_back.last_wal = ""
    assert restore.timelines.of(gone_back, None) == (1, "")


def test_a_backup_s_own_label_in_the_archive_is_no_segment(restore, gone_back):
    """PostgreSQL archives a history of each backup: its name begins with a segment's."""
    files = gone_back.files()
    gone_back.files = lambda: files | {f"{segment(1, 9)}.00000028.backup": (NOON + HOUR * 3).timestamp()}
    assert restore.timelines.of(gone_back, None) == (1, segment(1, 7))


def test_a_backup_counts_from_the_second_after_it_and_a_name_that_is_unknown_is_told(restore, gone_back):
    choose = restore.timelines.choose
    stop = gone_back.backups[0].stop
    with pytest.raises(Exception, match="give a later time"):
        choose(gone_back, 1, stop + timedelta(seconds=0.5))
    assert choose(gone_back, 1, stop + timedelta(seconds=1)).stop == stop
    with pytest.raises(Exception, match="has no backup nobody's that leads there: it has 20261201-110000F of 2026"):
        choose(gone_back, 1, None, "nobody's")


def test_the_backup_before_a_damaged_one_needs_nothing_of_it(restore, gone_back):
    Backup = restore.repository.Backup
    full = Backup("20261201-120000F", NOON, 1, segment(1, 5), 5 << 24)
    differential = Backup("20261201-120000F_20261201-123000D", NOON + HOUR / 2, 1, segment(1, 5), 5 << 24)
    later = Backup("20261201-130000F", NOON + HOUR, 1, segment(1, 6), 6 << 24)
    gone_back.backups += [full, differential, later]
    # A differential one builds on the full one that is in its name.
    assert restore.timelines.before(gone_back, differential).label == "20261201-110000F"
    assert restore.timelines.before(gone_back, later) == differential
    assert restore.timelines.before(gone_back, gone_back.backups[0]) is None


def test_what_fetches_the_backup_starts_before_the_sockets_folder_is_there(restore):
    """systemd starts no unit whose ReadWritePaths is missing, unless a "-" is before it."""
    paths = next(each for each in restore.recovery.SANDBOX if each.startswith("ReadWritePaths="))
    assert f"-{restore.recovery.SOCKET}" in paths.split()


@pytest.mark.parametrize(("running", "mode", "takes"), [(True, "on", True), (True, "off", False), (False, "off", True)])
def test_a_server_that_archives_nothing_takes_no_place_in_the_bucket(
    running, mode, takes, restore, monkeypatch, tmp_path
):
    module, taken = restore.restore, []
    monkeypatch.setattr(module.generation, "take", lambda *words: taken.append(words[-1]))
    monkeypatch.setattr(module.generation, "held", lambda: None)
    monkeypatch.setattr(module.generation, "HELD", tmp_path / "held")
    monkeypatch.setattr(module, "backup_settings", dict)
    monkeypatch.setattr(module, "_ask", lambda cluster: None)
    monkeypatch.setattr(module, "_lost", lambda *controls: "")
    monkeypatch.setattr(module, "clusters", SimpleNamespace(note=_nothing, keep=_nothing, forget=_nothing))
    cluster = SimpleNamespace(is_running=lambda: running, ask=lambda _: mode, data=tmp_path, control=_nothing)
    cluster.stop = cluster.start = cluster.exchange = _nothing
    module.exchange(cluster, tmp_path, "0001")
    assert taken == (["0001"] if takes else [])


def test_a_generation_that_was_taken_for_a_database_that_went_back_is_not_held(restore, monkeypatch, tmp_path):
    module, held = restore.restore, tmp_path / "held"
    held.write_text("{}")
    monkeypatch.setattr(module.generation, "HELD", held)
    monkeypatch.setattr(module, "clusters", SimpleNamespace(noted=lambda: {"new": 0}, forget=_nothing, remove=_nothing))
    cluster = SimpleNamespace(data=tmp_path, beside=tmp_path, is_running=lambda: True)
    with pytest.raises(module.HostError, match=r"^not well; the database from before is live$"):
        module._exchange_back(cluster, tmp_path, None, module.HostError("not well"))
    assert not held.exists()


def _nothing(*_words, **_named):
    return None


def test_a_copy_takes_the_place_of_a_database_that_is_just_shutting_down(restore, monkeypatch, tmp_path):
    """A move stops the new server's own one while the last WAL is replayed; it answers no question any more."""
    module = restore.restore
    monkeypatch.setattr(module.generation, "held", lambda: None)
    monkeypatch.setattr(module, "_lost", lambda *controls: "")
    monkeypatch.setattr(module, "clusters", SimpleNamespace(note=_nothing, keep=_nothing, forget=_nothing))
    cluster = SimpleNamespace(is_running=lambda: True, data=tmp_path, control=_nothing)
    cluster.ask = lambda _: pytest.fail("it was asked")
    done = []
    cluster.stop, cluster.start = lambda: done.append("stop"), lambda: done.append("start")
    cluster.exchange = lambda other: done.append("exchange")
    module.exchange(cluster, tmp_path, "", ask=lambda copy: done.append("ask"))
    assert done == ["stop", "exchange", "start", "ask"]


@pytest.mark.parametrize(
    ("state", "cut"), [("active", []), ("deactivating", ["immediate"]), ("inactive", ["immediate"])]
)
def test_a_stop_that_waits_for_the_archive_is_cut_short_and_a_database_that_runs_goes_on(
    restore, monkeypatch, state, cut
):
    module, done, unit = restore.cluster, [], "postgresql@17-main.service"
    monkeypatch.setattr(module.units, "shown", lambda *_: {unit: {"ActiveState": state}})
    monkeypatch.setattr(module, "as_postgres", lambda *line: done.append(line[line.index("-m") + 1]))
    run = SimpleNamespace(returncode=0)
    monkeypatch.setattr(module.processes, "run", lambda line: done.append(line[1]) or run)
    module.Cluster("17", "main").start_at_once()
    assert done == [*cut, "start"]


def test_much_wal_that_is_archived_one_by_one_is_waited_for_and_wal_that_stays_is_not(restore, monkeypatch):
    module, clock, waiting = restore.restore, [0.0], ["3", "3", "2", "2", "1", "1", "0"]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(module.time, "sleep", lambda _: clock.append(clock.pop() + module.ARCHIVED * 0.6))
    cluster = SimpleNamespace(is_running=lambda: True)
    answers = {"pg_switch_wal": lambda: "0/6000000|000000010000000000000005", "count": lambda: waiting.pop(0)}
    cluster.ask = lambda text: next((answer() for word, answer in answers.items() if word in text), "1")
    assert module.archive_all(cluster) == "0/6000000"
    waiting[:] = ["2", "1", "1", "1", "1"]
    with pytest.raises(module.HostError, match="the newest WAL is not archived after 60 s"):
        module.archive_all(cluster)


def test_what_an_interrupted_restore_has_left_running_is_ended_before_its_folders_go(restore, monkeypatch):
    """A PostgreSQL that still recovers would write into a folder that is being removed."""
    done = []
    monkeypatch.setattr(restore.recovery.jobs, "clear", done.append)
    monkeypatch.setattr(restore.restore.clusters, "tidy", lambda cluster: done.append(cluster) or "")
    restore.restore.tidy("the cluster")
    assert done == [restore.recovery.UNIT, "the cluster"]
