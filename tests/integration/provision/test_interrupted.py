"""Every kind of change fails once, and every change is cut off right after it; a rerun goes on, to the same end."""

from collections.abc import Callable

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from slipway.tool import config
from slipway.tool.aws.errors import ACTIONS
from slipway.tool.cdn import cloudfront
from slipway.tool.cdn.destroy import destroy
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError
from tests.integration.provision.conftest import Cloud
from tests.integration.provision.test_whole import WHOLE

READS = ("Get", "List", "Describe", "Head")
# What tells two calls of one operation apart.
NAMES = ("Bucket", "UserName", "RoleName", "Id", "Name")


class Trouble:
    """Lets each changing operation fail the first time, and each call of it be the last of its run once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.failed: list[str] = []
        self.cut_off: list[str] = []
        self.errors: list[str] = []
        call = BaseClient._make_api_call

        def make(client: BaseClient, operation: str, params: dict) -> dict:
            if operation.startswith(READS):
                return call(client, operation, params)
            named = f"{client.meta.service_model.service_name}:{operation}"
            if named not in self.failed:
                self.failed.append(named)
                raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not yet"}}, operation)
            answer = call(client, operation, params)
            which = f"{named} {self._about(params)}"
            if which not in self.cut_off:
                self.cut_off.append(which)
                raise KeyboardInterrupt
            return answer

        monkeypatch.setattr(BaseClient, "_make_api_call", make)

    def run(self, work: Callable[[], object]) -> None:
        """Runs ``work`` until it gets through."""
        for _ in range(300):
            try:
                work()
            except KeyboardInterrupt:
                continue
            except SlipwayError as error:
                self.errors.append(str(error))
            else:
                return
        raise AssertionError("it never got through")

    def _about(self, params: dict) -> str:
        about = next((str(params[name]) for name in NAMES if name in params), "")
        if batch := params.get("ChangeBatch"):
            record = batch["Changes"][0]["ResourceRecordSet"]
            about = f"{record['Name']} {record['Type']}"
        return about or str(params)[:120].partition("CallerReference")[0]


@pytest.mark.usefixtures("kept_clients")
def test_provisioning_and_destroying_go_on_from_any_call(
    cloud: Cloud, site: config.Site, monkeypatch: pytest.MonkeyPatch
):
    cloud.add_zone("example.com")
    with monkeypatch.context() as patch:
        trouble = Trouble(patch)
        trouble.run(lambda: cloudfront.provision(site, Secrets.load(site)))
    made = cloud.inventory()
    assert len(made.pop("records")) == 6
    assert made == WHOLE
    assert cloudfront.provision(site, Secrets.load(site), dry=True).changes == ()
    assert len(trouble.cut_off) > 30
    for named, error in zip(trouble.failed, trouble.errors, strict=True):
        assert error.startswith(f"access denied for {ACTIONS.get(named, named)} on "), error
        assert error.endswith(": not yet; allow it to these credentials"), error

    with monkeypatch.context() as patch:
        trouble = Trouble(patch)
        trouble.run(lambda: destroy(site, Secrets.load(site), media=True, backup=True))
    assert cloud.inventory() == {}
    assert Secrets.load(site).deployer == {}
    assert len(trouble.cut_off) > 15
    assert len(trouble.errors) == len(trouble.failed)
