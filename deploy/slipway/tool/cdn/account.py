"""The AWS account: its clients and its changes."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError

from slipway.tool.aws.calls import call
from slipway.tool.aws.errors import NO_SUCH_KEY_CODES, call_failed
from slipway.tool.aws.identity import Identity
from slipway.tool.cdn import retries
from slipway.tool.cdn.waiting import wait_for
from slipway.tool.config import Site
from slipway.web.errors import SlipwayError

# The region of CloudFront's API and of its certificates; CloudFront is a global service.
GLOBAL = "us-east-1"
TAG = "slipway-site"
# Placeholder of an id or ARN that AWS assigns on creation.
NOT_YET = "(not made yet)"


class Account:
    """One client a service, created on first use; and the changes, made or, when ``dry``, only listed.

    ``say`` is called with each wait, and with each line of ``changes`` as it is made. ``identity`` has the credentials;
    by default those of the user who runs the command.
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
        # Differences that only a person can repair, each with how.
        self.problems: list[str] = []
        # What the user should know, beside both.
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

    def problem(self, line: str) -> None:
        self.problems.append(line)

    def caller(self) -> dict[str, Any]:
        """The account and the user of these credentials, as the site's region knows them."""
        return self.call(self.sts, "get_caller_identity", "these credentials")

    def call(
        self,
        client: BaseClient,
        operation: str,
        resource: str,
        absent: tuple[str, ...] = (),
        denied: str = "",
        fresh: Callable[[], dict[str, Any]] = dict,
        **params: Any,
    ) -> dict[str, Any] | None:
        """``aws.calls.call``, repeated with progress while AWS is not ready for it.

        ``fresh`` makes the parameters that each attempt needs anew, an ETag for one.
        """
        service, answer, failure = client.meta.service_model.service_name, None, None

        def is_answered() -> bool:
            nonlocal answer, failure
            try:
                answer = call(client, operation, resource, absent, denied, **params, **fresh())
            except SlipwayError as error:
                failure = error
                if not retries.seconds(service, retries.code_of(error)):
                    self._check_region(client, error)
                    raise
                return False
            return True

        if is_answered():
            return answer
        code = retries.code_of(failure)
        if not wait_for(f"{resource} ({code})", is_answered, self.say, retries.seconds(service, code)):
            raise failure
        return answer

    def _check_region(self, client: BaseClient, error: SlipwayError) -> None:
        """Raises SlipwayError where a key is unknown in the site's region alone: nobody switched that region on."""
        if retries.code_of(error) not in NO_SUCH_KEY_CODES or client.meta.region_name in (None, GLOBAL):
            return
        try:
            call(self._client("sts", GLOBAL), "get_caller_identity", "these credentials")
        except SlipwayError:
            return
        raise SlipwayError(
            f"region {self.region} is not switched on in this account: the key is known elsewhere, and unknown there; "
            "enable it in the console (Account, AWS Regions), or correct `region` in site.yml"
        ) from error

    def change(
        self,
        client: BaseClient,
        operation: str,
        resource: str,
        lines: Sequence[str],
        absent: tuple[str, ...] = (),
        fresh: Callable[[], dict[str, Any]] = dict,
        **params: Any,
    ) -> dict[str, Any] | None:
        """Makes one change, described by ``lines``; AWS's response, or None when dry or for a code in ``absent``.

        Raises SlipwayError.
        """
        answer = None if self.dry else self.call(client, operation, resource, absent, fresh=fresh, **params)
        self._changed(lines)
        return answer

    def make(self, line: str, make: Callable[[], object]) -> None:
        """One change that is not AWS's, described by ``line``: calls ``make``, unless dry."""
        if not self.dry:
            make()
        self._changed([line])

    def _changed(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.changes.append(line)
            if not self.dry:
                self.say(line)


def pages(account: Account, operation: str, resource: str, listing: str) -> list[dict[str, Any]]:
    """Every item of a CloudFront listing, whose pages the API chains by Marker."""
    items: list[dict[str, Any]] = []
    marker: dict[str, str] = {}
    while True:
        page = account.call(account.cloudfront, operation, resource, **marker)[listing]
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
