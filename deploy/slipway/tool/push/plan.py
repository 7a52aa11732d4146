"""Decides what a push has to send."""

from collections.abc import Iterable
from dataclasses import dataclass

from slipway.tool.push.listing import Existing
from slipway.web.errors import SlipwayError
from slipway.web.objects import StaticObject


@dataclass(frozen=True, slots=True)
class Plan:
    """``total`` objects, of which these are to be sent: the hashed ones first."""

    total: int
    hashed: list[StaticObject]
    unhashed: list[StaticObject]


def make_plan(objects: Iterable[StaticObject], existing: Existing, bucket: str, *, md5: bool = True) -> Plan:
    """What is missing in ``existing``.

    Where ETags are no MD5, size alone tells hashed names apart, and all unhashed ones are sent.

    Raises SlipwayError for a hashed name that holds other bytes in the bucket, and for one name
    with two contents.
    """
    by_key: dict[str, StaticObject] = {}
    for obj in objects:
        if by_key.setdefault(obj.key, obj) != obj:
            raise SlipwayError(f"two different files would be s3://{bucket}/{obj.key}; rename one")
    plan = Plan(len(by_key), [], [])
    for obj in by_key.values():
        there = existing.get(obj.key)
        if there == (obj.md5, len(obj.body)):
            continue
        if not md5 and not obj.is_unhashed and there and there[1] == len(obj.body):
            continue
        if obj.is_unhashed:
            plan.unhashed.append(obj)
        elif there is None:
            plan.hashed.append(obj)
        else:
            raise other_bytes(obj, bucket, there[0])
    return plan


def other_bytes(obj: StaticObject, bucket: str, etag: str) -> SlipwayError:
    """The error instead of overwriting a name that others rely on: browsers keep a hashed one for a year."""
    return SlipwayError(
        f"s3://{bucket}/{obj.key} is there with other bytes (ETag {etag}, ours {obj.md5}) and this "
        "name is never overwritten; delete that object if nothing serves it"
    )
