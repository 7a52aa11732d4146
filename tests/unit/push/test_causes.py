"""Each way in which a server is not reached has its own name, for the push, the look through the CDN, a purge, a GitHub
job's identity and the package index."""

import os
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest

from rehearsal.authority import Authority
from rehearsal.processes import free_port
from slipway.tool import edge, github_identity
from slipway.tool.causes import cause
from slipway.tool.providers import request
from slipway.tool.push import Bucket, connection, s3
from slipway.tool.push.s3 import S3
from slipway.tool.requirements import pip
from slipway.web.errors import SlipwayError


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls"))


@contextmanager
def listening(answer):
    """A server on the loopback; ``answer`` gets each connection. Gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=one, args=(connection,), daemon=True).start()

        def one(connection):
            # The client may reject us.
            with connection, suppress(OSError):
                answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def tls(certificate, *, ciphers=""):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    if ciphers:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)

    def answer(connection):
        context.wrap_socket(connection, server_side=True).recv(1)

    return answer


def plain(connection):
    connection.recv(1)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def hangs_up(connection):
    connection.recv(4096)


def proxy(status):
    def answer(connection):
        connection.recv(4096)
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())

    return answer


@pytest.fixture(autouse=True)
def quick(monkeypatch, authority):
    """One attempt; the authority is trusted, and no proxy of this shell's is there."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(s3, "ATTEMPTS", 1)
    monkeypatch.setattr(connection, "CONNECT", 0.3)
    monkeypatch.setattr(connection, "STALL", 0.3)
    monkeypatch.setattr(request, "ATTEMPTS", 1)
    monkeypatch.setattr(edge, "RETRIES", edge.urllib3.Retry(total=0))
    for name in ("AWS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(authority.certificate))


def error_of_the_push(url, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
    with pytest.raises(SlipwayError) as rejected:
        S3(Bucket("example-com")).send("put", "PUT", "static/a.css", body=b"a")
    return str(rejected.value)


def error_of_the_edge(url, monkeypatch):
    return edge._error(edge.pool(url), f"{url}/a.css")


def error_of_a_purge(url, monkeypatch):
    with pytest.raises(SlipwayError) as rejected:
        request.post(f"{url}/purge", dict)
    return str(rejected.value)


def error_of_a_github_job(url, monkeypatch):
    monkeypatch.setattr(github_identity, "RETRIES", edge.urllib3.Retry(total=0))
    asked = {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{url}/?a", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "the-bearer"}
    with pytest.raises(SlipwayError) as rejected:
        github_identity._token(asked)
    assert "the-bearer" not in str(rejected.value)
    return str(rejected.value)


def error_of_pip(url, monkeypatch):
    """pip itself, with one attempt more instead of five."""
    for name, value in {"RETRIES": "1", "CONFIG_FILE": os.devnull, "INDEX_URL": f"{url}/simple/"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    done = pip.run("download", "--no-deps", "--no-cache-dir", "--dest", os.devnull, "somepackage==1")
    assert done.returncode
    return pip.reason(done.stdout + done.stderr)


ASKING = pytest.mark.parametrize("ask", [error_of_the_push, error_of_the_edge, error_of_a_purge, error_of_a_github_job])
FORMS = {
    "expired": (lambda authority: tls(authority.issue("old", ["127.0.0.1"], timedelta(hours=-1))), "has expired"),
    "another name": (lambda authority: tls(authority.issue("other", ["other.example.com"])), "is another host's"),
    "plain http": (lambda _: plain, "does not speak TLS"),
    # The certificate's key is of another kind than these ciphers want.
    "no cipher in common": (
        lambda authority: tls(authority.issue("new", ["127.0.0.1"]), ciphers="ECDHE-RSA-AES256-GCM-SHA384"),
        "no TLS version or cipher in common",
    ),
    "a broken handshake": (lambda _: hangs_up, "broke off"),
}


@ASKING
@pytest.mark.parametrize("form", FORMS)
def test_each_fault_of_tls_is_called_what_it_is(form, ask, authority, monkeypatch):
    make, expected = FORMS[form]
    with listening(make(authority)) as port:
        message = ask(f"https://127.0.0.1:{port}", monkeypatch)
    assert expected in message
    assert "\n" not in message and "not signed by" not in message


@ASKING
def test_an_authority_that_nobody_trusts_is_called_that(ask, tmp_path, monkeypatch):
    stranger = Authority(tmp_path / "stranger").issue("cdn", ["127.0.0.1"])
    with listening(tls(stranger)) as port:
        message = ask(f"https://127.0.0.1:{port}", monkeypatch)
    assert "is not signed by a trusted authority; check " in message


@ASKING
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("407 Proxy Authentication Required", "the proxy requires a user and a password (407 "),
        ("403 Forbidden", "the proxy rejects the connection to "),
        ("502 Bad Gateway", "the proxy answers 502 Bad Gateway for "),
        ("503 Service Unavailable", "the proxy answers 503 Service Unavailable for "),
        ("504 Gateway Timeout", "the proxy answers 504 Gateway Timeout for "),
    ],
)
def test_what_a_proxy_rejects_is_not_called_a_proxy_that_is_away(status, expected, ask, monkeypatch):
    with listening(proxy(status)) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:hunter2@127.0.0.1:{port}")
        message = ask("https://s3.example.com", monkeypatch)
    assert expected in message
    assert "cannot be reached" not in message and "hunter2" not in message


@ASKING
def test_a_proxy_that_is_away_and_one_that_has_no_name_are_distinguished(ask, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:hunter2@127.0.0.1:{free_port()}")
    message = ask("https://s3.example.com", monkeypatch)
    assert "the proxy cannot be reached: nothing listens there; check HTTPS_PROXY" in message
    monkeypatch.setenv("HTTPS_PROXY", "http://user:hunter2@proxy.invalid:8080")
    named = ask("https://s3.example.com", monkeypatch)
    assert "the proxy cannot be reached: DNS has no such name" in named
    assert "hunter2" not in message + named


@ASKING
def test_a_host_that_is_away_and_one_that_has_no_name_are_distinguished(ask, monkeypatch):
    assert "cannot be reached: nothing listens there" in ask(f"https://127.0.0.1:{free_port()}", monkeypatch)
    assert "DNS has no such name" in ask("https://s3.invalid", monkeypatch)


def test_a_silent_drop_is_distinguished_from_a_slow_answer(monkeypatch):
    # A backlog that is full drops what comes, as a firewall does.
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        message = error_of_the_push(f"https://127.0.0.1:{port}", monkeypatch)
        for each in waiting:
            each.close()
    assert "cannot be reached: no answer at all, it is down or a firewall drops what is sent" in message
    done = threading.Event()
    with listening(lambda connection: done.wait(5)) as port:
        message = error_of_the_push(f"http://127.0.0.1:{port}", monkeypatch)
        done.set()
    assert "did not answer in time" in message


def test_any_other_error_is_left_to_the_caller():
    assert cause(ValueError("x"), "it") == ""


def test_an_untrusted_certificate_of_the_package_index_is_no_unreachable_index(tmp_path, monkeypatch):
    stranger = Authority(tmp_path / "stranger").issue("index", ["127.0.0.1"])
    with listening(tls(stranger)) as port:
        message = error_of_pip(f"https://127.0.0.1:{port}", monkeypatch)
    assert message.startswith("the package index's certificate is not accepted (")
    with listening(plain) as port:
        assert "does not speak TLS" in error_of_pip(f"https://127.0.0.1:{port}", monkeypatch)


def test_nor_when_a_proxy_does_not_let_pip_through(monkeypatch):
    with listening(proxy("502 Bad Gateway")) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        assert "the proxy answers 502 for" in error_of_pip("https://index.example.com", monkeypatch)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    assert "the proxy on the way" in error_of_pip("https://index.example.com", monkeypatch)


def test_and_where_nothing_listens_the_index_cannot_be_reached(monkeypatch):
    assert "the package index cannot be reached" in error_of_pip(f"https://127.0.0.1:{free_port()}", monkeypatch)


def test_what_pip_tried_again_and_got_is_not_why_it_failed():
    message = "WARNING: Retrying (Retry(total=4)) after connection broken by 'ReadTimeoutError()'\n"
    message += "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES\n    a==1 from x\n"
    assert pip.reason(message) == "a==1 is not the one that was locked: its hash differs"
