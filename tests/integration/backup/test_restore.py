"""A restore beside the live database, against pgBackRest, PostgreSQL and S3 themselves."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rehearsal.aws import LocalAws
from tests.integration.backup.cluster import Backups, Cluster, until
from tests.integration.backup.line import line
from tests.integration.backup.photos import GENERATION, OTHER, insert, now, photos, timeline
from tests.integration.backup.server import Server

EARLY = "2020-01-01T00:00:00Z"
# Whether the power was cut after the exchange, and what the next restore says.
SIDES = {False: ": the database is as it was", True: " after its exchange: the restored database is live"}


@pytest.fixture
def untouched(server: Server, cluster: Cluster) -> Iterator[None]:
    """The live database is what it was, and nothing is beside it."""
    rows, inode = photos(cluster), cluster.data.stat().st_ino
    yield
    assert (photos(cluster), cluster.data.stat().st_ino) == (rows, inode)
    assert not list(cluster.data.parent.glob("*.restore"))


@pytest.fixture
def before(server: Server, cluster: Cluster) -> Path:
    """The database of before a restore."""
    path = cluster.data.with_name("main.before")
    if not path.exists():
        server.restore(GENERATION, "--time", server.moment)
    return path


def test_a_dropped_table_comes_back_to_the_moment_before(server: Server, cluster: Cluster):
    before, rows, left = cluster.data.stat().st_ino, photos(cluster), timeline(cluster)
    moment = now(cluster)
    insert(cluster, 3)
    cluster.sql("drop table photos", "slipway")
    done = server.restore(GENERATION, "--time", moment)
    assert photos(cluster) == rows
    # As many files of WAL as a full disk needs: min_wal_size of 96 MB.
    assert int(cluster.sql("select count(*) from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'")) >= 6
    reached = datetime.fromisoformat(re.match(r"restored to (\S+ [\d:.]+) UTC, the last transaction before", done)[1])
    assert reached.replace(tzinfo=UTC) <= datetime.fromisoformat(moment)
    # PostgreSQL's own count too.
    assert int(re.search(r"; up to (\d+) later transactions are not in it; ", done)[1]) >= 2
    assert cluster.data.with_name("main.before").stat().st_ino == before
    assert timeline(cluster) > left


def test_a_dropped_database_comes_back_to_the_last_moment_before(server: Server, cluster: Cluster):
    """PostgreSQL removes its files before it writes that it is dropped, so that a time alone comes too late."""
    rows, moment = photos(cluster), now(cluster)
    cluster.sql("drop database slipway with (force)")
    server.restore(GENERATION, "--time", moment)
    assert photos(cluster) == rows


def test_the_database_before_comes_back_and_its_timeline_goes_on(server: Server, cluster: Cluster):
    """PostgreSQL's own rule, the newest timeline, would lose the row that was written after going back."""
    left = timeline(cluster)
    server.restore(GENERATION, "--time", server.moment)
    assert timeline(cluster) > left
    server.restore(GENERATION, "--back")
    assert timeline(cluster) == left
    cluster.sql("truncate photos", "slipway")
    insert(cluster, 7)
    # Nothing that was written is lost without a word: not what the bucket does not have yet.
    done = server.restore(GENERATION)
    assert photos(cluster) == "7"
    assert " up to 0 later transactions are not in it" in done


@pytest.mark.parametrize(
    ("moment", "boots"),
    [("stop", True), ("stop", False), ("exchange", True), ("exchange", False), ("start", True), ("keep", True)],
)
def test_a_power_cut_at_each_moment_of_the_exchange_leaves_one_of_the_two_whole(
    server: Server, cluster: Cluster, before: Path, moment: str, boots: bool
):
    """One who is killed alone leaves PostgreSQL stopped."""
    inodes = [cluster.data.stat().st_ino, before.stat().st_ino]
    killed = server.run(f"restore.back() if die_after('{moment}') else None")
    assert killed.returncode == -9
    if boots:
        server.systemctl("start", server.unit)
        assert cluster.data.stat().st_ino in inodes
    told = server.progress(GENERATION, "--time", EARLY, code=1)[0]
    assert re.match(rf"the restore that began at \S+ was interrupted{SIDES[moment != 'stop']}", told)
    assert cluster.sql("select count(*) from pg_class where relname = 'photos'", "slipway") == "1"
    live = [cluster.data.stat().st_ino, before.stat().st_ino]
    assert live == (inodes if moment == "stop" else inodes[::-1])


