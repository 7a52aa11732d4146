import ssl
import subprocess
import threading

import pytest

from slipway.tool.push import Bucket, s3, start_listing
from slipway.tool.push.s3 import ATTEMPTS, S3
from slipway.web.errors import SlipwayError
from tests.unit.push.wire import Answered, wire


def s3_error(status, code, message="", more=""):
    return Answered(
        status,
        f"<Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>".encode(),
        {"Content-Type": "application/xml"},
    )


@pytest.fixture
def served(monkeypatch):
    with wire(lambda asked: Answered()) as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", served.url)
        yield served


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_fault_is_tried_again_and_counted(served, status):
    served.answering = lambda asked: Answered(status if asked.number < 3 else 200)
    client = S3(Bucket("bucket"))
    assert client.send("put", "PUT", "static/a").status == 200
    assert client.requests == len(served.asked) == 3


def test_a_broken_connection_is_tried_again_and_counted(served):
    served.answering = lambda asked: None if asked.number == 1 else Answered()
    client = S3(Bucket("bucket"))
    assert client.send("put", "PUT", "static/a", body=b"x" * 300_000).status == 200
    assert client.requests == 2
    assert [len(asked.body) for asked in served.asked] == [300_000, 300_000]


def test_an_answer_that_breaks_off_is_tried_again(served):
    served.answering = lambda asked: Answered(body=b"half", promised=8 if asked.number == 1 else 0)
    client = S3(Bucket("bucket"))
    assert client.send("list", "GET").body == b"half"
    assert client.requests == 2


@pytest.mark.parametrize("code", ["SlowDown", "InternalError"])
def test_a_fault_that_stays_ends_after_a_bounded_number_of_attempts(served, code):
    served.answering = lambda asked: s3_error(503, code)
    with pytest.raises(SlipwayError, match=rf"s3://bucket/static/a \({ATTEMPTS} attempts\): 503 {code}"):
        S3(Bucket("bucket")).send("put", "PUT", "static/a")
    assert len(served.asked) == ATTEMPTS


@pytest.mark.parametrize("code", ["RequestTimeout", "BadDigest"])
def test_a_400_that_another_attempt_can_mend_is_tried_again(served, code):
    served.answering = lambda asked: s3_error(400, code) if asked.number == 1 else Answered()
    assert S3(Bucket("bucket")).send("put", "PUT", "static/a").status == 200


def test_a_clock_that_was_wrong_for_a_moment_gets_a_new_signature(served):
    # The machine slept between the signature and its sending.
    served.answering = lambda asked: s3_error(403, "RequestTimeTooSkewed") if asked.number == 1 else Answered()
    assert S3(Bucket("bucket")).send("put", "PUT", "static/a").status == 200


def test_a_clock_that_stays_wrong_is_named(served):
    served.answering = lambda asked: s3_error(403, "RequestTimeTooSkewed")
    with pytest.raises(SlipwayError, match=rf"\({ATTEMPTS} attempts\): 403 RequestTimeTooSkewed: .*clock"):
        S3(Bucket("bucket")).send("put", "PUT", "static/a")


@pytest.mark.parametrize(
    ("status", "code", "more", "expected"),
    [
        (403, "AccessDenied", "", "s3:PutObject"),
        (404, "NoSuchBucket", "", "make cdn"),
        (301, "PermanentRedirect", "<Endpoint>bucket.s3.us-west-2.amazonaws.com</Endpoint>", "region"),
        (400, "AuthorizationHeaderMalformed", "<Region>us-west-2</Region>", "is in us-west-2"),
    ],
)
def test_a_rejection_is_final_at_the_first_answer(served, status, code, more, expected):
    served.answering = lambda asked: s3_error(status, code, more=more)
    with pytest.raises(SlipwayError, match=f"s3://bucket/static/a: {status} {code}: .*{expected}"):
        S3(Bucket("bucket")).send("put", "PUT", "static/a")
    assert len(served.asked) == 1


def test_the_region_of_a_redirect_is_named(served):
    served.answering = lambda asked: Answered(301, b"", {"x-amz-bucket-region": "us-west-2"})
    with pytest.raises(SlipwayError, match="the bucket is in us-west-2"):
        S3(Bucket("bucket")).send("put", "PUT", "static/a")


