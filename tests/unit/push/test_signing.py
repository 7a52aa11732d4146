"""Our signatures are those of botocore's own signer."""

import hashlib
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from slipway.tool.push.signing import UNSIGNED, encoded, signed

AT = datetime(2026, 11, 30, 23, 59, 58, tzinfo=UTC)
QUERIES = [
    {},
    {"list-type": "2", "prefix": "static/a b+c", "encoding-type": "url"},
    {"z": "", "a~b": "ü/=&%", "A": "1"},
]


@pytest.mark.parametrize("token", [None, "a+token/=="])
@pytest.mark.parametrize("url", ["https://b.s3.eu-west-3.amazonaws.com", "http://127.0.0.1:8333/b"])
@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("key", ["", "static/a b+ü.css", "static/(a)[b]~@2x,!'.js"])
def test_a_signature_is_botocores(url, query, key, token, monkeypatch):
    monkeypatch.setattr(auth, "get_current_datetime", lambda *_: AT.replace(tzinfo=None))
    credentials = ReadOnlyCredentials("AKIDEXAMPLE", "the/secret+key", token)
    body = b"a { color: red }"
    headers = {"Content-Type": "text/css; charset=utf-8", "Cache-Control": "public, max-age=300"}
    headers |= {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA==", "If-None-Match": "*"}
    whole = f"{url}/{quote(key, safe='/~')}"
    theirs = AWSRequest("PUT", whole, dict(headers), body, dict(query))
    theirs.context["payload_signing_enabled"] = url.startswith("http:")
    auth.S3SigV4Auth(credentials, "s3", "eu-west-3").add_auth(theirs)
    scheme, _, rest = whole.partition("://")
    host, _, path = rest.partition("/")
    payload = UNSIGNED if scheme == "https" else hashlib.sha256(body).hexdigest()
    ours = signed("PUT", f"/{path}", encoded(query), {"Host": host, **headers}, payload, credentials, "eu-west-3", AT)
    assert ours["Authorization"] == theirs.headers["Authorization"]
    assert ours["X-Amz-Content-SHA256"] == theirs.headers["X-Amz-Content-SHA256"]
