"""The AWS account: clients by boto3's own settings, and its errors in one line."""

from functools import cached_property
from typing import Any, Protocol
from urllib.parse import urlsplit

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from deploy.errors import SlipwayError

# CloudFront is a global service; it answers, and takes certificates from, this region.
GLOBAL = "us-east-1"
TAG = "slipway-site"
DENIED = ("AccessDenied", "AccessDeniedException", "Forbidden", "403")
# Checksums only where the API asks for them, so that other S3 servers understand us.
SETTINGS = Config(
    retries={"mode": "standard"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


class Site(Protocol):
    """What provisioning needs to know of a site; ``deploy.config.Site`` is one."""

    @property
    def name(self) -> str: ...
    @property
    def site_url(self) -> str: ...
    @property
    def static_url(self) -> str: ...
    @property
    def media_url(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def bucket(self) -> str: ...


class Account:
    """One client a service, made when it is first used."""

    def __init__(self, region: str) -> None:
        self.region = region
        # A session of its own: the default one keeps the first credentials that it finds.
        self.session = boto3.Session()

    @cached_property
    def s3(self) -> BaseClient:
        return self.session.client("s3", region_name=self.region, config=SETTINGS)

    @cached_property
    def cloudfront(self) -> BaseClient:
        return self.session.client("cloudfront", region_name=GLOBAL, config=SETTINGS)

    @cached_property
    def acm(self) -> BaseClient:
        return self.session.client("acm", region_name=GLOBAL, config=SETTINGS)


def ask(
    client: BaseClient,
    operation: str,
    resource: str,
    absent: tuple[str, ...] = (),
    denied: str = "allow it to these credentials",
    **params: Any,
) -> dict[str, Any] | None:
    """AWS's answer, or None where it answers with one of the error codes in ``absent``.

    Raises SlipwayError, naming service, action and ``resource``, for every other error.
    """
    service = client.meta.service_model.service_name
    try:
        return getattr(client, operation)(**params)
    except ClientError as error:
        code = error.response["Error"].get("Code", "")
        if code in absent:
            return None
        action = f"{service}:{error.operation_name}"
        if code in DENIED:
            raise SlipwayError(f"access denied for {action} on {resource}; {denied}") from error
        said = " ".join(error.response["Error"].get("Message", "").split())
        raise SlipwayError(f"{action} on {resource} failed: {code}: {said}") from error
    except NoCredentialsError as error:
        raise SlipwayError(
            "no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        ) from error
    except BotoCoreError as error:
        raise SlipwayError(f"{service} cannot be asked about {resource}: {error}") from error


def pages(client: BaseClient, operation: str, resource: str, listing: str) -> list[dict[str, Any]]:
    """Every item of a CloudFront listing, whose pages the API chains by Marker."""
    items: list[dict[str, Any]] = []
    marker: dict[str, str] = {}
    while True:
        page = ask(client, operation, resource, **marker)[listing]
        items += page.get("Items") or []
        if not page.get("NextMarker"):
            return items
        marker = {"Marker": page["NextMarker"]}


def host(url: str) -> str:
    """The host name of a URL, without its port."""
    return urlsplit(url).hostname or ""


def is_https(site: Site) -> bool:
    """Whether viewers reach the CDN over TLS."""
    return site.static_url.startswith("https:")
