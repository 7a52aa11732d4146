"""The bucket of the backups, against a server that says what S3 would."""

import ssl
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from botocore.credentials import ReadOnlyCredentials

from rehearsal.authority import Authority
from rehearsal.processes import free_port
from slipway.tool.push import signing

KEYS = {"repo1-s3-key": "key", "repo1-s3-key-secret": "secret"}
DENIED = "<Error><Code>{}</Code><Message>no</Message></Error>"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority):
    """A server on localhost that gives ``answers``, (status, body), one after the other; ``asked`` has the requests."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append((self.command, self.path, dict(self.headers), body))
            status, text = answers.pop(0)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_PUT = do_DELETE = do_GET

        def log_message(self, *_):
            pass

    answers, asked = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("s3", ["localhost"]))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.answers, server.asked = answers, asked
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def bucket(host, server, authority):
    """The bucket there; keywords change its settings."""

    def make(**settings):
        said = {
            "repo1-s3-bucket": "backups",
            "repo1-s3-endpoint": "localhost",
            "repo1-storage-port": str(server.server_port),
            "repo1-s3-region": "eu-central-1",
            "repo1-s3-uri-style": "path",
            "repo1-storage-ca-file": str(authority.certificate),
            **KEYS,
        }
        return host.s3.Bucket(said | {name.replace("_", "-"): value for name, value in settings.items()})

    return make


def test_it_signs_as_botocore_does(bucket, server):
    server.answers.append((200, "text"))
    assert bucket().get("generations/0001.json") == b"text"
    ((method, path, headers, body),) = server.asked
    at = datetime.strptime(headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    parts = urlsplit(path)
    credentials = ReadOnlyCredentials("key", "secret", None)
    digest = headers["X-Amz-Content-SHA256"]
    host = {"Host": f"localhost:{server.server_port}"}
    signed = signing.signed(method, parts.path, parts.query, host, digest, credentials, "eu-central-1", at)
    assert headers["Authorization"] == signed["Authorization"]
    assert (path, body) == ("/backups/generations/0001.json", b"")


def test_what_is_new_is_written_on_the_condition_that_there_is_none(bucket, server):
    server.answers += [(200, ""), (412, DENIED.format("PreconditionFailed")), (409, "")]
    assert [bucket().put("a", b"body", new=True) for _ in range(3)] == [True, False, False]
    assert [headers["If-None-Match"] for _, _, headers, _ in server.asked] == ["*"] * 3
    assert server.asked[0][3] == b"body"


def test_a_long_list_is_read_to_its_end(bucket, server):
    page = '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{}</ListBucketResult>'
    keys = "<Contents><Key>generations/{}.json</Key></Contents>"
    server.answers += [
        (200, page.format(keys.format("0001") + "<NextContinuationToken>a/b=</NextContinuationToken>")),
        (200, page.format(keys.format("0002"))),
    ]
    assert bucket().keys("generations/") == ["generations/0001.json", "generations/0002.json"]
    assert "continuation-token=a%2Fb%3D" in server.asked[1][1]


def test_what_is_missing_is_none_and_a_missing_bucket_is_an_error(bucket, server, host):
    server.answers += [(404, DENIED.format("NoSuchKey")), (404, DENIED.format("NoSuchBucket"))]
    assert bucket().get("a") is None
    with pytest.raises(host.paths.HostError, match="does not exist; `make cdn`"):
        bucket().get("a")


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (403, "RequestTimeTooSkewed", "the server's clock is off; `timedatectl`"),
        (403, "InvalidAccessKeyId", "the key of `backup` in the secrets is not valid; `make cdn`"),
        (403, "AccessDenied", "may not; `make cdn` repairs"),
        (301, "PermanentRedirect", "another region; give that in `region`"),
        (307, "", "another region"),
        (503, "SlowDown", "answers 503 SlowDown"),
    ],
)
def test_a_rejection_is_a_line_with_what_to_do(status, code, advice, bucket, server, host):
    server.answers.append((status, DENIED.format(code)))
    with pytest.raises(host.paths.HostError) as raised:
        bucket().get("a")
    said = str(raised.value)
    assert advice in said and "\n" not in said
    assert said.startswith("the bucket backups at localhost answers")


def test_a_certificate_of_another_authority_is_no_answer(bucket, server, host, tmp_path):
    other = Authority(tmp_path / "other").certificate
    with pytest.raises(host.paths.HostError, match="has no valid certificate: "):
        bucket(repo1_storage_ca_file=str(other)).get("a")
    assert server.asked == []


def test_a_certificate_of_another_name_is_no_answer(bucket, host):
    with pytest.raises(host.paths.HostError, match=r"has no valid certificate: .*127\.0\.0\.1"):
        bucket(repo1_s3_endpoint="127.0.0.1").get("a")


def test_a_server_that_is_away_is_named(bucket, host):
    with pytest.raises(host.paths.HostError, match="cannot be reached: Connection refused"):
        bucket(repo1_storage_port=str(free_port())).get("a")