def test_a_power_cut_after_the_exchange_of_a_restore_keeps_the_database_of_before(
    server: Server, cluster: Cluster, before: Path
):
    """What was live has the name then of what a restore that was interrupted earlier had fetched."""
    live = cluster.data.stat().st_ino
    assert (
        server.run(
            f"restore.restore('{GENERATION}', time='{server.moment}') if die_after('exchange') else None"
        ).returncode
        == -9
    )
    assert cluster.data.with_name("main.restore").stat().st_ino == live
    told = server.progress(GENERATION, "--time", EARLY, code=1)[0]
    assert re.match(rf"the restore that began at \S+ was interrupted{SIDES[True]}", told)
    assert before.stat().st_ino == live


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("step", ["fetch the backup …", "recover it …"])
def test_a_restore_that_is_killed_is_cleared_by_the_next(server: Server, cluster: Cluster, step: str):
    assert server.killed(step, GENERATION, "--time", server.moment)
    unit = cluster.top / "run" / "slipway-restore.pid"
    until(unit.exists)
    told = server.progress(GENERATION, "--time", EARLY, code=1)[0]
    assert re.search(r"was interrupted: the database is as it was, and \d+ MB that it had fetched are removed", told)
    # Its unit has ended too, and writes nothing there any more.
    assert not is_running(int(unit.read_text()))


@pytest.mark.usefixtures("untouched")
def test_a_site_that_is_not_well_gets_its_database_back(server: Server, cluster: Cluster, before: Path):
    inodes = [cluster.data.stat().st_ino, before.stat().st_ino]
    done = server.run(
        "releases.current = lambda: 'a'; restore.WELL = 0\n"
        'probe.nginx = lambda page: (503, \'{"database": "Error"}\')\n'
        "restore.back()"
    )
    assert done.stderr.splitlines()[-1] == (
        "agent.paths.HostError: the site is not well with the restored database: /healthz/ready answers 503 (database: "
        "Error) (a release may need a newer database: `make rollback` first); the database from before is live"
    )
    assert [cluster.data.stat().st_ino, before.stat().st_ino] == inodes


@pytest.mark.usefixtures("untouched")
def test_a_restored_database_that_the_site_is_not_well_with_goes_and_its_generation_too(server: Server):
    """Of another server: the claim of what is live again comes back."""
    held = server.generation()
    done = server.run(
        "releases.current = lambda: 'a'; restore.WELL = 0; probe.nginx = lambda page: (503, '{}')\n"
        f"restore.restore('{OTHER}')"
    )
    assert done.stderr.splitlines()[-1].endswith("the database from before is live"), done.stderr
    assert server.generation() == held


SETTINGS = {
    "bucket away": ({"repo1_storage_port": "9"}, "cannot be reached: Connection refused"),
    "key revoked": ({"repo1_s3_key": "AKIAREVOKED000000000"}, "InvalidAccessKeyId: .*`make cdn`"),
    "bucket gone": ({"repo1_s3_bucket": "no-such-bucket"}, "no-such-bucket at localhost answers 40[34] .*`make cdn`"),
    "wrong passphrase": ({"repo1_cipher_pass": "wrong"}, "BACKUP_PASSPHRASE .* is not the one .*`make escrow`"),
}
WORDS = {
    "no such generation": (["0999"], "generation 0999: nothing is there; `make backups`"),
    "before the first backup": ([GENERATION, "--time", EARLY], "no backup of .* its first backup .* later time"),
    "in the future": ([GENERATION, "--time", "2100-01-01T00:00:00Z"], "has not come: this server's clock says"),
    "no time": ([GENERATION, "--time", "yesterday"], "'yesterday' is no time"),
    "no such backup": ([GENERATION, "--backup", "20200101-000000F"], "no backup 20200101-000000F .*: it has 20"),
    "after the last": ([OTHER, "--time", "now"], r"the WAL does not reach .*; give that time, or leave TO= out"),
    "no such restore point": ([OTHER, "--name", "nobody's"], "no restore point is called nobody's"),
}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("case", SETTINGS)
def test_a_bucket_that_cannot_be_read_is_one_line(server: Server, backups: Backups, case: str):
    settings, line = SETTINGS[case]
    backups.write(**settings)
    try:
        assert re.search(line, server.restore(GENERATION, code=1))
    finally:
        backups.write()


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("case", WORDS)
def test_what_cannot_be_restored_is_one_line(server: Server, cluster: Cluster, case: str):
    words, line = WORDS[case]
    words = [now(cluster) if word == "now" else word for word in words]
    assert re.search(line, server.restore(*words, code=1))


