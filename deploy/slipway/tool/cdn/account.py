"""The AWS account: its clients and its changes."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError

from slipway.tool.aws.calls import call
from slipway.tool.aws.errors import call_failed
from slipway.tool.aws.identity import Identity
from slipway.tool.config import Site

# The region of CloudFront's API and of its certificates; CloudFront is a global service.
GLOBAL = "us-east-1"
TAG = "slipway-site"
# Placeholder of an id or ARN that AWS assigns on creation.
NOT_YET = "(not made yet)"


class Account:
    """One client a service, created on first use; and the changes, made or, when ``dry``, only listed.

    ``say`` is called with each line of ``changes``, and with each wait. ``identity`` has the credentials; by default
    those of the user who runs the command.
    """

    def __init__(
        self,
        region: str,
        *,
        dry: bool = False,
        say: Callable[[str], object] = lambda _: None,
        identity: Identity | None = None,
    ) -> None:
        self.region = region
        self.identity = identity or Identity()
        self.dry = dry
        self.say = say
        self.changes: list[str] = []
        # Names of the resources that existed before, correct or not.
        self.existing: list[str] = []
        # What the user should know or do, beside the changes.
        self.notes: list[str] = []

    @cached_property
    def s3(self) -> BaseClient:
        return self._client("s3", self.region)

    @cached_property
    def cloudfront(self) -> BaseClient:
        return self._client("cloudfront", GLOBAL)

    @cached_property
    def acm(self) -> BaseClient:
        return self._client("acm", GLOBAL)

    @cached_property
    def route53(self) -> BaseClient:
        return self._client("route53", GLOBAL)

    @cached_property
    def iam(self) -> BaseClient:
        return self._client("iam", GLOBAL)

    @cached_property
    def sts(self) -> BaseClient:
        return self._client("sts", self.region)

    def _client(self, service: str, region: str) -> BaseClient:
        try:
            return self.identity.client(service, region)
        except BotoCoreError as error:
            raise call_failed(service, "the account", error) from error

    def note(self, line: str) -> None:
        self.notes.append(line)

    def change(
        self, client: BaseClient, operation: str, resource: str, lines: Sequence[str], **params: Any
    ) -> dict[str, Any] | None:
        """Makes one change, described by ``lines``; AWS's response, or None when dry. Raises SlipwayError."""
        answer = None if self.dry else call(client, operation, resource, **params)
        for line in lines:
            self.changes.append(line)
            self.say(line)
        return answer


def pages(client: BaseClient, operation: str, resource: str, listing: str) -> list[dict[str, Any]]:
    """Every item of a CloudFront listing, whose pages the API chains by Marker."""
    items: list[dict[str, Any]] = []
    marker: dict[str, str] = {}
    while True:
        page = call(client, operation, resource, **marker)[listing]
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
