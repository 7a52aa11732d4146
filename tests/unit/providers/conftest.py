import ssl

import pytest

from rehearsal.authority import Authority
from slipway.tool.providers import request
from tests.unit.push.wire import Answered, wire


@pytest.fixture
def tls_api(tmp_path, monkeypatch):
    """The same over TLS, with an authority that the environment names."""
    authority = Authority(tmp_path / "authority")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    monkeypatch.setattr(request.time, "sleep", lambda seconds: None)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*authority.issue("api", ["localhost"]))
    with wire(lambda asked: Answered(201, b"{}"), tls) as api:
        api.host = f"localhost:{api.url.rpartition(':')[2]}"
        yield api
