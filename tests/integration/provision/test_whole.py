"""From an empty account to a whole one, a second time, and back to an empty one."""

import json
from pathlib import Path

import pytest
from botocore.client import BaseClient

from slipway.tool import config
from slipway.tool.aws.errors import ACTIONS
from slipway.tool.cdn import cloudfront
from slipway.tool.cdn.destroy import destroy
from slipway.tool.cdn.identities import NAMES
from slipway.tool.secrets import Secrets
from tests.integration.provision.conftest import Cloud

ROOT = Path(__file__).parents[3]
WHOLE = {
    "buckets": ["example-com", "example-com-backups", "example-com-media"],
    "distributions": ["media.example.com", "static.example.com"],
    "access controls": ["example-com"],
    "headers policies": ["example-com-media", "example-com-static"],
    "certificates": ["static.example.com"],
    "users": [f"example-com-{name}" for name in sorted(NAMES)],
    "keys": [f"example-com-{name}" for name in sorted(NAMES)],
}


def provision(site: config.Site, **options) -> cloudfront.Provisioned:
    return cloudfront.provision(site, Secrets.load(site), **options)


def test_an_empty_account_gets_all_of_it_and_the_plan_said_so(cloud: Cloud, site: config.Site):
    planned = provision(site, dry=True)
    assert cloud.inventory() == {}
    done = provision(site)
    assert cloud.inventory() == WHOLE
    assert planned.existing == ()
    assert [line for line in planned.changes if not line.startswith("wait")] == list(done.changes)
    assert done.notes == ()


def test_a_second_run_changes_nothing(cloud: Cloud, site: config.Site):
    provision(site)
    planned = provision(site, dry=True)
    assert planned.changes == ()
    assert {"bucket example-com", "static distribution", "user example-com-web"} <= set(planned.existing)
    said: list[str] = []
    assert provision(site, say=said.append).changes == ()
    assert said == []


def test_where_the_zone_is_here_the_names_and_the_proof_of_the_domain_are_made(cloud: Cloud, site: config.Site):
    zone = cloud.add_zone("example.com")
    done = provision(site)
    records = cloud.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    aliases = {(r["Name"], r["Type"]): r["AliasTarget"]["DNSName"] for r in records if "AliasTarget" in r}
    assert aliases == {(f"{h.alias}.", kind): f"{h.domain}." for h in done.hosts for kind in ("A", "AAAA")}
    proofs = [r for r in records if r["Type"] == "CNAME"]
    assert proofs and all(r["ResourceRecords"][0]["Value"].endswith("acm-validations.aws.") for r in proofs)
    assert all(host.is_named for host in done.hosts)
    assert provision(site, dry=True).changes == ()


def test_the_keys_are_in_the_vaulted_file_and_nowhere_else(cloud: Cloud, site: config.Site, capfd):
    said: list[str] = []
    provision(site, say=said.append)
    secrets = Secrets.load(site)
    iam = cloud.client("iam")
    for name in NAMES:
        (key,) = iam.list_access_keys(UserName=f"example-com-{name}")["AccessKeyMetadata"]
        held = getattr(secrets, name)
        assert held["AWS_ACCESS_KEY_ID"] == key["AccessKeyId"]
        shown = "\n".join((*said, *capfd.readouterr(), site.path.with_name("site.secrets.yml").read_text()))
        assert held["AWS_SECRET_ACCESS_KEY"] not in shown
    assert secrets.web["SECRET_KEY"] == "the site's secret"


def test_the_page_lists_every_permission_that_is_needed(cloud: Cloud, write_site, monkeypatch: pytest.MonkeyPatch):
    cloud.add_zone("example.com")
    needed: set[str] = set()
    call = BaseClient._make_api_call

    def make(client: BaseClient, operation: str, params: dict) -> dict:
        named = f"{client.meta.service_model.service_name}:{operation}"
        needed.update(ACTIONS.get(named, named).split(" and "))
        return call(client, operation, params)

    monkeypatch.setattr(BaseClient, "_make_api_call", make)
    site = write_site("github: owner/name\n")
    provision(site)
    provision(site)
    destroy(site, Secrets.load(site), media=True, backup=True)
    page = (ROOT / "docs" / "aws.md").read_text()
    (statement,) = json.loads(page.partition("```json\n")[2].partition("```")[0])["Statement"]
    # A bucket's region comes with HeadBucket; nobody is denied to ask who they are.
    assert needed - {"sts:GetCallerIdentity"} <= set(statement["Action"])
    assert len(needed) > 70


def test_destroying_leaves_nothing(cloud: Cloud, site: config.Site):
    cloud.add_zone("example.com")
    provision(site)
    cloud.put("example-com", "static/a.css", b"one", b"two")
    cloud.put("example-com-media", "media/public/a.jpg", b"one", b"two")
    cloud.client("s3").delete_object(Bucket="example-com-media", Key="media/public/a.jpg")
    cloud.put("example-com-backups", "database/0001/backup.info", b"one", b"two")
    planned = destroy(site, Secrets.load(site), media=True, backup=True, dry=True)
    assert cloud.inventory()["buckets"] == WHOLE["buckets"]
    done = destroy(site, Secrets.load(site), media=True, backup=True)
    assert cloud.inventory() == {}
    assert done.changes == planned.changes
    assert Secrets.load(site).web == {"SECRET_KEY": "the site's secret"}
    assert destroy(site, Secrets.load(site), media=True, backup=True).changes == ()


def test_destroying_keeps_uploads_and_backups_unless_told_otherwise(cloud: Cloud, site: config.Site):
    provision(site)
    passphrase = Secrets.load(site).backup["BACKUP_PASSPHRASE"]
    cloud.put("example-com-media", "media/public/a.jpg", b"a")
    cloud.put("example-com-backups", "database/0001/backup.info", b"a")
    done = destroy(site, Secrets.load(site))
    assert cloud.inventory() == {"buckets": ["example-com-backups", "example-com-media"]}
    assert "bucket example-com-media stays with the uploads in it" in done.notes[0]
    assert "bucket example-com-backups stays with the database's backups in it, and BACKUP_PASSPHRASE" in done.notes[1]
    assert Secrets.load(site).backup == {"BACKUP_PASSPHRASE": passphrase}
    provision(site)
    assert Secrets.load(site).backup["BACKUP_PASSPHRASE"] == passphrase
    assert cloud.inventory() == WHOLE


def test_destroying_leaves_what_others_made(cloud: Cloud, site: config.Site):
    zone = cloud.add_zone("example.com")
    provision(site)
    s3, iam, route53 = cloud.client("s3"), cloud.client("iam"), cloud.client("route53")
    s3.create_bucket(Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    iam.create_user(UserName="them")
    www = {"Name": "www.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": www}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
    iam.untag_user(UserName="example-com-web", TagKeys=["slipway-site"])
    destroy(site, Secrets.load(site), media=True, backup=True)
    assert cloud.inventory() == {
        "buckets": ["theirs"],
        "users": ["example-com-web", "them"],
        "keys": ["example-com-web"],
        "records": ["www.example.com. A"],
    }
