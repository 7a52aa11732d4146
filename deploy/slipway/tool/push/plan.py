"""Decides what a push has to send."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from slipway.tool.push.listing import Existing
from slipway.tool.push.multipart import is_ours
from slipway.web.errors import SlipwayError
from slipway.web.static_objects import Headers, StaticObject


@dataclass(frozen=True, slots=True)
class Plan:
    """``total`` objects, of which these are to be sent: the hashed ones first."""

    total: int
    hashed: list[StaticObject]
    unhashed: list[StaticObject]


def make_plan(
    objects: Iterable[StaticObject],
    existing: Existing,
    bucket: str,
    *,
    headers: Mapping[str, Headers] | None = None,
    md5: bool = True,
) -> Plan:
    """The objects that are missing in ``existing``, or have other bytes or other headers there.

    ``headers`` are the known ones of existing objects; None without a manifest: then only bytes are compared. Where
    ETags are no MD5, hashed names are compared by size, and all unhashed ones are sent.

    Raises SlipwayError for a hashed name that has other bytes or headers in the bucket, and for one name with two
    contents.
    """
    by_key: dict[str, StaticObject] = {}
    for obj in objects:
        if by_key.setdefault(obj.key, obj) != obj:
            raise SlipwayError(f"two different files would be s3://{bucket}/{obj.key}; rename one")
    plan = Plan(len(by_key), [], [])
    for obj in by_key.values():
        there = existing.get(obj.key)
        if obj.is_unhashed:
            unchanged = headers is None or headers.get(obj.key) == obj.headers
            if not (unchanged and there and there[1] == len(obj.body) and is_ours(obj, there[0])):
                plan.unhashed.append(obj)
        elif there is None:
            plan.hashed.append(obj)
        elif there[1] != len(obj.body) or (md5 and not is_ours(obj, there[0])):
            raise other_bytes(obj, bucket, there[0])
        elif headers and headers.get(obj.key, obj.headers) != obj.headers:
            raise _other_headers(obj, bucket, headers[obj.key])
    return plan


def other_bytes(obj: StaticObject, bucket: str, etag: str) -> SlipwayError:
    """The error for a hashed name that would be overwritten: browsers cache it for a year."""
    return SlipwayError(
        f"s3://{bucket}/{obj.key} exists with other bytes (ETag {etag}, ours {obj.md5}) and this name is never "
        "overwritten; if a bundler has put the hash into it, build the front end again, or list the name in "
        "SLIPWAY_UNHASHED; otherwise delete that object if nothing serves it"
    )


def _other_headers(obj: StaticObject, bucket: str, there: Headers) -> SlipwayError:
    return SlipwayError(
        f"s3://{bucket}/{obj.key} exists as {'; '.join(there)}, would now be {'; '.join(obj.headers)}, and this name "
        "is never overwritten: its hash is a bundler's, which knows no headers; change the file, so that the bundler "
        "names it anew, or delete that object if no release needs it"
    )
