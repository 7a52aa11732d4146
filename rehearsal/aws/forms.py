"""Browser uploads: a POST form with a signed policy, checked as S3 checks it.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
SeaweedFS requires write access to the whole bucket before it reads the key, so the proxy checks the form
and then puts the object as the identity that signed it.
"""

import base64
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import BodyPartReader, web

from rehearsal.aws.identities import by_access_key
from rehearsal.aws.shapes import ServiceError

FIELD_LIMIT = 20_000  # bytes of form data before the file
FILE_LIMIT = 64 * 1024 * 1024  # bytes; a form is held in memory
# Fields that no condition needs to name.
FREE = {"policy", "x-amz-signature", "file", "bucket"}
HEADERS = ("content-type", "cache-control", "content-disposition", "content-encoding", "expires")


@dataclass
class Form:
    """The fields of one upload, names in lower case, and its file."""

    bucket: str
    fields: dict[str, str]
    file: bytes

    @property
    def key(self) -> str:
        return self.fields["key"]

    def headers(self) -> dict[str, str]:
        """The object's headers that the fields set."""
        kept = {name: value for name, value in self.fields.items() if name in HEADERS}
        meta = {n: v for n, v in self.fields.items() if n.startswith("x-amz-meta-")}
        return kept | meta


async def read(request: web.Request, bucket: str) -> Form:
    """The form of ``request``. Raises ServiceError when the body is not one."""
    try:
        reader = await request.multipart()
        fields: dict[str, str] = {}
        size = 0
        async for part in reader:
            if not isinstance(part, BodyPartReader) or part.name is None:
                continue
            if part.name == "file":
                # Fields after the file are ignored.
                file = await _bounded(part)
                name = part.filename or ""
                fields["key"] = fields.get("key", "").replace("${filename}", name)
                return Form(bucket, fields, file)
            value = (await part.read(decode=False)).decode()
            size += len(value)
            fields[part.name.lower()] = value
            if size > FIELD_LIMIT:
                break
    except (ValueError, AssertionError) as error:
        raise ServiceError("MalformedPOSTRequest", f"not multipart/form-data: {error}") from error
    raise ServiceError("InvalidArgument", "POST requires exactly one file upload per request.")


def check(form: Form) -> dict[str, Any]:
    """The identity that signed ``form``. Raises ServiceError when its policy does not allow it."""
    if "policy" not in form.fields:
        raise _denied("Access Denied")
    if not form.fields.get("key"):
        raise ServiceError("InvalidArgument", "Bucket POST must contain a field named 'key'.")
    identity = _signer(form.fields)
    try:
        policy = json.loads(base64.b64decode(form.fields["policy"]))
        expires = datetime.fromisoformat(policy["expiration"])
        conditions = policy["conditions"]
    except (ValueError, KeyError, TypeError) as error:
        raise ServiceError("InvalidPolicyDocument", f"Invalid Policy: {error}") from error
    if expires <= datetime.now(UTC):
        raise _denied("Invalid according to Policy: Policy expired.")
    named = {"content-length-range"}
    for condition in conditions:
        named.add(_check_condition(form, condition))
    for name in sorted(set(form.fields) - FREE - named):
        if not name.startswith("x-ignore-"):
            raise _denied(f"Invalid according to Policy: Extra input fields: {name}")
    return identity


def _signer(fields: dict[str, str]) -> dict[str, Any]:
    if fields.get("x-amz-algorithm") != "AWS4-HMAC-SHA256":
        raise ServiceError(
            "InvalidRequest",
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
        )
    access_key, *scope = fields.get("x-amz-credential", "").split("/")
    identity = by_access_key(access_key)
    if identity is None or len(scope) != 4:
        raise ServiceError("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist.", 403)
    key = ("AWS4" + identity["secret_key"]).encode()
    for part in [*scope, fields["policy"]]:
        key = hmac.digest(key, part.encode(), "sha256")
    if not hmac.compare_digest(key.hex(), fields.get("x-amz-signature", "")):
        raise ServiceError(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
            403,
        )
    return identity


def _check_condition(form: Form, condition: Any) -> str:
    """Returns the field of ``condition``. Raises ServiceError when it is not met."""
    if isinstance(condition, dict) and len(condition) == 1:
        ((name, wanted),) = condition.items()
        operator = "eq"
    elif isinstance(condition, list) and len(condition) == 3:
        operator, name, wanted = condition[0].lower(), condition[1], condition[2]
    else:
        raise ServiceError("InvalidPolicyDocument", "Invalid Policy: Invalid Simple-Condition")
    if operator == "content-length-range":
        _check_size(len(form.file), int(name), int(wanted))
        return operator
    name = str(name).removeprefix("$").lower()
    sent = form.bucket if name == "bucket" else form.fields.get(name, "")
    met = sent.startswith(wanted) if operator == "starts-with" else sent == wanted
    if not met or operator not in ("eq", "starts-with"):
        written = json.dumps([operator, f"${name}", wanted])
        raise _denied(f"Invalid according to Policy: Policy Condition failed: {written}")
    return name


def _check_size(size: int, smallest: int, largest: int) -> None:
    if size > largest:
        message = "Your proposed upload exceeds the maximum allowed size"
        raise ServiceError("EntityTooLarge", message)
    if size < smallest:
        message = "Your proposed upload is smaller than the minimum allowed size"
        raise ServiceError("EntityTooSmall", message)


async def _bounded(part: BodyPartReader) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk(256 * 1024):
        content += chunk
        if len(content) > FILE_LIMIT:
            raise ServiceError("EntityTooLarge", "The form is larger than the stand-in accepts.")
    return bytes(content)


def _denied(message: str) -> ServiceError:
    return ServiceError("AccessDenied", message, 403)
