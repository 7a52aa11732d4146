"""The bucket of backups, its two users, and the passphrase that is made once."""

import json
from collections.abc import Callable

import pytest

from slipway.tool import config
from slipway.tool.cdn.account import Account
from slipway.tool.cdn.backup_bucket import ensure_backups
from slipway.tool.cdn.identities import ensure_identities
from slipway.tool.secrets import PASSPHRASE, Secrets
from slipway.web.errors import SlipwayError
from tests.integration.provision.conftest import Cloud

pytestmark = pytest.mark.usefixtures("kept_clients")
BUCKET = "example-com-backups"
USERS = ["example-com-backup", "example-com-restorer"]


def provision(site: config.Site, **options) -> Account:
    """The part of `make cdn` that has to do with backups; the whole of it is run elsewhere."""
    account, secrets, arn = Account(site.region, **options), Secrets.load(site), "arn:aws:cloudfront::1:distribution/E1"
    ensure_backups(account, site, secrets)
    ensure_identities(account, site, secrets, arn, arn)
    return account


@pytest.mark.usefixtures("calm")
def test_the_bucket_is_private_versioned_encrypted_and_for_tls_alone(cloud: Cloud, site: config.Site):
    provision(site)
    s3 = cloud.client("s3")
    block = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    rules = {one["ID"]: one for one in s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]}
    assert rules["abort-incomplete-uploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert rules["expire-noncurrent"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 35}
    assert rules["expire-noncurrent"]["Expiration"] == {"ExpiredObjectDeleteMarker": True}
    (only,) = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    assert (only["Effect"], only["Principal"], only["Action"]) == ("Deny", "*", "s3:*")
    assert only["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_site_from_before_gets_all_of_it_by_the_next_run_and_without_backups_the_two_keys_go(
    cloud: Cloud, write_site: Callable
):
    provision(write_site("backup_bucket: none\n"))
    assert "buckets" not in cloud.inventory() and not Secrets.load(config.load()).backup
    site = write_site()
    planned = provision(site, dry=True).changes
    assert not Secrets.load(site).backup
    assert provision(site).changes == planned
    assert "create passphrase of the backups, into site.secrets.yml; print it for paper with `make escrow`" in planned
    assert all(user in cloud.inventory()["keys"] for user in USERS)
    made = Secrets.load(site)
    assert (len(made.backup), len(made.restorer)) == (3, 2)
    assert provision(site).changes == []
    provision(write_site("backup_bucket: none\n"))
    assert cloud.inventory()["buckets"] == [BUCKET]
    assert not set(USERS) & set(cloud.inventory()["users"])
    held = Secrets.load(site)
    assert (held.backup, held.restorer) == ({PASSPHRASE: made.backup[PASSPHRASE]}, {})


def test_the_passphrase_is_made_once_and_shown_nowhere(cloud: Cloud, site: config.Site, capfd):
    said: list[str] = []
    provision(site, say=said.append)
    passphrase = Secrets.load(site).backup[PASSPHRASE]
    assert len(passphrase) == 43
    Secrets.put(site, "backup", dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")))
    provision(site, say=said.append)
    assert Secrets.load(site).backup[PASSPHRASE] == passphrase
    shown = "\n".join((*said, *capfd.readouterr(), site.path.with_name("site.secrets.yml").read_text()))
    assert passphrase not in shown


def test_backups_that_another_passphrase_encrypted_get_no_second_one(cloud: Cloud, site: config.Site):
    provision(site)
    cloud.put(BUCKET, "database/0001/archive/site/archive.info", b"encrypted")
    Secrets.put(site, "backup", {PASSPHRASE: None})
    for dry in (True, False):
        (problem,) = provision(site, dry=dry).problems
        assert problem.startswith(f"bucket {BUCKET} holds backups, and site.secrets.yml has no {PASSPHRASE}")
        assert "from paper with `make secrets`" in problem
    assert PASSPHRASE not in Secrets.load(site).backup


def test_a_strangers_bucket_of_that_name_is_left(cloud: Cloud, site: config.Site):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket=BUCKET, Key="theirs", Body=b"a")
    with pytest.raises(SlipwayError, match=r"another `backup_bucket` in site\.yml"):
        provision(site)
    assert s3.get_object(Bucket=BUCKET, Key="theirs")["Body"].read() == b"a"
