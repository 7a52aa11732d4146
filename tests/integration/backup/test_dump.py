"""The nightly dump of a database that is elsewhere: over TCP, into the bucket, and back by the documented command."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rehearsal.processes import Processes, free_port
from slipway.tool.server import agent
from slipway.tool.server.layout import LAYOUT
from tests.integration.backup import cluster as clusters
from tests.integration.backup.cluster import Backups, Cluster
from tests.integration.backup.conftest import PASSPHRASE
from tests.integration.backup.test_backup import SETTINGS
from tests.unit.agent.conftest import lay_out

# With what an address has to escape, and what the environment's file has to.
PASSWORD, ESCAPED = "pa$s \"word'/", "pa%24s%20%22word%27%2F"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, str]]:
    """A server of PostgreSQL that asks for a password over TCP, and the DATABASE_URL of a database on it."""
    with (
        tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as top,
        pytest.MonkeyPatch.context() as patch,
        Processes(tmp_path_factory.mktemp("elsewhere-log")) as processes,
    ):
        Path(top).chmod(0o755)
        port = free_port()
        patch.setattr(clusters, "PORT", port)
        patch.setenv("PGPORT", str(port))
        cluster = Cluster(Path(top), processes, "elsewhere")
        cluster.configure(listen_addresses="127.0.0.1")
        (cluster.conf / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        cluster.make()
        cluster.start()
        quoted = PASSWORD.replace("'", "''")
        cluster.sql(f"create role app login password '{quoted}'")
        cluster.sql("create database app owner app")
        cluster.sql(
            "create table photos as select n, repeat(md5(n::text), 9) as t from generate_series(1, 4000) n", "app"
        )
        cluster.sql("alter table photos owner to app", "app")
        yield cluster, f"postgres://app:{ESCAPED}@127.0.0.1:{port}/app?sslmode=prefer&conn_max_age=60"


@pytest.fixture
def dump(backups: Backups, elsewhere, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess]:
    """Runs the backup's unit on a server without PostgreSQL, for the database ``url``; ``dump.last()`` is last.json."""
    lay_out(tmp_path, SETTINGS | {"backups": "dump"})
    state = Path(f"{tmp_path}{LAYOUT.backup_state}")
    state.mkdir(parents=True)
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "systemctl").symlink_to("/bin/true")
    program = agent.pack(tmp_path / "slipway")
    environment = os.environ | {"SLIPWAY_PREFIX": str(tmp_path), "PATH": f"{programs}:{os.environ['PATH']}"}

    def run(url: str = elsewhere[1], before: str = "", **settings: str) -> subprocess.CompletedProcess:
        conf = {"repo1-cipher-pass": PASSPHRASE, **backups.settings, "repo1-retention-full": "4"}
        conf |= {name.replace("_", "-"): value for name, value in settings.items()}
        lines = "".join(f"{name}={value}\n" for name, value in conf.items())
        Path(f"{tmp_path}{LAYOUT.backup_settings}").write_text(f"[global]\n{lines}")
        Path(f"{tmp_path}{LAYOUT.environment}").write_text(f'SECRET_KEY="x"\nDATABASE_URL="{url}"\n')
        start = f"import sys; sys.path.insert(0, {str(program)!r}); sys.argv = ['slipway', 'backup', '--run', '3']"
        code = f"{start}\n{before}\nfrom agent.__main__ import main; sys.exit(main())"
        return subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
        )

    run.last = lambda: json.loads((state / "last.json").read_text())
    return run


def keys(s3, bucket: str) -> list[str]:
    return [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix="dumps/").get("Contents", [])]


def test_it_comes_back_by_the_line_that_the_docs_have(dump, elsewhere, s3, backup_bucket: str, tmp_path: Path):
    cluster, _ = elsewhere
    # More parts than one.
    done = dump(before="from agent import multipart; multipart.PART = 5 << 20")
    assert not done.returncode, done.stderr
    (key,) = keys(s3, backup_bucket)
    assert key == dump.last()["dump"]["label"] and key.endswith(".dump.zst.enc")
    s3.download_file(backup_bucket, key, str(tmp_path / "night.enc"))
    (line,) = [
        each
        for each in Path("docs/backups.md").read_text().splitlines()
        if each.startswith("openssl enc -d") and "night.enc" in each
    ]
    line = line.replace("-in ", "-pass env:P -in ")
    subprocess.run(line, shell=True, cwd=tmp_path, env=os.environ | {"P": PASSPHRASE}, check=True)
    cluster.sql("create database copy")
    copy = ["pg_restore", "-h", cluster.run, "-U", "postgres", "--exit-on-error", "-d", "copy", tmp_path / "night.dump"]
    subprocess.run(copy, check=True)
    same = "select count(*), md5(string_agg(t, '' order by n)) from photos"
    assert cluster.sql(same, "copy") == cluster.sql(same, "app")
    assert dump().stdout == "nothing is due\n"
    s3.delete_object(Bucket=backup_bucket, Key=key)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"url": "postgres://app:wrong@127.0.0.1:{port}/app"}, "the database rejects DATABASE_URL of the secrets: "),
        ({"url": "postgres://app:x@127.0.0.1:1/app"}, "the database does not answer: "),
        ({"url": "mysql://app:x@127.0.0.1/app"}, "a database of mysql: is not dumped, only PostgreSQL"),
        # As much has gone into the bucket as is in a part.
        (
            {"before": "from agent import dump; dump.DUMP = ('sh', '-c', 'head -c 9000000 /dev/urandom; exit 1')"},
            "the dump failed: ",
        ),
        (
            {
                "before": "from agent import dump; dump.DUMP = ('sh', '-c', "
                "'echo pg_dump: error: aborting because of server version mismatch >&2; exit 1')"
            },
            "pg_dump here is older than the server: name the package of its version",
        ),
        ({"repo1_s3_key_secret": "revoked"}, "the bucket example-com-backups at localhost answers 403 "),
        ({"repo1_storage_port": "1"}, "the bucket example-com-backups at localhost cannot be reached: "),
    ],
)
def test_what_fails_is_one_line_and_no_dump_is_there(change, says, dump, elsewhere, s3, backup_bucket: str):
    port = elsewhere[1].partition("127.0.0.1:")[2].partition("/")[0]
    done = dump(**{name: value.format(port=port) if name == "url" else value for name, value in change.items()})
    assert done.returncode == 1
    assert says in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert dump.last()["error"]["text"].startswith(says)
    assert keys(s3, backup_bucket) == []
    assert not s3.list_multipart_uploads(Bucket=backup_bucket).get("Uploads")


def test_no_secret_is_in_a_command_line(dump, tmp_path: Path):
    before = f"""
import subprocess
class Popen(subprocess.Popen):
    def __init__(self, line, **options):
        with open({str(tmp_path / "lines")!r}, "a") as file:
            print(line, options.get("env"), file=file)
        super().__init__(line, **options)
subprocess.Popen = Popen
"""
    assert not dump(before=before).returncode
    text = (tmp_path / "lines").read_text()
    assert "pg_dump" in text and "openssl" in text
    assert PASSPHRASE not in text and "word" not in text
