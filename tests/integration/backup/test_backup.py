"""The backup's unit, run as systemd runs it: against pgBackRest, PostgreSQL and S3 themselves."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slipway.tool.server import agent
from tests.integration.backup.cluster import Backups, Cluster
from tests.unit.agent.conftest import lay_out

SETTINGS = {"site": "example.com", "site_host": "www.example.com", "layout": 3, "tls": True, "memory_max": "80M"}
QUIET = "3"


@pytest.fixture(scope="module")
def environment(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The agent's, with a systemd that knows no unit."""
    lay_out(cluster.top, SETTINGS | {"backups": "wal"})
    programs = tmp_path_factory.mktemp("programs")
    (programs / "systemctl").symlink_to("/bin/true")
    return {**os.environ, "SLIPWAY_PREFIX": str(cluster.top), "PATH": f"{programs}:{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def program(cluster: Cluster) -> Path:
    return agent.pack(cluster.top / "slipway")


@pytest.fixture
def run(program: Path, environment: dict[str, str], backups: Backups) -> Callable[..., subprocess.CompletedProcess]:
    """The unit's command; ``before`` is Python that runs in it first."""

    def run(before: str = "", asked: str = "") -> subprocess.CompletedProcess:
        if asked:
            (backups.cluster.top / "run" / "slipway-backup.request").write_text(asked)
        start = (
            f"import sys; sys.path.insert(0, {str(program)!r}); sys.argv = ['slipway', 'backup', '--run', {QUIET!r}]"
        )
        # This Python's own modules may be another user's.
        code = f"{start}\nimport encodings.idna\n{before}\nfrom agent.__main__ import main; sys.exit(main())"
        return subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture
def ours(run, generation: str, backups: Backups) -> Iterator[str]:
    """The generation is this machine's, and nothing is known of a backup."""
    held = backups.state / "generation.json"
    code = (
        "from agent import generation; from pathlib import Path; from agent.s3 import settings; "
        "data = Path(settings()['pg1-path']); "
        "print(generation.machine(), generation.system(data), generation.started(data), sep='|'); sys.exit()"
    )
    machine, system, started = run(code).stdout.strip().split("|")
    has = {"generation": generation, "machine": machine, "system": system, "started": started, "ready": True}
    held.write_text(json.dumps(has))
    (backups.state / "last.json").unlink(missing_ok=True)
    yield generation


def last(backups: Backups) -> dict:
    return json.loads((backups.state / "last.json").read_text())


def test_the_first_is_a_full_one_and_what_is_asked_for_follows(run, ours, backups: Backups):
    done = run()
    assert not done.returncode, done.stderr
    print(done.stdout, done.stderr)
    label = backups.info(ours)["backup"][-1]["label"]
    assert last(backups)["full"]["label"] == label and label.endswith("F")
    assert run().stdout == "nothing is due\n"
    assert not run(asked="diff").returncode
    assert [each["type"] for each in backups.info(ours)["backup"]] == ["full", "diff"]
    assert last(backups)["diff"]["label"].startswith(f"{label}_")


def test_one_that_is_stopped_goes_on_from_what_is_in_the_bucket(run, ours, backups: Backups):
    """SIGTERM, as a deploy has systemd send it to all of the unit, after pgBackRest has saved how far it is."""
    backups.cluster.sql("create table large as select repeat(md5(n::text), 60) as t from generate_series(1, 30000) n")
    stop = """
from agent import backup
backup.SAVED = "1KiB"
before = backup._percent
def percent(due, began, percent):
    before(due, began, percent)
    if percent > 50:
        import os, signal
        os.killpg(0, signal.SIGTERM)
backup._percent = percent
import os; os.setpgid(0, 0)
"""
    done = run(stop)
    assert (done.returncode, done.stdout) == (0, "stopped; it goes on later from where it was\n"), done.stderr
    error = last(backups)["error"]
    assert (error["kind"], error["text"]) == ("full", "it was stopped")
    assert not (backups.state / "running.json").exists()
    resumed = run()
    assert not resumed.returncode, resumed.stderr
    assert last(backups)["error"] is None and last(backups)["full"]
    assert "will resume" in resumed.stderr


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"repo1_storage_port": "1"}, "the bucket example-com-backups at localhost cannot be reached: "),
        ({"repo1_s3_key_secret": "revoked"}, "the bucket example-com-backups at localhost answers 403 "),
        ({"repo1_cipher_pass": "another passphrase"}, "the bucket's backups have another passphrase than "),
        ({"archive_timeout": "1"}, "the WAL does not reach the bucket: "),
    ],
)
def test_what_fails_is_one_line_and_in_the_state(change, says, run, ours, backups: Backups):
    backups.write(**change)
    try:
        if "archive_timeout" in change:
            backups.cluster.sql("alter system set archive_command = 'false pgbackrest'")
            backups.cluster.sql("select pg_reload_conf()")
        done = run()
    finally:
        backups.write()
        backups.cluster.sql("alter system reset archive_command")
        backups.cluster.sql("select pg_reload_conf()")
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
    assert says in done.stderr
    assert last(backups)["error"]["text"].startswith(says)


def test_without_postgresql_it_says_so(run, ours, backups: Backups):
    nowhere = "from agent import generation; command = generation.command\n"
    nowhere += "generation.command = lambda mine, *words: command(mine, '--pg1-socket-path=/nowhere', *words)"
    done = run(nowhere)
    assert done.returncode == 1 and "slipway: PostgreSQL does not answer" in done.stderr, done.stderr


def test_a_gap_is_closed_by_a_full_one_and_one_that_comes_meanwhile_is_not(run, ours, backups: Backups):
    due = backups.state / "full-due"
    due.write_text(json.dumps({"reason": "the bucket was away", "since": "then", "last": "then"}))
    assert "a full backup (the bucket was away)" in run().stdout
    assert not due.exists()
    due.write_text(json.dumps({"reason": "once more", "since": "then", "last": "then"}))
    due.chmod(0o666)
    again = f"""
from agent import backup
before = backup._read
def read(*words):
    before(*words)
    open({str(due)!r}, "w").write('{{"reason": "again", "since": "then", "last": "now"}}')
backup._read = read
"""
    assert not run(again).returncode
    assert json.loads(due.read_text())["last"] == "now"
    due.unlink()
