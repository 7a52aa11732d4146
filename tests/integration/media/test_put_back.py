"""Uploads that a restored database names, and that were deleted since, come back from their versions."""

import pytest

from slipway.tool.backups.media import Row, restore_media
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