PATCHES = {
    "disk full": (
        "clusters.Cluster.free = lambda self: 10**7",
        r"needs \d+ MB beside the live one, and the disk has 10 MB: make room",
    ),
    "clock off": (
        "from agent import s3; import datetime as d\n"
        "s3.datetime = type('Late', (), {'now': lambda tz: d.datetime.now(tz) - d.timedelta(hours=2)})",
        "the server's clock is off",
    ),
    "WAL that does not arrive": (
        "restore.ARCHIVED = 0; clusters.Cluster.ask = lambda self, text, socket=None: '1'",
        "the newest WAL is not archived after 0 s",
    ),
}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("case", PATCHES)
def test_a_server_that_is_not_fit_is_one_line(server: Server, case: str):
    patch, line = PATCHES[case]
    assert re.search(line, server.run(f"{patch}\nrestore.restore('{GENERATION}')").stderr.splitlines()[-1])


# From `change` on, the agent and what it runs find the bucket at another port.
MOVED = """
def change():
    file = restore.generation.BACKUP_SETTINGS
    text = re.sub("storage-port=.*", "storage-port={port}", file.read_text())
    file.write_text(text.replace("io-timeout=10", "io-timeout={timeout}"))

"""
BEFORE_THE_FETCH = """
fetch = recovery.fetch
recovery.fetch = lambda *words: (change(), fetch(*words))
"""
# PostgreSQL would take the end of the WAL for the end of the recovery from then on.
ONCE_CONSISTENT = """
follow = recovery._follow
def lines(output):
    for line in output:
        if "consistent recovery state reached" in line:
            change()
        yield line
recovery._follow = lambda output, *words: follow(lines(output), *words)
"""


@pytest.mark.usefixtures("untouched")
def test_a_bucket_that_goes_away_during_the_recovery_is_not_taken_for_the_end_of_the_wal(
    server: Server, backups: Backups
):
    for _ in range(3):
        backups.archived()
    code = MOVED.format(port=1, timeout=0.2) + ONCE_CONSISTENT
    try:
        done = server.run(f"{code}restore.restore('{GENERATION}')")
    finally:
        backups.write()
    assert "HostError: the WAL cannot be fetched: " in done.stderr.splitlines()[-1], done.stderr[-2000:]


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("moment", "passes"), [(BEFORE_THE_FETCH, 200_000), (ONCE_CONSISTENT, 0)])
def test_a_network_that_drops_packets_is_told_and_ends_it(
    server: Server, backups: Backups, backup_aws: LocalAws, moment: str, passes: int
):
    backups.archived()
    with line(urlsplit(backup_aws.s3_url).port) as dropping:
        dropping.budget = passes
        code = "recovery.QUIET, recovery.GIVEN_UP, recovery.POLL = 0.5, 1.5, 0.1\n"
        code += MOVED.format(port=dropping.port, timeout=5) + moment
        try:
            done = server.run(f"{code}restore.restore('{GENERATION}')")
        finally:
            backups.write()
    told = done.stderr.splitlines()
    assert "progress: nothing has come from the bucket for 1 s; it ends after 1.5 s" in told, done.stderr
    assert told[-1].startswith(f"agent.paths.HostError: {server.bucket} has sent nothing for 1.5 s: a network or a ")


