"""A database from the sheet of `make escrow` and the bucket alone: by its third way, without any checkout."""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from rehearsal.authority import Authority
from rehearsal.aws import LocalAws
from rehearsal.aws.identities import IDENTITIES
from rehearsal.processes import Processes
from slipway.tool import config
from slipway.tool.backups.escrow import sheet
from slipway.tool.secrets import AWS_PAIR, PASSPHRASE, PASSWORD_VARIABLE, Secrets
from slipway.tool.server.layout import LAYOUT
from tests.integration.backup import conftest
from tests.integration.backup.cluster import Backups, Cluster, as_postgres


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Cluster]:
    """A machine that knows nothing of the server."""
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as top, Processes(tmp_path / "log") as processes:
        Path(top).chmod(0o755)
        yield Cluster(Path(top), processes, "elsewhere")


def test_the_database_is_restored_from_the_sheet_and_the_bucket_alone(
    backups: Backups,
    generation: str,
    backup_aws: LocalAws,
    authority: Authority,
    elsewhere: Cluster,
    tmp_path: Path,
    monkeypatch,
):
    # Other tests' generations leave gaps in the WAL of the first.
    backups.full()
    for name, value in backup_aws.env_of("restorer").items():
        monkeypatch.setenv(name, value)
    (tmp_path / "password").write_text("password\n")
    (tmp_path / "password").chmod(0o600)
    monkeypatch.setenv(PASSWORD_VARIABLE, str(tmp_path / "password"))
    environment = f"environment: {{AWS_ENDPOINT_URL_S3: '{backup_aws.s3_url}'}}\n"
    file = tmp_path / "site.yml"
    file.write_text(f"domain: example.com\nregion: {backup_aws.region}\n{environment}")
    site = config.load(file)
    held = dict.fromkeys(AWS_PAIR, "the server's own") | {PASSPHRASE: conftest.PASSPHRASE}
    secrets = Secrets(tmp_path / "site.secrets.yml", tmp_path / "password", {}, {}, {}, backup=held)
    text = sheet(site, secrets, date(2026, 12, 1))

    backups.cluster.sql("create table if not exists paper (word text); insert into paper values ('kept')")
    backups.archived()
    # What a person does: type the settings, with a key of their own.
    settings = re.search(r"^ +\[global\]\n.*?^ +pg1-path=\S+$", text, re.MULTILINE | re.DOTALL)[0]
    settings = re.sub(r"^ +", "", settings, flags=re.MULTILINE).replace("/0001", f"/{generation}")
    settings = settings.replace(f"{LAYOUT.postgresql_data}/VERSION/main", str(elsewhere.data))
    key = IDENTITIES["restorer"]
    settings = settings.replace("key=…", f"key={key['access_key']}").replace("secret=…", f"secret={key['secret_key']}")
    # Only the test's authority and its folders are its own.
    more = f"repo1-storage-ca-file={authority.certificate}\nlog-path={elsewhere.top}\nlock-path={elsewhere.top}\n"
    (elsewhere.top / "pgbackrest.conf").write_text(settings.replace("[site]", f"{more}[site]") + "\n")
    command = re.search(r"sudo -u postgres (pgbackrest .* restore)$", text, re.MULTILINE)[1].split()
    restored = subprocess.run(
        [*command, f"--config={elsewhere.top}/pgbackrest.conf"],
        check=False, capture_output=True, text=True, cwd="/", **as_postgres(),
    )  # fmt: skip
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert "…" not in settings
    elsewhere.start()
    try:
        assert elsewhere.sql("select word from paper") == "kept"
        assert elsewhere.sql("show archive_mode") == "off"
    finally:
        elsewhere.stop()
        backups.cluster.sql("drop table paper")
