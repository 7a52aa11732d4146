"""One cluster that archives to one bucket, for the session. Each test has a generation or a prefix of its own.

A local AWS whose S3 speaks TLS, as pgBackRest requires; the bucket of the backups; a cluster of PostgreSQL with its
WAL archived; and its first full backup, in generation 0001.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.client import BaseClient

from rehearsal.authority import Authority
from rehearsal.aws import LocalAws, start
from rehearsal.aws.identities import IDENTITIES
from rehearsal.processes import Processes
from slipway.tool.server.layout import LAYOUT
from tests.integration.backup.cluster import Backups, Cluster
from tests.integration.backup.photos import GENERATION, OTHER, insert, now
from tests.integration.backup.server import Server

BUCKET = "example-com-backups"
PASSPHRASE = "a passphrase of the tests alone"


@pytest.fixture(scope="session")
def top() -> Iterator[Path]:
    """The root of the server that has the cluster. Its path is short, and user postgres may enter it."""
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest.fixture(scope="session")
def authority(top: Path) -> Authority:
    """It signs the certificate of S3, on `localhost`: pgBackRest rejects one for an address."""
    return Authority(top / "authority")


@pytest.fixture(scope="session")
def backup_aws(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[LocalAws]:
    certificate, key = authority.issue("s3", ["localhost", "127.0.0.1"])
    # With its authority's: clients trust this file.
    certificate.write_text(certificate.read_text() + authority.certificate.read_text())
    with start(tmp_path_factory.mktemp("backup-aws"), tls=(certificate, key)) as local:
        local.s3_url = local.s3_url.replace("127.0.0.1", "localhost")
        local.env = local.env_of("admin")
        yield local


def client_of(backup_aws: LocalAws, name: str) -> BaseClient:
    """S3 with the key of ``name``, one of IDENTITIES."""
    keys = IDENTITIES[name]
    return boto3.client(
        "s3",
        endpoint_url=backup_aws.s3_url,
        aws_access_key_id=keys["access_key"],
        aws_secret_access_key=keys["secret_key"],
        region_name=backup_aws.region,
        verify=str(backup_aws.certificate),
    )


@pytest.fixture(scope="session")
def s3(backup_aws: LocalAws) -> BaseClient:
    """The bucket's administrator."""
    return client_of(backup_aws, "admin")


@pytest.fixture(scope="session")
def restorer(backup_aws: LocalAws) -> BaseClient:
    """S3 with the key that reads versions, and writes no backup."""
    return client_of(backup_aws, "restorer")


@pytest.fixture(scope="session")
def backup_bucket(backup_aws: LocalAws, s3: BaseClient) -> str:
    """The bucket's name; it is versioned."""
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": backup_aws.region})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return BUCKET


@pytest.fixture(scope="session")
def cluster(top: Path, tmp_path_factory: pytest.TempPathFactory, backup_aws: LocalAws) -> Iterator[Cluster]:
    """It runs, and archives, once ``backups`` has been asked for. It ends before the bucket: it archives then too."""
    assert backup_aws.s3_url
    with Processes(tmp_path_factory.mktemp("backup-log")) as processes:
        cluster = Cluster(top, processes)
        cluster.make()
        yield cluster


@pytest.fixture(scope="session")
def backups(backup_aws: LocalAws, backup_bucket: str, authority: Authority, cluster: Cluster) -> Backups:
    """The cluster archives to generation 0001, which has one full backup, with the server's own key.

    The site's database is in it, empty.
    """
    keys = IDENTITIES["backup"]
    backups = Backups(
        cluster,
        {
            "repo1-type": "s3",
            "repo1-s3-bucket": backup_bucket,
            "repo1-s3-endpoint": "localhost",
            "repo1-s3-region": backup_aws.region,
            "repo1-s3-uri-style": "path",
            "repo1-s3-key": keys["access_key"],
            "repo1-s3-key-secret": keys["secret_key"],
            "repo1-storage-port": str(urlsplit(backup_aws.s3_url).port),
            "repo1-storage-ca-file": str(authority.certificate),
            "repo1-cipher-type": "aes-256-cbc",
            "repo1-cipher-pass": PASSPHRASE,
            "repo1-retention-full": "4",
            "compress-type": "zst",
            "repo1-bundle": "y",
            "start-fast": "y",
            "io-timeout": "10",
            # A file that is damaged is tried again, after 15 s by default.
            "job-retry-interval": "0.1",
            "log-path": str(cluster.top / "log"),
            "lock-path": f"{cluster.top}{LAYOUT.backup_state}/lock",
        },
    )
    cluster.configure(**backups.archive_settings)
    cluster.start()
    backups.begin("0001")
    cluster.sql(f"create database {LAYOUT.database}")
    backups.full()
    return backups


@pytest.fixture
def generation(backups: Backups, s3: BaseClient, backup_bucket: str) -> Iterator[str]:
    """A generation of the test's own, without a backup: the cluster archives to it meanwhile.

    It is the newest in the bucket, whichever tests ran before.
    """
    with new_generation(backups, s3, backup_bucket) as name:
        yield name


@contextmanager
def new_generation(backups: Backups, s3: BaseClient, backup_bucket: str) -> Iterator[str]:
    """As the fixture, for as long as the block."""
    listed = s3.list_objects_v2(Bucket=backup_bucket, Prefix="database/", Delimiter="/")["CommonPrefixes"]
    claims = s3.list_objects_v2(Bucket=backup_bucket, Prefix="generations/").get("Contents", [])
    names = [each["Prefix"] for each in listed] + [each["Key"] for each in claims]
    numbers = [int(each.split("/")[1][:4]) for each in names]
    # From 9000 on they are copies of test_versions.
    before, name = backups.generation, f"{max(each for each in numbers if each < 9000) + 1:04d}"
    backups.begin(name)
    yield name
    backups.begin(before)


@pytest.fixture(scope="module")
def server(cluster: Cluster, backups: Backups) -> Iterator[Server]:
    """Its database has the table `photos` with the rows 0 to 2; it has a backup of before them, and so has OTHER."""
    # Other tests of this session have used it.
    cluster.sql("drop database if exists slipway with (force)")
    cluster.sql("create database slipway")
    cluster.sql("create table photos (id int)", "slipway")
    for generation in (OTHER, GENERATION):
        backups.begin(generation)
        backups.full()
    with Server(cluster, backups) as server:
        for number in range(3):
            insert(cluster, number)
        # The bucket knows the end of a backup to the second, and a time within that one is too early.
        cluster.sql("select pg_sleep(1.1)")
        server.moment = now(cluster)
        yield server