def test_a_rejection_shows_no_secret(served, monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "the-session-token")
    served.answering = lambda asked: s3_error(
        403, "SignatureDoesNotMatch", more=f"<StringToSign>{asked.headers['Authorization']}</StringToSign>"
    )
    with pytest.raises(SlipwayError) as caught:
        S3(Bucket("bucket")).send("put", "PUT", "static/a")
    shown = str(caught.value)
    for secret in ("the-secret-key", "the-session-token", "AKIDEXAMPLE", "Signature="):
        assert secret not in shown


def test_nothing_listening_is_an_error_with_the_endpoint(monkeypatch):
    with wire(lambda asked: None) as gone:
        pass
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", gone.url)
    with pytest.raises(SlipwayError, match=rf"cannot list s3://bucket/ .*{gone.url} cannot be reached"):
        S3(Bucket("bucket")).send("list", "GET")


def test_an_untrusted_certificate_is_rejected_at_once(monkeypatch, tmp_path):
    pair = [tmp_path / "key.pem", tmp_path / "cert.pem"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        + ["-keyout", pair[0], "-out", pair[1], "-subj", "/CN=127.0.0.1"]
        + ["-addext", "subjectAltName=IP:127.0.0.1"],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair[1], pair[0])
    with wire(lambda asked: Answered(), context) as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", served.url)
        client = S3(Bucket("bucket"))
        with pytest.raises(SlipwayError, match="AWS_CA_BUNDLE"):
            client.send("put", "PUT", "static/a")
        assert client.requests == 1
        monkeypatch.setenv("AWS_CA_BUNDLE", str(pair[1]))
        assert S3(Bucket("bucket")).send("put", "PUT", "static/a").status == 200


def test_stopping_ends_the_wait_before_the_next_attempt(served, monkeypatch):
    monkeypatch.setattr(s3, "BACKOFF", 3600)
    rejected = threading.Event()

    def answer(asked):
        rejected.set()
        return Answered(503)

    served.answering = answer
    client = S3(Bucket("bucket"))
    ended = threading.Event()

    def send():
        with pytest.raises(SlipwayError):
            client.send("put", "PUT", "static/a")
        ended.set()

    threading.Thread(target=send, daemon=True).start()
    assert rejected.wait(10)
    client.stop.set()
    assert ended.wait(10)
    assert client.requests == 1


def test_temporary_credentials_are_signed_and_no_expect_is_sent(served, monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "the-session-token")
    S3(Bucket("bucket")).send("put", "PUT", "static/a b+ü.css", body=b"")
    asked = served.asked[0]
    assert asked.path == "/bucket/static/a%20b%2B%C3%BC.css"
    assert asked.headers["X-Amz-Security-Token"] == "the-session-token"
    assert "x-amz-security-token" in asked.headers["Authorization"]
    assert asked.headers["Content-Length"] == "0"
    assert "Expect" not in asked.headers


PAGE = """<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>{more}</IsTruncated>
<Contents><Key>{key}</Key><ETag>"{etag}"</ETag><Size>7</Size></Contents>{token}</ListBucketResult>"""


def test_a_listing_follows_its_pages_and_decodes_its_keys(served):
    def answer(asked):
        if "prefix=releases%2F" in asked.path:
            return Answered(body=b"<ListBucketResult/>")
        if "continuation-token=t%2F1" in asked.path:
            return Answered(body=PAGE.format(more="false", key="static/b", etag="2", token="").encode())
        token = "<NextContinuationToken>t/1</NextContinuationToken>"
        return Answered(body=PAGE.format(more="true", key="static/a+b%2Bc", etag="1", token=token).encode())

    served.answering = answer
    listing = start_listing(Bucket("bucket"))
    assert listing.result() == {"static/a b+c": ("1", 7), "static/b": ("2", 7)}
    # Nothing has recorded headers there: one object of each extension is asked for its own.
    assert [asked.path for asked in served.of("HEAD")] == ["/bucket/static/a%20b%2Bc"]
    assert listing.s3.requests == 4
    assert "prefix=static%2F" in served.asked[0].path


@pytest.mark.parametrize("body", [b"<html>please sign in</html>", b"not even that", b""])
def test_a_listing_that_s3_did_not_write_is_rejected(served, body):
    served.answering = lambda asked: Answered(body=body)
    with pytest.raises(SlipwayError, match=r"cannot list s3://bucket/static/: .*AWS_ENDPOINT_URL_S3"):
        start_listing(Bucket("bucket")).result()
