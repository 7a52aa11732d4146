"""Prune deletes objects that no kept release names, keeps the others, and stops at any doubt."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from slipway.tool import config, prune
from slipway.tool.aws.identity import Identity
from slipway.tool.prune import Plan, Prune
from slipway.web.errors import SlipwayError
from tests.integration.provision.conftest import Cloud

BUCKET = "example-com"
NOW = datetime.now(UTC)


class Kept:
    """A bucket with releases of whatever age; each names its own file, one that all share and an unhashed file."""

    def __init__(self, cloud: Cloud, site: config.Site) -> None:
        self.site = site
        self.s3 = cloud.client("s3")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": site.region})
        self.put("static/shared.css", days=400)
        self.put("static/favicon.ico", days=400)

    def release(self, name: str, days: float) -> None:
        """Records a release ``days`` ago."""
        self.put(f"static/{name}.css", days)
        keys = ("static/shared.css", "static/favicon.ico", f"static/{name}.css")
        self.put(f"releases/{name}.json", days, json.dumps({"version": 1, "objects": {key: {} for key in keys}}))

    def put(self, key: str, days: float, body: str = "x") -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body.encode())
        stored = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[BUCKET].keys[key]
        stored.last_modified = (NOW - timedelta(days=days)).replace(tzinfo=None)

    def plan(self, keep: int = 5, on_server: tuple[str, ...] = ()) -> Plan:
        return Prune.of(self.site, Identity()).plan(keep, on_server)

    def keys(self) -> set[str]:
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix="static/")["Contents"]
        return {each["Key"].removeprefix("static/") for each in listed}


@pytest.fixture
def kept(cloud: Cloud, site: config.Site) -> Kept:
    return Kept(cloud, site)


def test_the_newest_releases_and_those_superseded_lately_are_kept(kept: Kept):
    for number, days in enumerate((200, 100, 60, 40, 20, 10)):
        kept.release(f"r{number}", days)
    # r3 was superseded 20 days ago, when r4 came; r2 and r1 when r3 and r2 came, 40 and 60 days ago.
    plan = kept.plan(keep=2)
    assert plan.kept == ("r5", "r4", "r3")
    assert plan.to_delete == ("static/r0.css", "static/r1.css", "static/r2.css")
    assert kept.plan(keep=5).kept == ("r5", "r4", "r3", "r2", "r1")
    assert kept.keys() >= {"r0.css", "r1.css", "r2.css"}


def test_what_is_to_delete_goes_and_nothing_else(kept: Kept):
    for number in range(8):
        kept.release(f"r{number}", 100 - number)
    kept.put("static/orphan.js", days=2)
    plan = kept.plan(keep=3)
    Prune.of(kept.site, Identity()).carry_out(plan)
    assert kept.keys() == {"shared.css", "favicon.ico", "r5.css", "r6.css", "r7.css"}
    assert kept.plan(keep=3).to_delete == ()


def test_a_release_that_lies_on_the_server_keeps_all_its_files(kept: Kept):
    for number in range(8):
        kept.release(f"r{number}", 100 - number)
    plan = kept.plan(keep=2, on_server=("r0", "r7"))
    assert plan.kept == ("r7", "r6", "r0")
    assert "static/r0.css" not in plan.to_delete


def test_what_a_push_has_just_sent_stays(kept: Kept):
    kept.release("r0", 10)
    kept.put("static/next.css", days=0.5)
    assert kept.plan().to_delete == ()


def test_more_than_a_batch_is_deleted(kept: Kept, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("slipway.tool.prune.BATCH", 3)
    kept.release("r0", 10)
    for number in range(7):
        kept.put(f"static/old-{number}.css", days=5)
    Prune.of(kept.site, Identity()).carry_out(kept.plan())
    assert kept.keys() == {"shared.css", "favicon.ico", "r0.css"}


@pytest.mark.parametrize("text", ["{", "[]", '{"objects": {}}', '{"objects": {"media/public/a.jpg": {}}}', ""])
def test_a_manifest_that_cannot_be_read_stops_it(kept: Kept, text: str):
    kept.release("r0", 10)
    kept.put("static/orphan.js", days=2)
    kept.put("releases/r1.json", 5, text)
    with pytest.raises(SlipwayError, match=r"^nothing was pruned: s3://example-com/releases/r1\.json is no manifest"):
        kept.plan()


def test_a_release_on_the_server_without_a_manifest_stops_it(kept: Kept):
    kept.release("r0", 10)
    with pytest.raises(SlipwayError, match="nothing was pruned: release r1 is on the server and may serve again"):
        kept.plan(on_server=("r1",))


def test_a_manifest_that_is_rejected_stops_it(kept: Kept, monkeypatch: pytest.MonkeyPatch):
    kept.release("r0", 10)
    pruning = Prune.of(kept.site, Identity())
    rejected = ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, "GetObject")

    def reject(**_: object) -> None:
        raise rejected

    monkeypatch.setattr(pruning.client, "get_object", reject)
    with pytest.raises(SlipwayError, match=r"^nothing was pruned: access denied for s3:GetObject on s3://.*r0\.json; "):
        pruning.plan(5, ())


def test_before_the_first_release_nothing_goes(kept: Kept):
    assert kept.plan() == Plan((), (), 0)


def test_a_key_that_may_not_be_deleted_is_named(kept: Kept, monkeypatch: pytest.MonkeyPatch):
    kept.release("r0", 10)
    kept.put("static/orphan.js", days=2)
    pruning = Prune.of(kept.site, Identity())
    answer = {"Errors": [{"Key": "static/orphan.js", "Code": "AccessDenied"}]}
    monkeypatch.setattr(pruning.client, "delete_objects", lambda **_: answer)
    with pytest.raises(SlipwayError, match=r"cannot delete s3://example-com/static/orphan\.js: AccessDenied: allow"):
        pruning.carry_out(pruning.plan(5, ()))


def test_a_prune_that_breaks_off_does_not_say_that_nothing_was_pruned(kept: Kept, monkeypatch: pytest.MonkeyPatch):
    kept.release("r0", 10)
    for number in range(2):
        kept.put(f"static/orphan-{number}.js", days=2)
    pruning = Prune.of(kept.site, Identity())
    plan, delete = pruning.plan(5, ()), pruning.client.delete_objects

    def once(**params: object) -> dict:
        monkeypatch.setattr(pruning.client, "delete_objects", reject)
        return delete(**params)

    def reject(**_: object) -> None:
        raise ClientError({"Error": {"Code": "SlowDown", "Message": "Reduce your rate"}}, "DeleteObjects")

    monkeypatch.setattr(prune, "BATCH", 1)
    monkeypatch.setattr(pruning.client, "delete_objects", once)
    with pytest.raises(
        SlipwayError,
        match=r"^s3:DeleteObjects on s3://example-com/static/ failed: SlowDown: Reduce your",
    ):
        pruning.carry_out(plan)
    assert {key for key in kept.keys() if "orphan" in key} == {"orphan-1.js"}  # noqa: SIM118
