"""Whom nginx takes a request to come from, and what it lets one client do."""

import http.client
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer
from urllib.parse import quote

import pytest

from rehearsal import nginx
from rehearsal.processes import Processes, free_port
from slipway.tool import path_patterns
from tests.integration.nginx.conftest import BINARIES

HOST = "www.example.test"
# Whom a balancer names; of IPv6 the first two are one customer's.
ONE_NETWORK, ANOTHER = ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"), "2001:db8:1:3::1"


class Upstream(ThreadingMixIn, UnixStreamServer):
    """Answers with the headers that the site would see; waits at ``gate`` first."""

    daemon_threads, request_queue_size = True, 1000

    def __init__(self, path):
        self.gate, self.changed, self.arrived = threading.Event(), threading.Condition(), 0
        self.gate.set()
        super().__init__(str(path), Echo)
        path.chmod(0o777)

    def tell(self, *_, arrived=0):
        with self.changed:
            self.arrived += arrived
            self.changed.notify_all()


class Echo(BaseHTTPRequestHandler):
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.tell(arrived=1)
        self.server.gate.wait(60)
        body = "\n".join(f"{name}={self.headers[name]}" for name in ("X-Real-IP", "X-Forwarded-For")).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_GET

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass


class Site:
    """nginx before an upstream; a new client unless ``source`` is an address of the loopback."""

    def __init__(self, port, upstream, directory):
        self.port, self.upstream, self.directory = port, upstream, directory

    def ask(self, path="/", method="GET", source="127.0.0.1", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, 60, source_address=(source, 0))
        connection.request(method, path, headers={"Host": HOST, **headers})
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        return answer

    def for_whom(self, forwarded, **how):
        """The status for a request that a balancer says it makes for ``forwarded``."""
        return self.ask(**how, **{"X-Forwarded-For": forwarded}).status


@pytest.fixture(params=BINARIES)
def site(request, tmp_path):
    """Starts nginx, with these of the template's variables."""
    started = []

    def start(**variables):
        port, socket_path = free_port(), tmp_path / "gunicorn.sock"
        upstream = Upstream(socket_path)
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        started.append(upstream)
        text = nginx.render(
            nginx_pid=tmp_path / "nginx.pid",
            nginx_log_dir=tmp_path,
            nginx_temp_dir=tmp_path,
            nginx_user="root" if os.geteuid() == 0 else "",
            nginx_listen=[f"127.0.0.1:{port}"],
            nginx_site_host=HOST,
            nginx_site_authority=HOST,
            nginx_redirect_hosts=[],
            nginx_upstream=socket_path,
            nginx_tls="none",
            nginx_forwarded_proto="https",
            nginx_acme_dir="",
            nginx_version=nginx.version(request.param),
            nginx_client_max_body_size="1m",
            **{
                "nginx_proxies": [],
                "nginx_sign_in": [r"/login/\Z"],
                "nginx_sign_in_rate": "1r/m",
                "nginx_sign_in_delay": 2,
                "nginx_sign_in_burst": 2,
            }
            | variables,
        )
        (tmp_path / "nginx.conf").write_text(text)
        command = [request.param, "-p", tmp_path, "-c", tmp_path / "nginx.conf", "-g", "daemon off;"]
        processes.start("nginx", command, env=os.environ, cwd=tmp_path, ready=[port])
        return Site(port, upstream, tmp_path)

    with Processes(tmp_path / "log") as processes:
        yield start
    for upstream in started:
        upstream.shutdown()
        upstream.server_close()


def seen(answer):
    return dict(line.split("=") for line in answer.text.splitlines())


def test_behind_a_trusted_proxy_the_site_sees_each_visitors_own_address(site):
    behind = site(nginx_proxies=["127.0.0.0/8", "198.51.100.0/24"])
    for told in ("203.0.113.7", "10.1.1.1, 203.0.113.7", "10.1.1.1, 203.0.113.7, 198.51.100.3"):
        answer = behind.ask(**{"X-Forwarded-For": told, "X-Real-IP": "192.0.2.1"})
        assert seen(answer) == {"X-Real-IP": "203.0.113.7", "X-Forwarded-For": "203.0.113.7"}, told


@pytest.mark.parametrize("proxies", [[], ["198.51.100.7/32"]])
def test_who_is_no_trusted_proxy_is_himself_whatever_he_says(proxies, site):
    answer = site(nginx_proxies=proxies).ask(
        source="127.0.0.9", **{"X-Forwarded-For": "203.0.113.7", "X-Real-IP": "1.1.1.1"}
    )
    assert seen(answer) == {"X-Real-IP": "127.0.0.9", "X-Forwarded-For": "127.0.0.9"}


