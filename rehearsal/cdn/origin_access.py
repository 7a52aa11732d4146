"""Origin access control: whether an S3 read goes out signed.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
"""

from dataclasses import dataclass

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from multidict import CIMultiDict

from rehearsal.cdn import bucket_policy
from rehearsal.cdn.behaviour import Route


@dataclass(frozen=True)
class Access:
    """``lists``: S3 would answer 404 for a missing key. ``keeps_authorization``: the viewer's own
    Authorization header takes precedence over signing."""

    signs: bool = False
    lists: bool = False
    keeps_authorization: bool = False


def decide(route: Route, bucket: str, key: str, scheme: str) -> Access:
    """What the distribution may do in ``bucket``, by its origin's access control and the policy.

    On AWS the bucket checks a signature made in the distribution's name. The identity this edge
    signs with can read everything, so the bucket policy is evaluated here, before signing.
    """
    controls, arn = route.configuration.origin_access_controls, route.distribution.arn
    control = controls.get(route.origin.get("OriginAccessControlId", ""))
    if (
        control is None
        or control.get("OriginAccessControlOriginType") != "s3"
        or control.get("SigningBehavior") not in {"always", "no-override"}
    ):
        return Access()
    policy = route.configuration.bucket_policies.get(bucket, {})
    context = {
        "aws:sourcearn": arn,
        "aws:sourceaccount": arn.split(":")[4],
        "aws:securetransport": "true" if scheme == "https" else "false",
    }
    resource = f"arn:aws:s3:::{bucket}"
    return Access(
        signs=bucket_policy.allows(policy, "s3:GetObject", f"{resource}/{key}", context),
        lists=bucket_policy.allows(policy, "s3:ListBucket", resource, context),
        keeps_authorization=control["SigningBehavior"] == "no-override",
    )


def sign(
    method: str, url: str, headers: CIMultiDict, body: bytes, region: str, credentials: Credentials | None
) -> None:
    """Add SigV4 headers in place. Without credentials the request stays anonymous."""
    if credentials is None:
        return
    # Only the headers that S3 needs are signed: a proxy may change the rest.
    request = AWSRequest(method=method, url=url, data=body)
    S3SigV4Auth(credentials, "s3", region).add_auth(request)
    headers.pop("Authorization", None)
    headers.update(request.headers.items())
