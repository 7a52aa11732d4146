"""One table of AWS's errors: the push's own requests and botocore's clients explain the same error alike."""

import pytest
from botocore import exceptions

from slipway.tool.aws.errors import FIXES, Rejection, call_failed, explain


def of_a_client(status, code, message="", **more):
    answer = {"Error": {"Code": code, "Message": message, **more}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return exceptions.ClientError(answer, "PutObject")


@pytest.mark.parametrize(
    ("status", "code", "message", "more", "expected"),
    [
        (404, "NoSuchBucket", "", {}, "make cdn"),
        (403, "InvalidAccessKeyId", "", {}, "access key does not exist"),
        (403, "SignatureDoesNotMatch", "", {}, "secret does not fit"),
        (403, "RequestTimeTooSkewed", "", {}, "clock is wrong"),
        (400, "ExpiredToken", "", {}, "session has expired"),
        (301, "PermanentRedirect", "", {"Region": "eu-west-1"}, "is in eu-west-1; correct `region`"),
        (400, "AuthorizationHeaderMalformed", "", {"Region": "eu-west-1"}, "is in eu-west-1"),
        (301, "301", "", {}, "is in another region"),
        (400, "400", "", {}, "is in another region"),
        (503, "SlowDown", "", {}, "wait a minute and run it again"),
        (500, "InternalError", "We encountered\n an error", {}, "We encountered an error; run it again"),
        (502, "", "", {}, "the server itself failed; run it again"),
        (400, "KeyTooLongError", "Your key is\n too long", {}, "Your key is too long"),
    ],
)
def test_each_answer_says_what_where_and_what_to_do(status, code, message, more, expected):
    error = of_a_client(status, code, message, **more)
    line = str(call_failed("s3", "bucket example-com", error))
    explanation = explain(Rejection.of(error))
    assert line == f"s3:PutObject on bucket example-com failed: {explanation}"
    assert explanation.startswith(f"{status}") and expected in explanation and "\n" not in explanation


@pytest.mark.parametrize("code", FIXES)
def test_a_known_code_is_explained_with_its_fix_for_every_caller(code):
    explanation = explain(Rejection(400, code, "AWS's own words"))
    assert explanation == f"400 {code}: {FIXES[code]}"
    assert str(call_failed("s3", "it", of_a_client(400, code, "AWS's own words"))).endswith(explanation)


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (403, "403"), (403, "")])
def test_a_denied_call_names_the_permission(status, code):
    assert explain(Rejection(status, code.replace("403", ""), ""), "allow s3:GetObject") == (
        "403 AccessDenied: allow s3:GetObject"
    )
    line = str(call_failed("s3", "bucket example-com", of_a_client(status, code), "allow it to the pruner's key"))
    assert line == "access denied for s3:PutObject on bucket example-com; allow it to the pruner's key"


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
    for line in (explain(error), str(call_failed("s3", "bucket example-com", error))):
        assert expected in line
        assert "hunter2" not in line
        assert "Signature" not in line
