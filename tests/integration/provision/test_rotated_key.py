"""`make rotate SECRET=web`: a user's key is replaced, wherever the run is cut off; no key is lost or left."""

from types import SimpleNamespace

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from slipway.tool.cdn import identities
from slipway.tool.cdn.account import Account
from slipway.tool.rotation import access_key
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError

USER = "example-com-web"


def ensure(site, **options):
    """What `make cdn` does about the users."""
    account = Account(site.region, **options)
    arns = (
        "arn:aws:cloudfront::123456789012:distribution/STATIC",
        "arn:aws:cloudfront::123456789012:distribution/MEDIA",
    )
    identities.ensure_identities(account, site, Secrets.load(site), *arns)
    return account


@pytest.fixture
def whole(cloud, site, kept_clients):
    """A site with its users; it gives the ids of one's keys, as IAM and the vaulted file have them."""
    ensure(site)
    iam = cloud.client("iam")

    def keys():
        there = iam.list_access_keys(UserName=USER)["AccessKeyMetadata"]
        return sorted(key["AccessKeyId"] for key in there), Secrets.load(site).web["AWS_ACCESS_KEY_ID"]

    keys.iam = iam
    return keys


@pytest.fixture
def server(site, whole):
    """It notes which keys IAM has when it gets one."""
    noted = []

    def bring(secrets, what):
        assert secrets.web["AWS_ACCESS_KEY_ID"] in what
        noted.append((secrets.web["AWS_ACCESS_KEY_ID"], whole()[0]))

    return SimpleNamespace(bring=bring, noted=noted, host=SimpleNamespace(fingerprint="deployed"))


def rotate(site, server, name="web"):
    access_key.rotate(site, Secrets.load(site), name, server)


def test_the_server_has_the_new_key_before_the_old_one_is_deleted(site, whole, server, capsys):
    (old,), held = whole()
    assert held == old
    secret = Secrets.load(site).web["AWS_SECRET_ACCESS_KEY"]
    rotate(site, server)
    (new,), held = whole()
    assert held == new != old
    tags = {tag["Key"]: tag["Value"] for tag in whole.iam.list_user_tags(UserName=USER)["Tags"]}
    # A tag's value has 256 characters: it would be full after a few years.
    assert tags["slipway-key"] == new
    assert server.noted == [(new, sorted([old, new]))]
    told = capsys.readouterr().out
    assert "upload forms" in told
    assert secret not in told and Secrets.load(site).web["AWS_SECRET_ACCESS_KEY"] not in told
    # `make cdn` finds nothing to do afterwards.
    found = ensure(site, dry=True)
    assert (found.changes, found.problems, found.notes) == ([], [], [])


def test_a_key_that_no_server_has_is_replaced_without_one(site, whole, capsys):
    before = Secrets.load(site).pruner
    rotate(site, None, "pruner")
    assert Secrets.load(site).pruner["AWS_ACCESS_KEY_ID"] != before["AWS_ACCESS_KEY_ID"]
    assert "upload forms" not in capsys.readouterr().out


def test_a_run_that_is_cut_off_after_any_change_goes_on(site, whole, server, monkeypatch):
    (old,), _ = whole()
    call, cut = BaseClient._make_api_call, []

    def make(client, operation, params):
        answer = call(client, operation, params)
        if not operation.startswith(("Get", "List", "Describe", "Head")) and operation not in cut:
            cut.append(operation)
            raise KeyboardInterrupt
        return answer

    monkeypatch.setattr(BaseClient, "_make_api_call", make)
    for _ in range(10):
        try:
            rotate(site, server)
            break
        except KeyboardInterrupt:
            there, held = whole()
            # What serves is there, and so is what the file has.
            assert held in there
            assert old in there or server.noted
    assert {"CreateAccessKey", "TagUser", "DeleteAccessKey"} <= set(cut)
    (left,), held = whole()
    assert left == held != old


def test_while_s3_does_not_know_the_new_key_the_old_one_stays(site, whole, server, monkeypatch):
    (old,), _ = whole()
    call = BaseClient._make_api_call

    def make(client, operation, params):
        if operation == "ListObjectsV2":
            raise ClientError({"Error": {"Code": "InvalidAccessKeyId", "Message": "unknown"}}, operation)
        return call(client, operation, params)

    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", make)
        with pytest.raises(SlipwayError, match=f"S3 does not know the new key of user {USER} yet; run it again"):
            rotate(site, server)
    there, held = whole()
    assert old in there and held in there and not server.noted
    rotate(site, server)
    assert whole() == ([held], held)


def test_a_key_that_slipway_did_not_make_is_left(site, whole, server):
    (old,), _ = whole()
    theirs = whole.iam.create_access_key(UserName=USER)["AccessKey"]["AccessKeyId"]
    with pytest.raises(SlipwayError, match=f"has another key, {theirs}, which Slipway did not make"):
        rotate(site, server)
    assert whole() == (sorted([old, theirs]), old) and not server.noted


def test_an_older_file_than_a_colleagues_is_rejected(site, whole, server):
    older = Secrets.load(site)
    # The colleague was interrupted before the old one was deleted.
    bring = server.bring
    server.bring = lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        rotate(site, server)
    there, new = whole()
    Secrets.put(site, "web", dict(older.web))
    with pytest.raises(SlipwayError, match=f"has a newer key, {new}, than site.secrets.yml: take the newest"):
        rotate(site, server)
    server.bring = bring
    assert whole()[0] == there and not server.noted


def test_a_section_without_a_key_has_none_to_replace(site, whole, server):
    Secrets.put(site, "deployer", {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None})
    with pytest.raises(SlipwayError, match=r"deployer: no key in site\.secrets\.yml"):
        rotate(site, None, "deployer")
