"""Deletes the static objects that no release needs any more.

A release is kept while a rollback may go back to it: the last few, those that were superseded within the last 30 days,
and all that are on the server. Its manifest, ``releases/<id>.json``, names its objects. If one cannot be read, nothing
is deleted.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError

from slipway.tool.aws.calls import call
from slipway.tool.aws.errors import Rejection, call_failed, explain
from slipway.tool.aws.identity import Identity
from slipway.tool.config import Site
from slipway.web.errors import SlipwayError
from slipway.web.prefixes import RELEASES_PREFIX, STATIC_PREFIX

SUPERSEDED = timedelta(days=30)
# A push in progress has sent objects that no manifest names yet.
YOUNG = timedelta(days=1)
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
BATCH = 1000
ALLOW = f"allow s3:DeleteObject on {STATIC_PREFIX}* to the pruner's key"


@dataclass(frozen=True, slots=True)
class Plan:
    """``kept`` are ids of releases, newest first; ``to_delete`` whole keys; ``bytes`` their total size."""

    kept: tuple[str, ...]
    to_delete: tuple[str, ...]
    bytes: int


@dataclass(frozen=True, slots=True)
class Prune:
    """One bucket, and a client that may read manifests and delete static objects."""

    bucket: str
    client: BaseClient

    @classmethod
    def of(cls, site: Site, identity: Identity) -> "Prune":
        """``identity``: the pruner, or the user who runs the command."""
        try:
            return cls(site.bucket, identity.client("s3", site.region, site.endpoint, addressing=site.addressing))
        except BotoCoreError as error:
            raise call_failed("s3", f"s3://{site.bucket}", error) from None

    def plan(self, keep: int, on_server: Collection[str]) -> Plan:
        """The objects to delete when the ``keep`` newest releases stay, and those ``on_server``. Deletes nothing.

        Raises SlipwayError when a manifest of a kept release is missing or cannot be read.
        """
        written, now = self._manifests()
        kept = _kept(written, keep, now) | set(on_server)
        for name in sorted(kept - written.keys()):
            raise SlipwayError(
                f"nothing was pruned: release {name} is on the server and may serve again, "
                f"but its manifest s3://{self.bucket}/{RELEASES_PREFIX}{name}.json is missing"
            )
        if not kept:
            return Plan((), (), 0)
        needed = {key for name in kept for key in self._objects(name)}
        to_delete = {
            each["Key"]: each["Size"]
            for each in self._list(STATIC_PREFIX)
            if each["Key"] not in needed and each["LastModified"] < now - YOUNG
        }
        return Plan(tuple(sorted(kept, reverse=True)), tuple(sorted(to_delete)), sum(to_delete.values()))

    def carry_out(self, plan: Plan) -> None:
        """Deletes the objects. Raises SlipwayError naming the first key that fails; a later run goes on."""
        for start in range(0, len(plan.to_delete), BATCH):
            batch = [{"Key": key} for key in plan.to_delete[start : start + BATCH]]
            params = {"Bucket": self.bucket, "Delete": {"Objects": batch, "Quiet": True}}
            answer = call(self.client, "delete_objects", f"s3://{self.bucket}/{STATIC_PREFIX}", denied=ALLOW, **params)
            for error in answer.get("Errors", []):
                why = explain(Rejection(0, error.get("Code", ""), error.get("Message", "")), ALLOW)
                raise SlipwayError(f"cannot delete s3://{self.bucket}/{error.get('Key')}: {why}")

    def _manifests(self) -> tuple[dict[str, datetime], datetime]:
        """When each release's manifest was written, by its id, and the bucket's own time now."""
        written, now = {}, None
        for page in self._pages(RELEASES_PREFIX):
            now = parsedate_to_datetime(page["ResponseMetadata"]["HTTPHeaders"]["date"])
            for each in page.get("Contents", []):
                name = each["Key"].removeprefix(RELEASES_PREFIX)
                if name.endswith(".json"):
                    written[name.removesuffix(".json")] = each["LastModified"]
        return written, now

    def _objects(self, release: str) -> list[str]:
        key = f"{RELEASES_PREFIX}{release}.json"
        body = self._call("get_object", key, Key=key)["Body"].read()
        try:
            objects = json.loads(body)["objects"]
            if not objects or not all(each.startswith(STATIC_PREFIX) for each in objects):
                raise ValueError
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SlipwayError(
                f"nothing was pruned: s3://{self.bucket}/{key} is no manifest of a release; "
                "restore it from build/manifests/objects.json of that release"
            ) from None
        return list(objects)

    def _list(self, prefix: str) -> Iterator[dict[str, Any]]:
        for page in self._pages(prefix):
            yield from page.get("Contents", [])

    def _pages(self, prefix: str) -> Iterator[dict[str, Any]]:
        token: dict[str, str] = {}
        while True:
            page = self._call("list_objects_v2", prefix, Prefix=prefix, **token)
            yield page
            if not page.get("NextContinuationToken"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def _call(self, operation: str, key: str, **params: Any) -> dict[str, Any]:
        try:
            return call(self.client, operation, f"s3://{self.bucket}/{key}", Bucket=self.bucket, **params)
        except SlipwayError as error:
            raise SlipwayError(f"nothing was pruned: {error}") from None


def _kept(written: Mapping[str, datetime], keep: int, now: datetime) -> set[str]:
    """The ids that stay. An id begins with its time; a release was superseded when the next manifest was written."""
    newest_first = sorted(written, reverse=True)
    kept = set(newest_first[:keep])
    for newer, name in pairwise(newest_first):
        if written[newer] > now - SUPERSEDED:
            kept.add(name)
    return kept
