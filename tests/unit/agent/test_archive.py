"""A WAL file's way into the archive: the generation, pgBackRest's answers, and what is left out."""

import io
import json
import os
import socket
from types import SimpleNamespace

import pytest

SEGMENT = "00000001000000000000000A"
# Each call is noted; `answers` has the exit status and the text of each archive-push in turn.
PGBACKREST = """#!/bin/sh
here=$(dirname "$0")
echo "$@" >> "$here/calls"
case "$*" in *stanza-create*) exit 0 ;; esac
test -s "$here/answers" || exit 0
read -r status text < "$here/answers"
sed -i 1d "$here/answers"
printf '%b\\n' "$text" >&2
exit "$status"
"""
# As 2.45 and 2.55 write them.
NO_REPOSITORY = r"ERROR: [103]: unable to find a valid repository:\n       repo1: "
UNLOADED = r"unable to load info file '/database/0001/archive/site/archive.info' or '….copy':\n       HINT: …"


class Bucket:
    """In memory; ``away`` is what each call raises."""

    def __init__(self):
        self.objects, self.away, self.ignores_condition = {}, None, False

    def __call__(self, settings):
        return self

    def _there(self):
        if self.away:
            raise self.away

    def get(self, key):
        self._there()
        return self.objects.get(key)

    def put(self, key, body, *, new=False):
        self._there()
        if new and key in self.objects:
            return self.ignores_condition
        self.objects[key] = body
        return True

    def keys(self, prefix):
        self._there()
        return [key for key in self.objects if key.startswith(prefix)]

    def folders(self, prefix):
        return sorted({key[len(prefix) :].partition("/")[0] for key in self.keys(prefix)})


@pytest.fixture
def server(host, tmp_path, monkeypatch):
    """A server with a cluster and a bucket: ``push`` is what PostgreSQL asks for, and returns the answer."""
    data = tmp_path / "data"
    (data / "pg_wal" / "archive_status").mkdir(parents=True)
    (data / "global").mkdir()
    (data / "global" / "pg_control").write_bytes((77).to_bytes(8, "little") + b"more")
    (data / "PG_VERSION").write_text("17\n")
    (data / "pg_wal" / SEGMENT).write_bytes(b"wal")
    (tmp_path / "etc" / "machine-id").write_text("a" * 32)
    # PostgreSQL's own user hands it over, and is the one who archives.
    monkeypatch.setattr(host.generation.os, "geteuid", lambda: 1)
    listening = socket.create_server(("127.0.0.1", 0))
    repository = (
        f"repo1-s3-endpoint=127.0.0.1\nrepo1-storage-port={listening.getsockname()[1]}\nrepo1-s3-uri-style=path\n"
    )
    host.paths.BACKUP_SETTINGS.write_text(
        f"[global]\n{repository}archive-push-queue-max=64MB\n[site]\npg1-path={data}\n"
    )
    host.paths.BACKUP_STATE.mkdir(parents=True)
    programs = tmp_path / "programs"
    (programs / "pgbackrest").write_text(PGBACKREST)
    (programs / "pgbackrest").chmod(0o755)
    bucket = Bucket()
    monkeypatch.setattr(host.s3, "Bucket", bucket)

    def start(pid=1):
        (data / "postmaster.pid").write_text(f"{pid}\n{data}\n1796087320\n5432\n")

    def push(name=SEGMENT):
        # Each file has a process of its own.
        host.generation.machine.cache_clear()
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(f"{name}\n".encode())))
        monkeypatch.setattr("sys.stdout", out := io.StringIO())
        assert host.archive.main() == 0
        return out.getvalue().strip()

    def calls():
        file = programs / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        return [(line.split("--repo1-path=")[1].split()[0], line.split()[3]) for line in lines]

    def due():
        return json.loads(host.generation.FULL_DUE.read_text()) if host.generation.FULL_DUE.exists() else None

    def fails(*answers):
        (programs / "answers").write_text("".join(f"{status} {text}\n" for status, text in answers))

    start()
    yield SimpleNamespace(**locals())
    listening.close()


def claims(server):
    return {key: json.loads(body) for key, body in sorted(server.bucket.objects.items())}


def test_the_first_file_takes_a_generation_makes_its_stanza_and_asks_for_a_full_backup(server):
    assert server.push() == "ok"
    assert server.calls() == [("/database/0001", "stanza-create"), ("/database/0001", "archive-push")]
    claim = claims(server)["generations/0001.json"]
    assert (claim["generation"], claim["system"], claim["postgresql"]) == ("0001", "77", "17")
    assert server.due()["reason"] == "the first of this server"
    assert "a" * 32 not in json.dumps(claim)


