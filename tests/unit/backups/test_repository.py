"""Where the backups are kept, from site.yml and the secrets."""

import pytest

from slipway.tool import config
from slipway.tool.backups.repository import OFF, repository
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError

BACKUP = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "BACKUP_PASSPHRASE": "of-twenty-characters"}


@pytest.fixture
def described(tmp_path):
    """The repository of a site with ``more`` in site.yml, these secrets of its backups, and of its web process."""

    def describe(more="", backup=BACKUP, **web):
        file = tmp_path / "site.yml"
        file.write_text(f"domain: example.com\nregion: eu-central-1\nserver: 203.0.113.7\n{more}")
        return repository(config.load(file), Secrets(file, file, web, {}, {}, backup=backup))

    return describe


def test_a_database_on_the_server_is_archived_to_amazon_by_the_buckets_own_host(described):
    assert described() == {
        "kind": "wal",
        "bucket": "example-com-backups",
        "host": "s3.eu-central-1.amazonaws.com",
        "port": 443,
        "region": "eu-central-1",
        "style": "host",
        "keep": 4,
    }


def test_a_database_elsewhere_is_dumped(described):
    assert described(DATABASE_URL="postgres://u:p@db.example.com/x")["kind"] == "dump"


@pytest.mark.parametrize("missing", BACKUP)
def test_without_a_key_or_the_passphrase_there_are_none(missing, described):
    assert described(backup=BACKUP | {missing: ""}) == OFF


def test_site_yml_switches_them_off(described):
    assert described("backup_bucket: none\n") == OFF


def test_another_s3_server_is_asked_by_path_at_its_port(described):
    there = described("environment: {AWS_ENDPOINT_URL_S3: 'https://s3.example.net:9000'}\nkeep_backups: 2\n")
    assert (there["host"], there["port"], there["style"], there["keep"]) == ("s3.example.net", 9000, "path", 2)


def test_a_name_with_dots_has_no_certificate_as_a_host(described):
    assert described("backup_bucket: backups.example.com\n")["style"] == "path"


def test_a_server_without_tls_is_rejected(described):
    with pytest.raises(SlipwayError, match=r"http://s3\.example\.net .*backup_bucket: none"):
        described("environment: {AWS_ENDPOINT_URL_S3: 'http://s3.example.net'}\n")
