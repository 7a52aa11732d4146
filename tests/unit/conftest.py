"""A site of each provider, and the API that a purge asks."""

import dataclasses

import pytest

from slipway.tool import config
from slipway.tool.providers import request
from tests.unit.push.wire import Answered, wire

DESCRIBED = {
    "cloudfront": "region: eu-central-1\n",
    "cloudflare": "endpoint: https://abc.r2.cloudflarestorage.com\ncdn_id: 023e105f4ecef8ad9ca31a8372d0c353\n",
    "fastly": "region: us-east\nendpoint: https://us-east.object.fastlystorage.app\ncdn_id: SU1Z0isxPaozGVKXdv0eY\n",
    "akamai": "region: us-east-1\nendpoint: https://us-east-1.linodeobjects.com\ncdn_id: '12345'\n",
    "rackspace": "region: sjc3\nendpoint: https://swift.api.sjc3.rackspacecloud.com\n",
    "pull": "",
}


@pytest.fixture
def described(tmp_path):
    """The site of a provider; further arguments replace what site.yml says."""

    def described(provider, **changes):
        file = tmp_path / "site.yml"
        file.write_text(f"domain: example.com\nprovider: {provider}\n{DESCRIBED[provider]}")
        return dataclasses.replace(config.load(file), **changes)

    return described


@pytest.fixture
def api(monkeypatch):
    """A provider's API; ``api.answering`` may be replaced. Nothing waits between two attempts."""
    monkeypatch.setattr(request.time, "sleep", lambda seconds: api.waited.append(seconds))
    with wire(lambda asked: Answered(body=b'{"success": true, "result": {"id": "p"}}')) as api:
        api.waited = []
        yield api
