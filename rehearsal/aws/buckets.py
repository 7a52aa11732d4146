"""A bucket's configuration, as the proxy stores it, and the effect of its public access block.

SeaweedFS authenticates and authorises every call, and applies CORS, policy, encryption and versioning.
The proxy adds what it does not have: the public access block, AWS's defaults for a new bucket,
validation by botocore's shapes, and each document read back as it was sent.
"""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from moto.core.request import Request

from rehearsal.aws.shapes import Protocol, ServiceError

# Subresource → the error of a bucket that has none.
SUBRESOURCES = {
    "publicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
    "ownershipControls": "OwnershipControlsNotFoundError",
    "encryption": "ServerSideEncryptionConfigurationNotFoundError",
    "policy": "NoSuchBucketPolicy",
    "cors": "NoSuchCORSConfiguration",
    "lifecycle": "NoSuchLifecycleConfiguration",
}
# Those that SeaweedFS takes for a request about the bucket itself: an administrator may read and write them.
OWN_SUBRESOURCES = {
    "website": "NoSuchWebsiteConfiguration",
    "replication": "ReplicationConfigurationNotFoundError",
    "object-lock": "ObjectLockConfigurationNotFoundError",
    "requestPayment": "",
    "accelerate": "",
    "notification": "",
    "logging": "",
    "acl": "",
}
SUBRESOURCES |= OWN_SUBRESOURCES
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
# Since April 2023 a new bucket blocks public access, rejects ACLs and encrypts.
DEFAULTS = {
    "publicAccessBlock": f'<PublicAccessBlockConfiguration xmlns="{NAMESPACE}">'
    + "".join(f"<{block}>true</{block}>" for block in BLOCKS)
    + "</PublicAccessBlockConfiguration>",
    "ownershipControls": f'<OwnershipControls xmlns="{NAMESPACE}"><Rule>'
    "<ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>",
    "encryption": f'<ServerSideEncryptionConfiguration xmlns="{NAMESPACE}"><Rule>'
    "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
    "</ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule>"
    "</ServerSideEncryptionConfiguration>",
    "requestPayment": f'<RequestPaymentConfiguration xmlns="{NAMESPACE}"><Payer>BucketOwner</Payer>'
    "</RequestPaymentConfiguration>",
    "accelerate": f'<AccelerateConfiguration xmlns="{NAMESPACE}"/>',
    "notification": f'<NotificationConfiguration xmlns="{NAMESPACE}"/>',
    "logging": f'<BucketLoggingStatus xmlns="{NAMESPACE}"/>',
    "acl": f'<AccessControlPolicy xmlns="{NAMESPACE}"><Owner><ID>owner</ID></Owner><AccessControlList><Grant>'
    '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>owner</ID></Grantee>'
    "<Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>",
}
# Condition keys that limit an Allow for everybody to fixed callers: "The meaning of public".
BINDING = {
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:principalorgid",
    "aws:principalarn",
    "aws:principalaccount",
    "aws:userid",
}


class Buckets:
    """The documents by bucket and subresource, stored in one file for the next start."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.protocol = Protocol("s3", malformed="MalformedXML")
        self.documents: dict[str, dict[str, str | None]] = {}
        if file.exists():
            self.documents = json.loads(file.read_text())

    def document(self, bucket: str, subresource: str) -> str | None:
        """As it was sent, AWS's default before anything was, None when it was deleted."""
        own = self.documents.get(bucket, {})
        return own[subresource] if subresource in own else DEFAULTS.get(subresource)

    def save(self, bucket: str, subresource: str, document: str | None) -> None:
        self.documents.setdefault(bucket, {})[subresource] = document
        self._save()

    def reset(self, bucket: str, subresource: str) -> None:
        """As on a new bucket."""
        self.documents.get(bucket, {}).pop(subresource, None)
        self._save()

    def forget(self, bucket: str) -> None:
        """The bucket was deleted."""
        if self.documents.pop(bucket, None) is not None:
            self._save()

    def check(self, request: Request, bucket: str, subresource: str) -> None:
        """Raises ServiceError when the document that ``request`` puts is not acceptable."""
        routed = self.protocol.route(request)
        if routed is None:
            raise ServiceError("MethodNotAllowed", "The method is not allowed.", 405)
        params = self.protocol.read(request, *routed)
        blocked = subresource == "policy" and self.blocks(bucket, "BlockPublicPolicy")
        if blocked and is_public(params["Policy"]):
            raise ServiceError(
                "AccessDenied",
                "User is not authorized to perform: s3:PutBucketPolicy because public policies "
                "are prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
                403,
            )

    def check_anonymous(self, bucket: str) -> None:
        """Raises ServiceError when an unsigned request must not see ``bucket``."""
        if self.blocks(bucket, "RestrictPublicBuckets"):
            raise ServiceError("AccessDenied", "Access Denied", 403)

    def check_acl(self, bucket: str, acl: str) -> None:
        """Raises ServiceError when ``bucket`` does not accept the canned ``acl``."""
        ownership = self.document(bucket, "ownershipControls") or ""
        if "BucketOwnerEnforced" in ownership and acl != "bucket-owner-full-control":
            raise ServiceError("AccessControlListNotSupported", "The bucket does not allow ACLs")
        if acl.startswith("public-") and self.blocks(bucket, "BlockPublicAcls"):
            raise ServiceError("AccessDenied", "Access Denied", 403)

    def blocks(self, bucket: str, block: str) -> bool:
        document = self.document(bucket, "publicAccessBlock")
        if document is None:
            return False
        found = ElementTree.fromstring(document).findtext(f"{{*}}{block}")
        return found == "true"

    def _save(self) -> None:
        self.file.write_text(json.dumps(self.documents, indent=1))


def is_public(policy: str) -> bool:
    """Whether a statement allows everybody.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    try:
        statements = json.loads(policy).get("Statement", [])
    except (ValueError, AttributeError) as error:
        raise ServiceError("MalformedPolicy", "This policy contains invalid Json") from error
    statements = [statements] if isinstance(statements, dict) else statements
    return any(_allows_everybody(statement) for statement in statements)


def _allows_everybody(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, dict) else principal
    everybody = "*" in (named if isinstance(named, list) else [named])
    conditions = statement.get("Condition", {}).values()
    bound = any(key.lower() in BINDING for keys in conditions for key in keys)
    return statement.get("Effect") == "Allow" and everybody and not bound