def test_the_bucket_is_asked_once_for_each_start_of_postgresql(server, host):
    server.push()
    server.bucket.away = host.paths.HostError("the bucket cannot be reached")
    assert server.push() == "ok"
    server.start(pid=2)
    assert server.push() == "the bucket cannot be reached"
    server.bucket.away = None
    assert server.push() == "ok"
    assert list(server.bucket.objects) == ["generations/0001.json"]


def test_a_copy_on_another_machine_takes_the_next_generation(server, tmp_path):
    server.push()
    (tmp_path / "etc" / "machine-id").write_text("b" * 32)
    assert server.push() == "ok"
    assert server.calls()[-2:] == [("/database/0002", "stanza-create"), ("/database/0002", "archive-push")]
    assert "another machine" in claims(server)["generations/0002.json"]["why"]


def test_a_cloned_disk_is_told_by_the_hypervisors_id_alone(server, tmp_path, monkeypatch):
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "product_uuid").write_text("first\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    server.push()
    (credentials / "product_uuid").write_text("clone\n")
    server.push()
    assert list(claims(server)) == ["generations/0001.json", "generations/0002.json"]


@pytest.mark.parametrize("claim", [None, b'{"machine": "another"}'])
def test_a_claim_that_is_gone_or_anothers_is_no_place_to_write(claim, server):
    server.push()
    server.bucket.objects["generations/0001.json"] = claim
    server.bucket.objects["database/0001/archive/x"] = b""
    if claim is None:
        del server.bucket.objects["generations/0001.json"]
    server.start(pid=2)
    assert server.push() == "ok"
    assert server.calls()[-1] == ("/database/0002", "archive-push")


def test_another_cluster_on_this_server_takes_the_next(server):
    server.push()
    (server.data / "global" / "pg_control").write_bytes((78).to_bytes(8, "little"))
    server.start(pid=2)
    server.push()
    assert claims(server)["generations/0002.json"]["system"] == "78"


def test_a_number_that_another_server_takes_at_this_moment_is_left_to_it(server):
    server.bucket.objects["generations/0001.json"] = b"theirs"
    server.bucket.keys = lambda prefix: []
    server.push()
    assert server.bucket.objects["generations/0001.json"] == b"theirs"
    assert "generations/0002.json" in server.bucket.objects
    # Where the condition is ignored, what stands there afterwards decides.
    server.bucket.objects["generations/0002.json"] = b"theirs too"
    server.bucket.ignores_condition = True
    server.host.generation.HELD.unlink()
    server.push()
    assert "generations/0003.json" in server.bucket.objects


@pytest.mark.parametrize(
    ("status", "written"),
    [
        (45, "ERROR: [045]: WAL file '…' already exists in the repo1 archive with a different checksum"),
        (103, NO_REPOSITORY + "[ArchiveMismatchError] PostgreSQL version 17, system-id 1 do not match repo1 stanza"),
        (103, NO_REPOSITORY + f"[FileMissingError] {UNLOADED}"),
        (103, NO_REPOSITORY + f"[CryptoError] {UNLOADED}"),
        (103, NO_REPOSITORY + f"[FormatError] {UNLOADED}"),
    ],
)
def test_a_place_that_is_not_ours_any_more_is_left_and_never_overwritten(status, written, server):
    server.push()
    server.fails((status, written))
    assert server.push() == "ok"
    assert [call for call in server.calls() if call[1] == "archive-push"] == [
        ("/database/0001", "archive-push"),
        ("/database/0001", "archive-push"),
        ("/database/0002", "archive-push"),
    ]


def test_an_error_is_pgbackrests_line_and_is_kept_until_the_next_success(server, host):
    server.push()
    server.fails((39, "ERROR: [039]: HTTP request failed with 500"), (39, "ERROR: [039]: again"))
    assert server.push() == "pgbackrest: [039]: HTTP request failed with 500"
    first = json.loads(host.archive.FAILED.read_text())
    assert (first["file"], first["error"]) == (SEGMENT, "pgbackrest: [039]: HTTP request failed with 500")
    server.push()
    assert json.loads(host.archive.FAILED.read_text())["since"] == first["since"]
    assert server.push() == "ok"
    assert not host.archive.FAILED.exists()


def test_a_repository_that_does_not_answer_stays_ours_and_its_reason_is_told(server):
    server.push()
    server.fails((103, NO_REPOSITORY + r"[ProtocolError] HTTP request failed with 500:\n       *** Path/Query ***:"))
    assert server.push() == (
        "pgbackrest: [103]: unable to find a valid repository: repo1: [ProtocolError] HTTP request failed with 500: "
        "*** Path/Query ***:"
    )
    assert list(claims(server)) == ["generations/0001.json"]


def test_the_buckets_own_answer_is_the_clearer_cause(server, host):
    server.push()
    server.bucket.away = host.paths.HostError("the bucket answers 403")
    server.fails((39, "ERROR: [039]: HTTP request failed with 403"))
    assert server.push() == "the bucket answers 403"


def test_a_bucket_that_is_away_is_known_before_pgbackrest_tries_for_a_minute(server):
    server.push()
    before = server.calls()
    server.listening.close()
    assert server.push() == "127.0.0.1 cannot be reached: Connection refused"
    assert server.calls() == before


@pytest.mark.parametrize("name", ["", "../etc/passwd", SEGMENT.lower(), f"{SEGMENT}/x", "pgbackrest.conf", "--help"])
def test_nothing_but_a_wal_file_is_archived(name, server):
    assert server.push(name) == "no name of a WAL file"
    assert server.calls() == []


def test_a_link_is_no_wal_file(server):
    (server.data / "pg_wal" / "00000002.history").symlink_to("/etc/passwd")
    assert server.push("00000002.history").endswith("no such file")
    assert server.push("00000003.history").endswith("no such file")


def wait(server, count):
    for number in range(count):
        (server.data / "pg_wal" / "archive_status" / f"0000000100000000{number:08X}.ready").touch()


def test_more_than_may_wait_is_left_out_even_while_the_generation_cannot_be_checked(server, host):
    server.bucket.away = host.paths.HostError("away")
    wait(server, 4)
    assert server.push() == "away"
    wait(server, 5)
    assert server.push() == "ok"
    assert server.due()["reason"] == f"{SEGMENT} was not archived: 80 MB waited for the bucket, and 64 may"
    assert server.calls() == []


def test_on_a_full_disk_wal_is_left_out_once_the_bucket_has_failed(server, host, monkeypatch):
    server.push()
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_bavail=100 << 8, f_frsize=4096))
    server.fails((39, "ERROR: away"))
    assert server.push() == "pgbackrest: away"
    before = len(server.calls())
    assert server.push() == "ok"
    assert len(server.calls()) == before
    # The first reason stays, and what came last is known.
    assert server.due()["reason"] == "the first of this server"


