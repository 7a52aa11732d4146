"""The control plane as awkward as AWS's: what was just made is not known yet, and answers come back in another form.

Each delay is a number of rejected calls, not a time, so that a test that retries does not wait. The codes are those of
each call's own list of errors; IAM's and S3's delays are described at
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, quote, unquote

from moto.core.request import Request

from rehearsal.aws.policies import reshuffled
from rehearsal.aws.shapes import Protocol

TIMES = 2
# Descriptions of a certificate in which a deleted distribution still uses it.
LINGERS = 4
UNVERIFIED = (
    "Your account must be verified before you can add new CloudFront resources. To verify your account, please contact "
    "AWS Support (https://console.aws.amazon.com/support/home#/) and include this error message."
)
KEY_UNKNOWN = "The security token included in the request is invalid."
# What is made → the calls about it that are rejected for a moment, each with its code and status.
DELAYS = {
    "iam:CreateUser": [("iam:PutUserPolicy", "NoSuchEntity", 404), ("iam:CreateAccessKey", "NoSuchEntity", 404)],
    "iam:CreateRole": [("iam:PutRolePolicy", "NoSuchEntity", 404)],
    "iam:DeleteUserPolicy": [("iam:DeleteUser", "DeleteConflict", 409)],
    "iam:DeleteRolePolicy": [("iam:DeleteRole", "DeleteConflict", 409)],
    "s3:PUT": [
        ("s3:PUT tagging", "NoSuchBucket", 404),
        ("s3:PUT publicAccessBlock", "NoSuchBucket", 404),
        ("s3:PUT lifecycle", "OperationAborted", 409),
        ("s3:PUT policy", "OperationAborted", 409),
    ],
    "s3:DELETE": [("s3:PUT", "OperationAborted", 409)],
    "acm:RequestCertificate": [("acm:DescribeCertificate", "ResourceNotFoundException", 400)],
}
# Rejected once, whatever it is about.
THROTTLED = {
    "acm:RequestCertificate": ("ThrottlingException", 400),
    "cloudfront:CreateResponseHeadersPolicy": ("Throttling", 400),
    "iam:TagUser": ("ConcurrentModification", 409),
    "route53:ChangeResourceRecordSets": ("PriorRequestNotComplete", 400),
    "s3:PUT cors": ("SlowDown", 503),
}
ERRORS = {
    "acm": '{{"__type":"{code}","message":"{message}"}}',
    "s3": '<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>',
    "": '<?xml version="1.0"?><ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>'
    "<Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>",
}


@dataclass
class Call:
    """A request: ``name`` is its service and operation, ``about`` the resource, ``key`` the access key that signed."""

    name: str
    about: str
    key: str
    parameters: dict[str, Any]

    @property
    def service(self) -> str:
        return self.name.partition(":")[0]


class Awkward:
    """A WSGI application before the control plane's own."""

    def __init__(self, application: Callable, arns: Callable[[str], list[str]], cloudfront: Protocol) -> None:
        self.application = application
        # Certificate → the distributions that use it.
        self.arns = arns
        self.cloudfront = cloudfront
        self.delays: Counter[tuple[str, str, str, int]] = Counter()
        self.throttled: set[str] = set()
        self.rejected: list[str] = []
        self.unknown_keys: Counter[str] = Counter()
        self.not_issued: Counter[str] = Counter()
        # Certificate → its former distributions, for as many descriptions.
        self.in_use: dict[str, list[str]] = {}
        # Operation → code, status and message, for as long as a test likes.
        self.always: dict[str, tuple[str, int, str]] = {}
        # Regions that nobody switched on.
        self.regions_off: set[str] = set()

    def __call__(self, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        call = self._read(environ, body)
        before = self.arns("") if call.name == "cloudfront:DeleteDistribution" else []
        code, status, message = self._rejection(call, environ.get("HTTP_AUTHORIZATION", ""))
        if code:
            self.rejected.append(f"{call.name} {code}")
            return _error(call.service, code, status, message, start_response)
        answer: list[Any] = []
        content = b"".join(self.application(environ, lambda *given: answer.extend(given)))
        if answer[0].startswith("2"):
            self._learn(call, content, before)
            content = self._rewritten(call, content)
        headers = [one for one in answer[1] if one[0].lower() != "content-length"]
        start_response(answer[0], [*headers, ("Content-Length", str(len(content)))])
        return [content]

    def _rejection(self, call: Call, authorization: str) -> tuple[str, int, str]:
        if call.name in self.always:
            return self.always[call.name]
        if any(f"/{region}/" in authorization for region in self.regions_off) or self._spend(
            self.unknown_keys, call.key
        ):
            return "InvalidClientTokenId", 403, KEY_UNKNOWN
        if call.name in THROTTLED and call.name not in self.throttled:
            self.throttled.add(call.name)
            return (*THROTTLED[call.name], "Rate exceeded")
        for name, about, code, status in list(self.delays):
            if (name, about) == (call.name, call.about) and self._spend(self.delays, (name, about, code, status)):
                return code, status, "not known everywhere yet"
        if call.name == "cloudfront:CreateDistributionWithTags":
            certificate = re.search(r"<ACMCertificateArn>(.*?)<", call.parameters["body"])
            if certificate and self._spend(self.not_issued, certificate[1]):
                return "InvalidViewerCertificate", 400, "The specified SSL certificate doesn't exist, or isn't valid."
        return "", 0, ""

    def _spend(self, counter: Counter, key: Any) -> bool:
        if counter[key] <= 0:
            return False
        counter[key] -= 1
        return True

    def _learn(self, call: Call, content: bytes, before: list[str]) -> None:
        text = content.decode(errors="replace")
        about = call.about
        if call.name == "acm:RequestCertificate":
            about = json.loads(text)["CertificateArn"]
            self.not_issued[about] = TIMES
        if call.name == "iam:CreateAccessKey":
            self.unknown_keys[re.search(r"<AccessKeyId>(.*?)<", text)[1]] = TIMES
        if call.name == "cloudfront:DeleteDistribution":
            gone = [one for one in before if one not in self.arns("")]
            for certificate in {one.partition(" ")[0] for one in gone}:
                self.in_use.setdefault(certificate, []).extend(one.partition(" ")[2] for one in gone * LINGERS)
        for name, code, status in DELAYS.get(call.name, ()):
            self.delays[name, about, code, status] = TIMES

    def _rewritten(self, call: Call, content: bytes) -> bytes:
        if call.name == "s3:GET policy":
            return json.dumps(reshuffled(json.loads(content))).encode()
        if call.service == "iam":
            document = re.compile(rb"(<(PolicyDocument|AssumeRolePolicyDocument)>)(.*?)(</)", re.DOTALL)
            return document.sub(lambda found: found[1] + _reshuffled(found[3]) + found[4], content)
        if call.name == "acm:DescribeCertificate":
            described = json.loads(content)
            former = self.in_use.get(call.about, [])
            described["Certificate"]["InUseBy"] = [*self.arns(call.about), *former[:1]]
            del former[:1]
            return json.dumps(described).encode()
        return content

    def _read(self, environ: dict[str, Any], body: bytes) -> Call:
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        key = authorization.partition("Credential=")[2].partition("/")[0]
        path, method, query = environ["PATH_INFO"], environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
        text = body.decode(errors="replace")
        if path.startswith("/2020-05-31/"):
            routed = self.cloudfront.route(Request(environ))
            environ["wsgi.input"] = BytesIO(body)
            name, labels = (routed[0].name, routed[1]) if routed else (method, {})
            return Call(f"cloudfront:{name}", labels.get("Id", ""), key, {"body": text})
        if path.startswith("/2013-04-01/"):
            changes = method == "POST" and path.endswith("/rrset/")
            return Call(f"route53:{'ChangeResourceRecordSets' if changes else method}", path, key, {})
        if target := environ.get("HTTP_X_AMZ_TARGET"):
            parameters = json.loads(text or "{}")
            return Call(f"acm:{target.rpartition('.')[2]}", parameters.get("CertificateArn", ""), key, parameters)
        if "Action=" in text:
            parameters = {name: values[0] for name, values in parse_qs(text).items()}
            service = "sts" if "/sts/" in authorization else "iam"
            about = parameters.get("UserName") or parameters.get("RoleName", "")
            return Call(f"{service}:{parameters['Action']}", about, key, parameters)
        bucket, _, rest = path.lstrip("/").partition("/")
        subresource = query.partition("&")[0].partition("=")[0]
        return Call(f"s3:{method} {subresource if not rest else 'object'}".strip(), bucket, key, {})


def _reshuffled(document: bytes) -> bytes:
    """As IAM sends a document: quoted for a URL."""
    return quote(json.dumps(reshuffled(json.loads(unquote(document.decode()))))).encode()


def _error(service: str, code: str, status: int, message: str, start_response: Callable) -> list[bytes]:
    content = ERRORS.get(service, ERRORS[""]).format(code=code, message=message).encode()
    kind = "application/x-amz-json-1.1" if service == "acm" else "text/xml"
    start_response(f"{status} Rejected", [("Content-Type", kind), ("Content-Length", str(len(content)))])
    return [content]
