"""One connection: what servers answer, what lines do, and the ways through a proxy."""

import base64
import socket
import ssl
import threading
from contextlib import contextmanager, suppress

import pytest

from rehearsal.authority import Authority
from slipway.tool.push import Bucket, connection, push, s3
from slipway.tool.push.s3 import S3
from slipway.web.errors import SlipwayError
from slipway.web.static_objects import StaticObject
from tests.unit.push.test_causes import listening
from tests.unit.push.wire import Answered, wire


def read_request(sock):
    data = b""
    while b"\r\n\r\n" not in data:
        data += sock.recv(65536)
    return data


@contextmanager
def answering(monkeypatch, *answers):
    """A server that answers the requests of each connection with these bytes, and then closes it."""

    def serve(sock):
        for answer in answers:
            read_request(sock)
            sock.sendall(answer)

    with listening(serve) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{port}")
        yield S3(Bucket("bucket"))


ANSWERS = {
    "a length": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nbod\r\n1\r\ny\r\n0\r\nA: b\r\n\r\n",
    "until it closes": b"HTTP/1.0 200 OK\r\n\r\nbody",
    "100 before it": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:4\r\n\r\nbody",
    "no phrase": b"HTTP/1.1 200\r\nContent-Length: 4\r\n\r\nbody",
}


def test_a_request_says_who_asks_and_has_a_length_where_it_may_have_a_body(monkeypatch):
    with wire(lambda asked: Answered()) as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", served.url)
        client = S3(Bucket("bucket"))
        client.send("list", "GET")
        client.send("put", "PUT", "static/a", body=b"")
    assert [asked.headers["User-Agent"] for asked in served.asked] == ["slipway", "slipway"]
    assert [asked.headers.get("Content-Length") for asked in served.asked] == [None, "0"]


@pytest.mark.parametrize("form", ANSWERS)
def test_each_form_of_an_answer_is_read(form, monkeypatch):
    with answering(monkeypatch, ANSWERS[form]) as client:
        assert client.send("list", "GET").body == b"body"
        assert client.requests == 1


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b"HT"]
)
def test_what_is_no_answer_is_an_error_in_one_line(answer, monkeypatch):
    monkeypatch.setattr(s3, "ATTEMPTS", 1)
    with answering(monkeypatch, answer) as client, pytest.raises(SlipwayError, match="the connection broke") as caught:
        client.send("list", "GET")
    assert "\n" not in str(caught.value)


def test_a_kept_connection_that_the_server_has_closed_is_opened_again_at_once(monkeypatch):
    monkeypatch.setattr(s3, "ATTEMPTS", 1)
    with answering(monkeypatch, ANSWERS["a length"]) as client:
        for _ in range(3):
            assert client.send("list", "GET").body == b"body"
    assert client.requests in (3, 5)


def test_one_that_the_server_says_it_closes_is_not_used_again(monkeypatch):
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody"
    with answering(monkeypatch, closing) as client:
        assert [client.send("list", "GET").body for _ in range(3)] == [b"body"] * 3
        assert client.requests == 3


@pytest.mark.parametrize("reads_on", [True, False], ids=["and the rest is taken", "and the connection reset"])
def test_a_rejection_in_the_middle_of_a_body_is_read(reads_on, monkeypatch):
    monkeypatch.setattr(s3, "ATTEMPTS", 1)
    rejection = b"<Error><Code>EntityTooLarge</Code><Message>too large</Message></Error>"

    def serve(sock):
        read_request(sock)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%s" % (len(rejection), rejection))
        if reads_on:
            with suppress(OSError):
                while sock.recv(65536):
                    pass

    with listening(serve) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{port}")
        with pytest.raises(SlipwayError, match="400 EntityTooLarge: too large"):
            S3(Bucket("bucket")).send("put", "PUT", "static/a.mp4", body=bytes(8_000_000))


@contextmanager
def receiving(monkeypatch, size, pause):
    """A server that takes ``size`` bytes every ``pause`` seconds, and none without a ``size``."""
    stop = threading.Event()

    def serve(sock):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        left = len(BODY)
        while left > 0 and size and not stop.is_set():
            left -= len(sock.recv(size))
            stop.wait(pause)
        if size:
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        else:
            stop.wait(20)

    with listening(serve) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{port}")
        yield S3(Bucket("bucket"))
    stop.set()


BODY = bytes(900_000)


