"""From an entry to the answer a viewer gets: conditions, ranges and CloudFront's own headers.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RangeGETs.html
"""

import re
import secrets
from base64 import urlsafe_b64encode
from email.utils import parsedate_to_datetime

from multidict import CIMultiDict

from rehearsal.cdn.cache import Entry
from rehearsal.cdn.request import ViewerRequest

HIT = "Hit from cloudfront"
MISS = "Miss from cloudfront"
REFRESH_HIT = "RefreshHit from cloudfront"
ERROR = "Error from cloudfront"
REDIRECT = "Redirect from cloudfront"

POP = "FRA60-P1"
_EDGE = secrets.token_hex(16)
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def deliver(request: ViewerRequest, entry: Entry, x_cache: str, age: int | None) -> Entry:
    """A copy of ``entry`` for this viewer: 200, 206, 304 or 416, with ``age`` in seconds."""
    answer = Entry(entry.status, CIMultiDict(entry.headers), entry.body)
    if entry.status == 200 and request.method in {"GET", "HEAD"}:
        if _not_modified(request, answer.headers):
            answer.status, answer.body = 304, b""
        elif "Range" in request.headers and _range_applies(request, answer.headers):
            _cut(answer, request.headers["Range"])
    if answer.status == 304:
        answer.headers.popall("Content-Length", None)
    else:
        answer.headers["Content-Length"] = str(len(answer.body))
    if age is not None:
        answer.headers["Age"] = str(age)
    answer.headers.update(
        {
            "X-Cache": x_cache,
            "Via": f"1.1 {_EDGE}.cloudfront.net (CloudFront)",
            "X-Amz-Cf-Pop": POP,
            "X-Amz-Cf-Id": urlsafe_b64encode(secrets.token_bytes(40)).decode(),
        }
    )
    return answer


def _not_modified(request: ViewerRequest, headers: CIMultiDict) -> bool:
    if "If-None-Match" in request.headers:
        etags = {each.strip() for each in request.headers["If-None-Match"].split(",")}
        opaque = {each.removeprefix("W/") for each in etags}
        return "*" in etags or headers.get("ETag", "-").removeprefix("W/") in opaque
    since, modified = request.headers.get("If-Modified-Since"), headers.get("Last-Modified")
    try:
        return bool(since and modified) and _date(modified) <= _date(since)
    except ValueError:
        return False


def _range_applies(request: ViewerRequest, headers: CIMultiDict) -> bool:
    condition = request.headers.get("If-Range")
    # A weak ETag never matches here: two encodings share it, their bytes differ.
    strong = headers.get("ETag", "").startswith('"') and condition == headers["ETag"]
    return condition is None or strong or condition == headers.get("Last-Modified", "")


def _cut(answer: Entry, header: str) -> None:
    """Cut the body to one range; several, or a malformed one, leave the whole as it is."""
    match = _RANGE.fullmatch(header.strip())
    if match is None or not any(match.groups()):
        return
    size = len(answer.body)
    if match[1]:
        start, stop = int(match[1]), int(match[2]) + 1 if match[2] else size
        if match[2] and stop <= start:
            return
    else:
        start, stop = max(0, size - int(match[2])), size
    stop = min(stop, size)
    if start >= stop:
        answer.status, answer.body = 416, b""
        answer.headers["Content-Range"] = f"bytes */{size}"
        return
    answer.status, answer.body = 206, answer.body[start:stop]
    answer.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"


def _date(value: str):
    return parsedate_to_datetime(value)