@pytest.mark.usefixtures("untouched")
def test_a_network_that_drops_packets_ends_the_look_at_the_backups(
    server: Server, backups: Backups, backup_aws: LocalAws
):
    with line(urlsplit(backup_aws.s3_url).port) as dropping:
        dropping.budget = 0
        backups.write(repo1_storage_port=str(dropping.port))
        code = "from agent import repository; repository.TIMEOUT = 1; repository.Bucket.get = lambda self, key: b''\n"
        try:
            done = server.run(f"{code}restore.restore('{GENERATION}')")
        finally:
            backups.write()
    assert f"HostError: {server.bucket} does not answer within 1 s: a network " in done.stderr.splitlines()[-1]


@pytest.mark.usefixtures("untouched")
def test_a_disk_that_fills_up_during_the_fetch_is_one_line_and_nothing_stays_on_it(server: Server, cluster: Cluster):
    """A disk of its own for what is fetched: the space that is free before is the live database's."""
    small = cluster.top / "small"
    small.mkdir(exist_ok=True)
    code = f"""
import subprocess
from pathlib import Path
small = Path({str(small)!r})
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m,mode=755", "small", small], check=True)
clusters.Cluster.beside = property(lambda self: small / "main.restore")
try:
    restore.restore({GENERATION!r})
finally:
    print(list(small.iterdir()))
"""
    done = server.run(code, within=("unshare", "--mount"))
    assert re.search("HostError: the disk is full while the backup is fetched; make room", done.stderr), done.stderr
    assert done.stdout == "[]\n"


@pytest.mark.usefixtures("untouched")
def test_a_missing_segment_is_named_and_nothing_is_lost_silently(
    server: Server, cluster: Cluster, backups: Backups, changed: Callable
):
    # Else all of the WAL of the tests before is replayed.
    backups.full()
    missing = backups.archived()
    rows, inside = photos(cluster), now(cluster)
    backups.archived()
    with changed(f"database/{GENERATION}/archive/", missing, None):
        told = server.restore(GENERATION, code=1)
        in_the_gap = server.restore(GENERATION, "--time", inside, code=1)
    assert re.match(f"slipway: WAL segment {missing} is missing in the bucket, and later ones up to", told)
    assert missing in in_the_gap and photos(cluster) == rows


def test_a_damaged_backup_is_named_and_the_one_before_is_restored_on_request(
    server: Server, cluster: Cluster, backups: Backups, changed: Callable
):
    rows = photos(cluster)
    older, newer = backups.info()["backup"][-1]["label"], backups.full()
    with changed(f"database/{GENERATION}/backup/site/{newer}/", "bundle/1", damage):
        told = server.restore(GENERATION, code=1)
        assert re.search(rf"backup {newer} is damaged \(.*\): `make restore BACKUP={older}` takes the one before", told)
        server.restore(GENERATION, "--backup", older)
    assert photos(cluster) == rows


@pytest.fixture
def changed(s3, backup_bucket: str) -> Callable:
    """Changes the object below a prefix that has a text in its name, for a block: None deletes it."""

    class Changed:
        def __init__(self, prefix: str, part: str, change: Callable[[bytes], bytes] | None) -> None:
            listed = s3.list_objects_v2(Bucket=backup_bucket, Prefix=prefix)["Contents"]
            self.where = {"Bucket": backup_bucket, "Key": next(one["Key"] for one in listed if part in one["Key"])}
            self.body, self.change = s3.get_object(**self.where)["Body"].read(), change

        def __enter__(self) -> None:
            if self.change:
                s3.put_object(**self.where, Body=self.change(self.body))
            else:
                s3.delete_object(**self.where)

        def __exit__(self, *_: object) -> None:
            s3.put_object(**self.where, Body=self.body)

    return Changed


def damage(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] + bytes(byte ^ 255 for byte in body[middle : middle + 64]) + body[middle + 64 :]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
