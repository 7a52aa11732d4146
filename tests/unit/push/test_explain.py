import pytest
from botocore import exceptions

from slipway.tool.push.explain import Refusal, explain


@pytest.mark.parametrize(
    ("action", "refusal", "expected"),
    [
        ("put", Refusal(404, "NoSuchBucket", ""), "make cdn"),
        ("put", Refusal(403, "AccessDenied", "Access Denied"), "allow s3:PutObject"),
        ("list", Refusal(403, "AccessDenied", "Access Denied"), "allow s3:ListBucket"),
        ("check", Refusal(403, "", ""), "allow s3:GetObject"),
        ("put", Refusal(403, "InvalidAccessKeyId", ""), "access key does not exist"),
        ("put", Refusal(403, "SignatureDoesNotMatch", ""), "secret does not fit"),
        ("put", Refusal(403, "RequestTimeTooSkewed", ""), "clock is wrong"),
        ("put", Refusal(400, "ExpiredToken", ""), "session token has expired"),
        ("list", Refusal(301, "PermanentRedirect", "", "eu-west-1"), "is in eu-west-1; correct"),
        ("list", Refusal(400, "AuthorizationHeaderMalformed", "", "eu-west-1"), "is in eu-west-1"),
        ("check", Refusal(301, "", ""), "is in another region"),
        ("put", Refusal(503, "SlowDown", ""), "only the rest is sent"),
        ("put", Refusal(500, "InternalError", ""), "only the rest is sent"),
        ("put", Refusal(502, "", ""), "only the rest is sent"),
        ("put", Refusal(400, "KeyTooLongError", "Your key is\n too long"), "Your key is too long"),
    ],
)
def test_each_refusal_says_what_where_and_what_to_do(action, refusal, expected):
    message = str(explain(action, "example-com", "static/a.css", refusal))
    assert message.startswith(f"cannot {action} s3://example-com/static/a.css: {refusal.status}")
    assert expected in message
    assert "\n" not in message


ENDPOINT = "https://user:hunter2@s3.example.com:8443/b/k?X-Amz-Signature=abc"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (exceptions.NoCredentialsError(), "AWS_ACCESS_KEY_ID"),
        (exceptions.NoRegionError(), "AWS_DEFAULT_REGION"),
        (exceptions.EndpointConnectionError(endpoint_url=ENDPOINT, error="x"), "cannot be reached"),
        (exceptions.ConnectTimeoutError(endpoint_url=ENDPOINT, error="x"), "cannot be reached"),
        (exceptions.ReadTimeoutError(endpoint_url=ENDPOINT, error="x"), "did not answer in time"),
        (exceptions.SSLError(endpoint_url=ENDPOINT, error="x"), "AWS_CA_BUNDLE"),
        (exceptions.ConnectionClosedError(endpoint_url=ENDPOINT, error="x"), "connection broke"),
        (exceptions.ProxyConnectionError(proxy_url=ENDPOINT, error="x"), "HTTPS_PROXY"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_failure_to_get_an_answer_says_what_to_do_and_keeps_secrets(error, expected):
    message = str(explain("put", "example-com", "static/a.css", error, attempts=5))
    assert message.startswith("cannot put s3://example-com/static/a.css (5 attempts): ")
    assert expected in message
    assert "hunter2" not in message
    assert "Signature" not in message