def test_passwords_are_limited_by_client_and_other_requests_are_not(site):
    here = site()
    assert [here.ask("/login/", "POST").status for _ in range(5)] == [200, 200, 200, 429, 429]
    assert here.ask("/login/", "POST", source="127.0.0.2").status == 200
    assert [here.ask("/login/").status for _ in range(5)] == [200] * 5
    assert [here.ask("/other/", "POST").status for _ in range(5)] == [200] * 5
    # Django's form views take a PUT for a POST; nginx reads a path as Django does, and case more widely.
    for path, method in (("/login/", "PUT"), ("/%6cogin/", "POST"), ("/LOGIN/", "POST")):
        assert here.ask(path, method).status == 429, path


def test_no_other_spelling_of_a_path_passes_the_limit(site):
    """Django would take it for ``<str:team>/login/``, ``<path:any>/login/`` or ``<team>*/login/``."""
    here = site(
        nginx_sign_in=[r"/(?:[^/]+)/login/\Z", r"/(?:[a-z]*)/login/\Z", *path_patterns.expressions(["/named/*/in/"])]
    )
    for path in ("/./login/", "/x/../login/", "/%2E/login/", "/x/.%2e/login/", "/x%2f..%2Flogin/", "/x/..?a", "/x/."):
        refused = here.ask(path, "POST")
        assert (refused.status, refused.headers["X-Origin"]) == (400, "slipway"), path
    for number, path in enumerate(("//login/", "/named/a%0Ab/in/"), 2):
        asked = [here.ask(path, "POST", source=f"127.0.0.{number}").status for _ in range(4)]
        assert asked == [200, 200, 200, 429], path
    for path in ("/.well-known/x", "/a..b/", "/.../", "/?next=/../x", "/a./"):
        assert here.ask(path).status == 200, path


def test_who_is_refused_is_told_when_to_come_back(site):
    here = site()
    refused = [here.ask("/login/", "POST") for _ in range(4)][-1]
    assert (refused.status, refused.headers["Content-Type"]) == (429, "text/plain")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["X-Origin"] == "slipway" and len(refused.text) < 100


def test_any_path_can_be_limited(site):
    paths = ["/a b/", '/with "quotes"/', "/{4}/", "/back\\slash/", "/do$llar;/"]
    here = site(nginx_sign_in=[re.escape(path) + r"\Z" for path in paths])
    for number, path in enumerate(paths, 2):
        asked = [here.ask(quote(path), "POST", source=f"127.0.0.{number}").status for _ in range(4)]
        assert asked == [200, 200, 200, 429], path


def test_of_ipv6_a_network_of_64_bits_is_one_client(site):
    behind = site(nginx_proxies=["127.0.0.1"])
    first, second = ONE_NETWORK
    asked = [first, second, first, second, ANOTHER, "::ffff:192.0.2.1", "::ffff:192.0.2.2", "192.0.2.1", "192.0.2.1"]
    statuses = [behind.for_whom(each, path="/login/", method="POST") for each in asked]
    assert statuses == [200, 200, 200, 429, 200, 200, 200, 200, 200]
    # What a proxy writes as IPv6 and as IPv4 is the same client.
    assert behind.for_whom("192.0.2.1", path="/login/", method="POST") == 429


def at_once(site, forwarded):
    """The statuses of requests that are all under way before the first is answered; who is refused is, at once."""
    upstream = site.upstream
    upstream.gate.clear()
    with ThreadPoolExecutor(len(forwarded)) as pool:
        asked = [pool.submit(site.for_whom, each) for each in forwarded]
        for each in asked:
            each.add_done_callback(upstream.tell)
        with upstream.changed:
            everybody = lambda: upstream.arrived + sum(each.done() for each in asked) >= len(forwarded)  # noqa: E731
            assert upstream.changed.wait_for(everybody, 60)
        upstream.gate.set()
        return [each.result() for each in asked]


def test_three_hundred_visitors_at_once_through_one_balancer_are_all_answered(site):
    visitors = [f"203.0.{number // 250}.{number % 250}" for number in range(300)]
    assert at_once(site(nginx_proxies=["127.0.0.1"]), visitors) == [200] * 300


def test_one_client_at_once_is_limited_and_so_is_a_network_of_ipv6(site):
    behind = site(nginx_proxies=["127.0.0.1"])
    neighbours = [f"2001:db8:1:2::{number:x}" for number in range(300)]
    assert at_once(behind, neighbours).count(429) == 300 - 256
