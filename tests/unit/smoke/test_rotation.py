"""The origin's log is read to its end, however it is rotated meanwhile."""

import gzip
import os
from pathlib import Path

import pytest

from static_smoke.checks import origin_log
from static_smoke.checks.origin_log import OriginLog
from tests.unit.smoke.test_logs import HOSTS, RUN, line


class Server:
    """Writes lines like nginx: to the file that it has open, until it is told to open the path again."""

    def __init__(self, path):
        self.path = path
        self.reopen()

    def reopen(self):
        self.file = self.path.open("a", buffering=1)

    def write(self, name):
        self.file.write(line(uri=f"/static/{name}.css") + "\n")

    def renamed(self, to):
        self.path.rename(self.path.with_name(to))


@pytest.fixture
def server(tmp_path):
    path = tmp_path / "access.log"
    path.write_text(line(uri="/static/before.css") + "\n")
    return Server(path)


def seen(log):
    return [found.uri.removeprefix("/static/").removesuffix(".css") for found in log.lines()]


def test_a_renamed_file_is_read_on_and_the_new_one_too(server):
    log = OriginLog(server.path)
    server.write("first")
    assert seen(log) == ["first"]
    server.renamed("access.log.1")
    server.path.touch()
    server.write("late")
    assert seen(log) == ["first", "late"]
    server.reopen()
    server.write("new")
    assert seen(log) == ["first", "late", "new"]
    assert log.gap() == ""
    assert origin_log.check(log, RUN, HOSTS, set(), []).checked == 3


def test_several_rotations_between_two_readings_lose_nothing(server):
    log = OriginLog(server.path)
    server.write("first")
    server.renamed("access.log.1")
    server.reopen()
    server.write("second")
    server.path.with_name("access.log.1").rename(server.path.with_name("access.log.2"))
    server.renamed("access.log.1")
    server.reopen()
    server.write("third")
    assert sorted(seen(log)) == ["first", "second", "third"]
    assert log.gap() == ""


def test_files_that_were_compressed_meanwhile_are_read_once(server):
    log = OriginLog(server.path)
    for name in ("first", "second"):
        server.write(name)
        compressed = server.path.with_name(f"access.log-{name}.gz")
        compressed.write_bytes(gzip.compress(server.path.read_bytes()))
        server.path.unlink()
        server.reopen()
    server.write("third")
    assert sorted(seen(log)) == ["first", "second", "third"]
    assert sorted(seen(log)) == ["first", "second", "third"]
    assert log.gap() == ""


def test_older_files_beside_the_log_are_left_alone(server):
    old = server.path.with_name("access.log.1")
    old.write_text(line(uri="/static/old.css") + "\n")
    os.utime(old, (1e9, 1e9))
    log = OriginLog(server.path)
    server.write("first")
    old.rename(server.path.with_name("access.log.2"))
    assert seen(log) == ["first"]


@pytest.mark.parametrize("more", [0, 50], ids=["shorter", "longer than before"])
def test_a_truncated_file_may_have_lost_lines(server, more):
    """copytruncate: the file is copied, then emptied; what is written between the two is gone."""
    log = OriginLog(server.path)
    server.write("first")
    copy = server.path.with_name("access.log.1")
    copy.write_bytes(server.path.read_bytes())
    os.truncate(server.path, 0)
    for number in range(more + 1):
        server.write(f"after{number}")
    assert seen(log)[0] in ("first", "after0") and {"first", "after0"} <= set(seen(log))
    assert log.truncated() == "access.log was truncated"
    result = origin_log.check(log, RUN, HOSTS, set(), [])
    assert result.checked is None and "access.log was truncated" in result.reason
    assert len(result.facts) == more + 2


def test_a_deleted_file_is_read_on(server):
    log = OriginLog(server.path)
    server.path.unlink()
    server.write("first")
    assert (seen(log), log.gap(), log.gone()) == (["first"], "", "access.log was deleted")


def test_a_new_file_that_cannot_be_read_is_a_gap(server):
    log = OriginLog(server.path)
    server.renamed("access.log.1")
    server.path.mkdir()
    assert log.gap() == "access.log cannot be read: Is a directory"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (Path.mkdir, "is not a file: name the log file in it"),
        (os.mkfifo, "is not a file: name the log file in it"),
        (lambda path: None, "does not exist: name the file that the server writes now"),
    ],
    ids=["folder", "pipe", "absent"],
)
def test_a_log_that_cannot_be_read_is_named_with_what_to_do(tmp_path, make, reason):
    path = tmp_path / "access.log"
    make(path)
    with pytest.raises(ValueError, match=f"--origin-log {path} {reason}; without a log leave the argument out"):
        OriginLog(path)


def test_a_log_of_another_user_is_named_with_what_to_do(tmp_path, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "access.log"
    path.touch()
    monkeypatch.setattr("static_smoke.checks.log_files.LogFile", denied)
    with pytest.raises(ValueError, match="may not be read by this user: run the proof as one of the log's group"):
        OriginLog(path)


def test_a_line_is_read_once_it_is_whole(server):
    log = OriginLog(server.path)
    text = line(uri="/static/first.css") + "\n"
    server.file.write(text[:20])
    server.file.flush()
    assert seen(log) == []
    server.file.write(text[20:])
    server.file.flush()
    assert seen(log) == ["first"]