def test_a_site_that_has_not_arrived_is_not_archived(server, host):
    host.moving.write(state="arriving")
    assert "has not arrived" in server.push()
    assert server.calls() == []


def test_a_server_whose_database_is_empty_takes_no_generation_before_it_has_a_table(server, host, monkeypatch):
    """A release or a restore is about to fill it, and the first full backup has what was before."""
    psql, answer = server.programs / "psql", server.programs / "tables"
    psql.write_text(f'#!/bin/sh\necho "$@" > {psql}-called\ncat {answer}\n')
    psql.chmod(0o755)
    monkeypatch.setattr(host.generation, "PSQL", str(psql))
    monkeypatch.setattr(host.generation.os, "geteuid", lambda: 1)
    answer.write_text("0\n")
    assert server.push() == "ok"
    assert (server.calls(), server.bucket.objects, server.due()) == ([], {}, None)
    answer.write_text("1\n")
    assert server.push() == "ok"
    assert list(claims(server)) == ["generations/0001.json"]
    # Who has a generation is not asked again: a site may drop its last table.
    answer.write_text("0\n")
    assert server.push() == "ok"
    assert [call for _, call in server.calls()] == ["stanza-create", "archive-push", "archive-push"]


@pytest.mark.parametrize("psql", ["#!/bin/sh\necho starting up >&2; exit 2\n", None])
def test_a_database_that_does_not_answer_is_taken_for_one_with_data(psql, server, host, monkeypatch):
    file = server.programs / "psql"
    if psql:
        file.write_text(psql)
        file.chmod(0o755)
    monkeypatch.setattr(host.generation, "PSQL", str(file))
    assert server.push() == "ok"
    assert list(claims(server)) == ["generations/0001.json"]
