"""The bucket, and how to reach it by botocore's standard configuration.

Credentials (variables, profiles, roles, session tokens), endpoint, region, addressing style,
proxies and CA bundle are those of every AWS tool:
https://docs.aws.amazon.com/boto3/latest/guide/configuration.html
"""

import os
from dataclasses import dataclass, field, replace
from io import BytesIO

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.client import BaseClient
from botocore.credentials import Credentials
from botocore.utils import get_environ_proxies
from urllib3 import HTTPResponse

from slipway.tool.aws.identity import Identity
from slipway.tool.config import Site
from slipway.web import stores
from slipway.web.prefixes import STATIC_PREFIX


@dataclass(frozen=True, slots=True)
class Access:
    """The parameters of a signed request. ``url`` is the bucket's own, without a trailing slash."""

    url: str
    region: str
    credentials: Credentials
    proxies: dict[str, str]
    verify: str | bool


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket; ``prefix`` is that of a listing, ``identity`` has the credentials, ``store`` is the bucket's kind.

    ``endpoint`` is its server's URL, if it is not AWS's own, and ``addressing`` "path", "virtual" or "" for botocore's.
    """

    name: str
    region: str | None = None
    prefix: str = STATIC_PREFIX
    identity: Identity = field(default_factory=Identity)
    store: stores.Store = field(default_factory=stores.current)
    endpoint: str | None = None
    addressing: str = field(default_factory=lambda: os.environ.get(stores.ADDRESSING, ""))

    @classmethod
    def of(cls, site: Site, identity: Identity) -> "Bucket":
        """The site's bucket of static files."""
        store, endpoint = stores.STORES[site.provider], site.endpoint or None
        return cls(
            site.bucket, site.region, identity=identity, store=store, endpoint=endpoint, addressing=site.addressing
        )

    def access(self) -> Access:
        """Raises botocore's own errors: no credentials, no such profile, a malformed file."""
        session = self.identity.session
        client = self.identity.client("s3", self.region, self.endpoint, addressing=self.addressing)
        url = self._url(client)
        return Access(
            url=url,
            region=client.meta.region_name,
            credentials=session.get_credentials(),
            proxies=get_environ_proxies(url),
            verify=session.get_config_variable("ca_bundle") or True,
        )

    def credentials(self) -> Credentials | None:
        """The credentials as they are now, in the environment, the files or the role. Raises botocore's own errors."""
        return replace(self.identity).session.get_credentials()

    def _url(self, client: BaseClient) -> str:
        """Virtual host or path style, as botocore decides: taken from a request that is never sent."""
        seen: list[str] = []

        def intercept(request: AWSPreparedRequest, **_: object) -> AWSResponse:
            seen.append(request.url)
            return AWSResponse(request.url, 200, {}, HTTPResponse(BytesIO()))

        client.meta.events.register("before-send.s3.HeadBucket", intercept)
        client.head_bucket(Bucket=self.name)
        return seen[0].rstrip("/")