@pytest.fixture
def impatient(monkeypatch):
    """One attempt, and little time."""
    monkeypatch.setattr(s3, "ATTEMPTS", 1)
    monkeypatch.setattr(connection, "STALL", 0.6)
    monkeypatch.setattr(connection, "LEAST_RATE", 1e9)


@pytest.mark.parametrize("options", [connection.OPTIONS, connection.OPTIONS[:1]], ids=["shown", "in the kernel"])
def test_a_server_that_takes_bytes_slowly_is_waited_for(options, impatient, monkeypatch):
    # Longer than the wait in all, in steps that are each far shorter: whether the process waits to give the kernel the
    # bytes, or the kernel has them all and the process waits for the answer.
    monkeypatch.setattr(connection, "OPTIONS", options)
    with receiving(monkeypatch, 20_000, 0.05) as client:
        assert client.send("put", "PUT", "static/a.mp4", body=BODY).status == 200


def test_one_that_takes_none_is_not(impatient, monkeypatch):
    with receiving(monkeypatch, 0, 0) as client, pytest.raises(SlipwayError, match="did not answer in time"):
        client.send("put", "PUT", "static/a.mp4", body=BODY)


@contextmanager
def proxy(monkeypatch, target):
    """A proxy with a password, for plain requests and for tunnels to the port ``target``. Gives what it was asked."""
    asked = []
    expected = base64.b64encode(b"user:hunter2").decode()

    def serve(sock):
        head = read_request(sock)
        asked.append(head.partition(b"\r\n")[0].decode())
        if f"proxy-authorization: basic {expected}".lower() not in head.decode("latin-1").lower():
            sock.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", target)) as there:
            if head.startswith(b"CONNECT "):
                sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                method, url, rest = head.split(b" ", 2)
                there.sendall(b" ".join((method, b"/" + url.split(b"/", 3)[3], rest)))
            threading.Thread(target=_copy, args=(there, sock), daemon=True).start()
            _copy(sock, there)

    with listening(serve) as port:
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://user:hunter2@127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", "")
        yield asked


def _copy(one, other):
    with suppress(OSError):
        while piece := one.recv(65536):
            other.sendall(piece)
        other.shutdown(socket.SHUT_WR)


def test_a_plain_request_goes_through_a_proxy_with_a_password(monkeypatch):
    with wire(lambda asked: Answered()) as served:
        port = int(served.url.rpartition(":")[2])
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://s3.example.test:{port}")
        with proxy(monkeypatch, port) as asked:
            S3(Bucket("bucket")).send("put", "PUT", "static/a b.css", body=b"a")
    assert asked == [f"PUT http://s3.example.test:{port}/bucket/static/a%20b.css HTTP/1.1"]
    assert served.asked[0].headers["Host"] == f"s3.example.test:{port}"


def test_tls_goes_through_a_proxy_in_a_tunnel(monkeypatch, tmp_path):
    authority = Authority(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.issue("s3", ["s3.example.test"]))
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.certificate))
    body = bytes(range(256)) * 4000
    with wire(lambda asked: Answered(), context) as served:
        port = int(served.url.rpartition(":")[2])
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"https://s3.example.test:{port}")
        with proxy(monkeypatch, port) as asked:
            S3(Bucket("bucket")).send("put", "PUT", "static/a.mp4", body=body)
    assert [line.rpartition(" ")[0] for line in asked] == [f"CONNECT s3.example.test:{port}"]
    assert served.asked[0].body == body
    assert "Proxy-Authorization" not in served.asked[0].headers


def test_credentials_that_expire_meanwhile_are_read_again(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    file = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))

    def write(key):
        file.write_text(f"[default]\naws_access_key_id={key}\naws_secret_access_key=s\naws_session_token={key}\n")

    write("ASIAFIRST")
    expired = Answered(400, b"<Error><Code>ExpiredToken</Code></Error>")
    listed = Answered(body=b"<ListBucketResult/>")
    objects = [StaticObject.hashed(f"{n}.{n:012x}.css", b"a") for n in range(40)]

    def answer(asked):
        if asked.method == "GET":
            return listed
        if asked.number == 20:
            write("ASIASECOND")
        old = "ASIAFIRST" in asked.headers["Authorization"]
        return expired if asked.number >= 20 and old else Answered(headers={"ETag": f'"{objects[0].md5}"'})

    with wire(answer) as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", served.url)
        assert push(objects, Bucket("bucket")).sent == 40
        served.answering = lambda asked: listed if asked.method == "GET" else expired
        with pytest.raises(SlipwayError, match="ExpiredToken: the session has expired; sign in again"):
            push(objects, Bucket("bucket"))
