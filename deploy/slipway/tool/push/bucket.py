"""The bucket, and how botocore's standard chain says to reach it.

Credentials (variables, profiles, roles, session tokens), endpoint, region, addressing style,
proxies and CA bundle are those that every AWS tool finds:
https://docs.aws.amazon.com/boto3/latest/guide/configuration.html
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.session import Session, get_session
from botocore.utils import get_environ_proxies
from urllib3 import HTTPResponse

from slipway.web import stores
from slipway.web.objects import STATIC_PREFIX


@dataclass(frozen=True, slots=True)
class Access:
    """What a signed request needs. ``url`` is the bucket's own, with no slash at its end."""

    url: str
    region: str
    credentials: Credentials
    proxies: dict[str, str]
    verify: str | bool


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket; ``prefix`` is what a listing covers, ``session`` makes the botocore session, ``store`` is its kind.

    ``endpoint`` is its server's URL, where that is not what every AWS tool finds.
    """

    name: str
    region: str | None = None
    prefix: str = STATIC_PREFIX
    session: Callable[[], Session] = get_session
    store: stores.Store = field(default_factory=stores.here)
    endpoint: str | None = None

    def client(self) -> BaseClient:
        """An S3 client for everything that is not the push's own traffic."""
        return self._client(self.session())

    def access(self) -> Access:
        """Raises botocore's own errors: no credentials, no such profile, a malformed file."""
        session = self.session()
        client = self._client(session)
        url = self._url(client)
        return Access(
            url=url,
            region=client.meta.region_name,
            credentials=session.get_credentials(),
            proxies=get_environ_proxies(url),
            verify=session.get_config_variable("ca_bundle") or True,
        )

    def _client(self, session: Session) -> BaseClient:
        # The checksums that botocore adds by itself are Amazon's own; other servers refuse them:
        # https://techdocs.akamai.com/cloud-computing/docs/aws-cli-sdks-support-details
        config = Config(
            signature_version="s3v4",
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        return session.create_client("s3", region_name=self.region, endpoint_url=self.endpoint, config=config)

    def _url(self, client: BaseClient) -> str:
        """Virtual host or path style as botocore decides, seen on a request that is never sent."""
        seen: list[str] = []

        def keep_back(request: AWSPreparedRequest, **_: object) -> AWSResponse:
            seen.append(request.url)
            return AWSResponse(request.url, 200, {}, HTTPResponse(BytesIO()))

        client.meta.events.register("before-send.s3.HeadBucket", keep_back)
        client.head_bucket(Bucket=self.name)
        return seen[0].rstrip("/")
