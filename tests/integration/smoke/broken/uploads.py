"""The bucket accepts what it should reject, or rejects what it should accept."""

from collections.abc import Iterator

from rehearsal.local_site import USER
from tests.integration.smoke.broken import broken
from tests.integration.smoke.deployment import Deployment


def trying(site: Deployment) -> dict:
    """Options of a run that signs in and tries an upload."""
    return {"login": (USER, site.local_site.password), "upload": "/uploads/sign/"}


@broken("m28", browser=False, by="A", url="", place="/uploads/sign/", says="Signature Version 2")
def old_signature(site: Deployment) -> Iterator[dict]:
    with site.edited({"deploy/slipway/web/media/client.py": lambda text: text.replace('"s3v4"', '"s3"')}):
        yield trying(site)


@broken("m34", browser=False, by="A", url="", place="/uploads/sign/", says="any size")
def no_upload_limit(site: Deployment) -> Iterator[dict]:
    bound = ', ["content-length-range", 1, limit]'
    with site.edited({"deploy/slipway/web/media/bucket.py": lambda text: text.replace(bound, "")}):
        yield trying(site)
