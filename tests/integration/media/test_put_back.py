"""Uploads that a restored database names, and that were deleted since, come back from their versions."""

import json
from argparse import Namespace
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from slipway.tool.backups.media import Row, restore_media
from slipway.tool.commands import restore
from slipway.web.errors import SlipwayError
from tests.integration.media.conftest import s3

KEPT, DELETED, GONE = (f"media/public/2026/{name}/original.jpg" for name in ("kept", "deleted", "gone"))


@pytest.fixture
def uploads(admin, bucket):
    """A versioned bucket: one upload is there, one was deleted by the web process, one never was there."""
    admin.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for key in (KEPT, DELETED):
        admin.put_object(
            Bucket=bucket, Key=key, Body=key.encode(), ContentType="image/jpeg", CacheControl="max-age=31536000"
        )
    return bucket


def test_a_deleted_upload_is_put_back_with_its_headers(aws, admin, uploads):
    s3(aws.env_of("web")).delete_object(Bucket=uploads, Key=DELETED)
    rows = [Row("gallery.Photo", str(pk), key) for pk, key in enumerate((KEPT, DELETED, GONE))]
    restorer = s3(aws.env_of("restorer"))
    found = restore_media(restorer, uploads, rows)
    assert found.put_back == (DELETED,)
    assert found.dangling == (rows[2],)
    back = admin.get_object(Bucket=uploads, Key=DELETED)
    assert back["Body"].read() == DELETED.encode()
    assert (back["ContentType"], back["CacheControl"]) == ("image/jpeg", "max-age=31536000")
    # A second time there is nothing to do.
    assert restore_media(restorer, uploads, rows).put_back == ()


def test_an_upload_that_no_row_names_stays_deleted(aws, admin, uploads):
    admin.delete_object(Bucket=uploads, Key=DELETED)
    assert restore_media(s3(aws.env_of("restorer")), uploads, [Row("gallery.Photo", "1", KEPT)]).put_back == ()


def test_a_key_that_may_not_is_one_line(aws, uploads):
    with pytest.raises(SlipwayError, match=r"access denied for s3:ListBucketVersions on s3://.*/media/public/"):
        restore_media(s3(aws.env_of("web")), uploads, [Row("gallery.Photo", "1", KEPT)])


class Server:
    """A server that restores at once; its rows name the uploads. ``asked`` are the commands that it got."""

    def __init__(self, site):
        self.asked = []

    def agent(self, *words):
        self.asked.append(words[0])
        return (
            "restored"
            if words[0] == "restore"
            else "\n".join(json.dumps(["gallery.Photo", "7", [key]]) for key in NAMED)
        )


NAMED = (KEPT, DELETED, GONE)


@pytest.fixture
def restoring(aws, uploads, monkeypatch):
    """Runs `make restore` for a site with the uploads' bucket, by the key of ``identity``."""

    def run(identity="restorer", **options):
        keys = {name: value for name, value in aws.env_of(identity).items() if name.startswith(("AWS_ACC", "AWS_SEC"))}
        site = SimpleNamespace(
            path="site.yml",
            domain="www.example.com",
            backup_bucket="example-com-backups",
            media_bucket=uploads,
            region=aws.region,
            endpoint=aws.s3_url,
            addressing="path",
        )
        monkeypatch.setattr(restore.config, "load", lambda: site)
        monkeypatch.setattr(restore.Secrets, "load", lambda _: SimpleNamespace(restorer=keys))
        monkeypatch.setattr(restore, "Connection", Server)
        monkeypatch.setattr(restore.lock, "held", lambda _: nullcontext())
        given = {"to": "", "as_of": "", "generation": "", "backup": "", "back": False, "uploads": False}
        return restore.run(Namespace(**given | {"yes": site.domain} | options))

    return run


def test_a_restore_puts_back_what_its_rows_name_and_names_the_rest(aws, admin, uploads, restoring, capsys):
    s3(aws.env_of("web")).delete_object(Bucket=uploads, Key=DELETED)
    assert restoring() == 0
    said = capsys.readouterr().out
    assert "1 uploads that were deleted since are there again" in said
    assert f"gallery.Photo 7: {GONE}" in said
    assert admin.get_object(Bucket=uploads, Key=DELETED)["Body"].read() == DELETED.encode()


def test_a_restore_whose_uploads_fail_says_that_the_database_is_restored(uploads, restoring, capsys):
    with pytest.raises(SlipwayError, match=r"the database is restored, its uploads are not: access denied .*UPLOADS=1"):
        restoring("web")
    assert "restored" in capsys.readouterr().out


def test_the_uploads_alone_restore_no_database(uploads, restoring, capsys):
    assert restoring(uploads=True, yes="") == 0
    assert "restored\n" not in capsys.readouterr().out
