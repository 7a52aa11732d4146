"""One table of AWS's errors: the push's own requests and botocore's clients explain the same error alike."""

import pytest
from botocore import exceptions

from slipway.tool.aws.errors import ACTIONS, FIXES, QUOTING, REASONS, VERIFY, Rejection, call_failed, explain


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
    explanation = explain(Rejection(400, code, "AWS's own\n words."))
    words = "" if code in QUOTING else "AWS's own words; "
    assert explanation == f"400 {code}: {words}{FIXES[code]}"
    assert str(call_failed("s3", "it", of_a_client(400, code, "AWS's own words"))).endswith(explanation)


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (403, "403"), (403, "")])
def test_a_denied_call_names_the_permission(status, code):
    assert explain(Rejection(status, code.replace("403", ""), ""), "allow s3:GetObject") == (
        "403 AccessDenied: allow s3:GetObject"
    )
    line = str(call_failed("s3", "bucket example-com", of_a_client(status, code), "allow it to the pruner's key"))
    assert line == "access denied for s3:PutObject on bucket example-com; allow it to the pruner's key"


VERIFIED = "Your account must be verified before you can add new CloudFront resources. Contact AWS Support."
ORGANISATION = (
    "User: arn:aws:iam::123456789012:user/me is not authorized to perform: iam:CreateUser on resource: "
    "arn:aws:iam::123456789012:user/slipway/example-com-web with an explicit deny in a service control policy"
)
MISSING = "User: arn:aws:iam::123456789012:user/me is not authorized because no identity-based policy allows it"


@pytest.mark.parametrize(
    ("message", "fix"),
    [(VERIFIED, VERIFY), (ORGANISATION, REASONS["service control policy"]), (MISSING, "allow it to these credentials")],
)
def test_a_denied_call_shows_the_reason_of_aws_and_its_own_remedy(message, fix):
    for code in ("AccessDenied", "AccessDeniedException"):
        line = str(call_failed("iam", "it", of_a_client(403, code, message)))
        assert message.rstrip(".") in line and line.endswith(f"; {fix}")
        assert explain(Rejection(403, code, message)) == f"403 {code}: {message.rstrip('.')}; {fix}"


@pytest.mark.parametrize("call", ACTIONS)
def test_a_denied_call_is_named_by_the_actions_that_a_policy_has_to_allow(call):
    service, _, operation = call.partition(":")
    error = exceptions.ClientError({"Error": {"Code": "AccessDenied"}}, operation)
    assert str(call_failed(service, "it", error)).startswith(f"access denied for {ACTIONS[call]} on it; ")


def test_what_quotes_the_request_is_not_shown():
    for code in QUOTING:
        assert "AKIA" not in explain(
            Rejection(403, code, "Authorization=AWS4-HMAC-SHA256 Credential=AKIA/1, Signature=ab")
        )


@pytest.mark.parametrize("code", ["TooManyDistributions", "TooManyResponseHeadersPolicies", "LimitExceeded"])
def test_a_quota_is_said_to_be_one(code):
    assert explain(Rejection(400, code, "the limit")) == f"400 {code}: the limit; {FIXES['LimitExceeded']}"


@pytest.mark.parametrize(
    ("error", "command"),
    [
        (exceptions.SSOTokenLoadError(error_msg="Token for corp does not exist"), "aws sso login"),
        (exceptions.UnauthorizedSSOTokenError(), "aws sso login"),
        (
            exceptions.TokenRetrievalError(provider="sso", error_msg="Token has expired"),
            "aws sso login",
        ),
        (exceptions.LoginRefreshRequired(), "aws login"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_ended_session_names_the_command_that_starts_one(error, command):
    assert f"; sign in: {command}, with --profile" in str(call_failed("sts", "these credentials", error))


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
