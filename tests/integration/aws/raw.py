"""Raw requests without boto3, and their responses."""

import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from xml.etree import ElementTree

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from rehearsal.aws import LocalAws


@dataclass
class Answer:
    status: int
    headers: Message
    body: bytes

    @property
    def code(self) -> str | None:
        """The error code of an XML answer."""
        root = ElementTree.fromstring(self.body)
        return root.findtext("{*}Code") or root.findtext("{*}Error/{*}Code")


def ask(method: str, url: str, body: bytes | None = None, **headers: str) -> Answer:
    """One unsigned request; ``Access_Control_Request_Method`` sends a header with dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data=body, headers=named, method=method)
    try:
        with urllib.request.urlopen(request) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def signed(aws: LocalAws, method: str, path: str, body: bytes = b"", identity: str = "admin", host: str = "") -> Answer:
    """One S3 request signed by ``identity``, asked of ``host`` where the endpoint has a name of its own."""
    env = aws.env_of(identity)
    keys = Credentials(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"])
    request = AWSRequest(method, aws.s3_url + path, data=body, headers={"Host": host} if host else {})
    S3SigV4Auth(keys, "s3", aws.region).add_auth(request)
    headers = {name.replace("-", "_"): value for name, value in request.headers.items()}
    return ask(method, aws.s3_url + path, body or None, Content_Type="application/xml", **headers)
