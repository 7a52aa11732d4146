"""The proxy connects its names to their ports, and rejects every other name."""

import http.client
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        length = int(self.headers.get("Content-Length", 0))
        said = f"{self.command} {self.path} {self.headers['Host']} {self.rfile.read(length).decode()}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.send_header("X-Connection", self.headers.get("Connection", ""))
        self.end_headers()
        self.wfile.write(said)

    do_POST = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def echo():
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def proxy(echo):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = free.getsockname()[1]
    routes = [f"site.test:80={echo}", f"site.test:443={echo}", f"down.test:80={nobody}"]
    command = [sys.executable, "-m", "rehearsal.proxy", "--port", str(port), *routes]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    yield port
    process.terminate()
    process.wait()
    process.stdout.close()


def _ask(proxy, url, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", proxy, timeout=30)
    connection.request("POST" if body else "GET", url, body, {"Proxy-Connection": "keep-alive"})
    answer = connection.getresponse()
    return answer, answer.read().decode()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://site.test/a?b=c", "GET /a?b=c site.test "),
        ("http://site.test", "GET / site.test "),
        ("http://site.test:443/x", "GET /x site.test:443 "),
    ],
)
def test_a_plain_request_reaches_its_port_in_the_origins_own_form(proxy, url, said):
    answer, body = _ask(proxy, url)
    assert (answer.status, body) == (200, said)
    assert answer.headers["X-Connection"] == "close"


def test_a_client_without_a_proxy_is_answered_by_the_server_that_it_names(proxy):
    """As the ACME authority asks: a path alone, and the proxy's own port in the Host header."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy, timeout=30)
    connection.request("GET", "/.well-known/acme-challenge/x", headers={"Host": f"Site.test:{proxy}"})
    answer = connection.getresponse()
    said = answer.read().decode()
    assert (answer.status, said) == (200, f"GET /.well-known/acme-challenge/x Site.test:{proxy} ")


def test_a_body_goes_with_it(proxy):
    assert _ask(proxy, "http://site.test/form", "a" * 200_000)[1].endswith("a" * 200_000)


def test_a_tunnel_carries_bytes_both_ways(proxy):
    connection = http.client.HTTPConnection("127.0.0.1", proxy, timeout=30)
    connection.set_tunnel("site.test", 443)
    for path in ("/one", "/two"):
        connection.request("GET", path)
        assert connection.getresponse().read().decode() == f"GET {path} site.test:443 "
    connection.close()


@pytest.mark.parametrize("url", ["http://pypi.org/", "http://site.test:81/", "http://www.site.test/"])
def test_an_unknown_name_is_rejected(proxy, url):
    answer, body = _ask(proxy, url)
    assert answer.status == 403
    assert body.endswith(" is not a name of this rehearsal\n")


def test_an_unknown_tunnel_is_rejected(proxy):
    connection = http.client.HTTPConnection("127.0.0.1", proxy, timeout=30)
    connection.set_tunnel("s3.eu-central-1.amazonaws.com", 443)
    with pytest.raises(OSError, match="403 Forbidden"):
        connection.request("GET", "/")


def test_a_name_whose_port_is_closed_is_a_502(proxy):
    answer, body = _ask(proxy, "http://down.test/")
    assert answer.status == 502
    assert body.startswith("nothing listens behind down.test:80")


@pytest.mark.parametrize("nonsense", [b"\r\n\r\n", b"GET\r\n\r\n", b"\xff\xfe x y\r\n\r\n", b""])
def test_nonsense_is_closed_and_the_next_one_served(proxy, nonsense):
    with socket.create_connection(("127.0.0.1", proxy), timeout=30) as connection:
        connection.sendall(nonsense)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
    assert _ask(proxy, "http://site.test/")[0].status == 200
