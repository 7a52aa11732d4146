"""While a site moves, the old server's nginx closes and forwards it to the new one's, each before a site of its own."""

import json
import os
import re
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace

import pytest

from rehearsal import nginx
from rehearsal.authority import Authority
from rehearsal.processes import Processes, free_port
from tests.integration.nginx.conftest import APEX, BINARIES, SITE, Behind
from tests.unit.agent.conftest import host, unpacked, without_systemd

__all__ = ["host", "unpacked", "without_systemd"]
OLD, NEW = "127.0.0.2", "127.0.0.3"


class Named(BaseHTTPRequestHandler):
    """Answers which server's site it is, and what it was asked; a path that begins with /slow waits, /parts streams."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/slow"):
            self.server.arrived.set()
            self.server.gate.wait(30)
        parts = [f"{self.server.name} {self.command} {self.path} {self.headers['X-Real-IP']} {len(body)}\n"]
        if self.path == "/long":
            parts[0] *= 100
        if self.path == "/parts":
            parts.append("the rest")
        self.send_response(200)
        self.send_header("Content-Length", str(sum(map(len, parts))))
        self.send_header("X-Accel-Buffering", "no")
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        for number, part in enumerate(parts):
            if number:
                self.server.gate.wait(30)
            self.wfile.write(part.encode())
            self.wfile.flush()

    do_POST = do_GET

    def address_string(self):
        return "nginx"

    def log_message(self, *_):
        pass


class Server:
    """nginx with its template in a folder, at an address of the loopback, before a site that says its name."""

    def __init__(self, name, address, binary, folder, processes, files, authority):
        self.name, self.address, self.folder = name, address, folder
        folder.mkdir(exist_ok=True)
        (folder / "acme" / ".well-known" / "acme-challenge").mkdir(parents=True)
        self.acme = folder / "acme" / ".well-known" / "acme-challenge"
        self.behind = Behind(str(folder / "gunicorn.sock"), Named)
        self.behind.name, self.behind.gate, self.behind.arrived = name, threading.Event(), threading.Event()
        self.behind.gate.set()
        threading.Thread(target=self.behind.serve_forever, args=(0.02,), daemon=True).start()
        self.certificate, key = authority.issue(name, files)
        self.authority = authority
        self.http, self.https = free_port(host=address), free_port(host=address)
        self.move = folder / "etc" / "nginx" / "slipway-move"
        self.page = self.move.with_name("slipway-page")
        self.conf = folder / "etc" / "nginx" / "nginx.conf"
        self.conf.parent.mkdir(parents=True)
        text = nginx.render(
            nginx_pid=folder / "nginx.pid",
            nginx_log_dir=folder,
            nginx_temp_dir=folder,
            nginx_user="root" if os.geteuid() == 0 else "",
            nginx_listen=[address],
            nginx_site_host=SITE,
            nginx_site_authority=SITE,
            nginx_redirect_hosts=[APEX],
            nginx_upstream=folder / "gunicorn.sock",
            nginx_tls={"certificate": self.certificate, "key": key},
            nginx_forwarded_proto="$scheme",
            nginx_acme_dir=folder / "acme",
            nginx_client_max_body_size="1m",
            nginx_proxies=[],
            nginx_sign_in=[],
            nginx_sign_in_rate="20r/m",
            nginx_sign_in_delay=10,
            nginx_sign_in_burst=20,
            nginx_move=self.move,
            nginx_page=self.page,
            nginx_site_files=[{"name": "a.conf", "text": "add_header X-Site once always;"}],
            nginx_version=nginx.version(binary),
        )
        text = text.replace(f"{address}:443", f"{address}:{self.https}")
        self.conf.write_text(re.sub(r"listen (\S+):80\b", rf"listen \1:{self.http}", text))
        command = [binary, "-p", folder, "-c", self.conf, "-g", "daemon off;"]
        self.process = processes.start(name, command, env=os.environ, cwd=folder)
        self.wait()

    def wait(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection((self.address, self.https), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"{self.name} does not listen")

    def ask(self, path="/", method="GET", body=b"", source="127.0.0.1", tls=True, name=SITE, headers=""):
        with self.open(path, method, body, source, tls, name, headers) as stream:
            return parsed(stream.read())

    def open(self, path="/", method="GET", body=b"", source="127.0.0.1", tls=True, name=SITE, headers=""):
        raw = socket.create_connection((self.address, self.https if tls else self.http), 20, (source, 0))
        if tls:
            context = ssl.create_default_context(cafile=self.authority.certificate)
            raw = context.wrap_socket(raw, server_hostname=name)
        head = f"{method} {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
        raw.sendall(f"{head}{headers}\r\n".encode() + body)
        return raw.makefile("rb")


def parsed(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    names = [(line.partition(":")[0].lower(), line.partition(":")[2].strip()) for line in lines]
    return SimpleNamespace(status=int(first.split()[1]), headers=names, text=body.decode())


def header(answer, name):
    return [value for each, value in answer.headers if each == name.lower()]


@pytest.fixture(params=BINARIES[:1])
def servers(request, tmp_path, host, monkeypatch):
    """``old``, where the agent is, and ``new``: started with a certificate for these names."""
    (tmp_path / "programs" / "nginx").symlink_to(request.param)
    systemctl = tmp_path / "programs" / "systemctl"
    systemctl.unlink()
    systemctl.write_text(f'#!/bin/sh\n[ "$1" != reload ] || kill -HUP $(cat {tmp_path}/nginx.pid)\n')
    systemctl.chmod(0o755)
    host.paths.SETTINGS.write_text(json.dumps({"site_host": SITE, "tls": True}))
    forward = host.forward
    monkeypatch.setattr(host.nginx_files, "NGINX_PID", tmp_path / "nginx.pid")
    authority = Authority(tmp_path / "tls")
    monkeypatch.setattr(forward, "AUTHORITIES", authority.certificate)
    started = []
    with Processes(tmp_path / "log") as processes:

        def start(names=(SITE, APEX), signer=authority):
            pair = SimpleNamespace(
                old=Server("old", OLD, request.param, tmp_path, processes, [SITE, APEX], authority),
                new=Server("new", NEW, request.param, tmp_path / "new", processes, names, signer),
            )
            started.extend((pair.old, pair.new))
            monkeypatch.setattr(forward, "PORTS", {"https": pair.new.https, "http": pair.new.http})
            return pair

        yield SimpleNamespace(start=start, agent=forward)
        for each in started:
            each.behind.gate.set()
            each.behind.shutdown()
            each.behind.server_close()


def test_a_closed_site_says_when_to_come_back_and_serves_again_as_before(servers):
    pair, agent = servers.start(), servers.agent
    before = pair.old.ask("/page")
    agent.close(25)
    for path, method in (("/page", "GET"), ("/page", "POST"), ("/healthz/ready", "GET")):
        closed = pair.old.ask(path, method)
        assert (closed.status, header(closed, "Retry-After")) == (503, ["25"]), path
        assert header(closed, "X-Origin") == ["slipway"] and "Back in a moment" in closed.text
        assert header(closed, "Content-Type") == ["text/html; charset=utf-8"] and agent.state() == "closed"
    assert pair.old.ask(tls=False, name=APEX).status == 301
    agent.clear()
    after = pair.old.ask("/page")
    assert (after.status, after.text, agent.state()) == (200, before.text, "open")


def test_what_was_asked_before_the_site_was_closed_is_answered(servers):
    pair, agent = servers.start(), servers.agent
    pair.old.behind.gate.clear()
    slow = pair.old.open("/slow")
    assert pair.old.behind.arrived.wait(20)
    closing = threading.Thread(target=agent.close, args=(25,))
    closing.start()
    while pair.old.ask().status != 503:
        time.sleep(0.02)
    assert closing.is_alive()
    pair.old.behind.gate.set()
    closing.join(20)
    assert not closing.is_alive() and parsed(slow.read()).status == 200


def test_everything_goes_to_the_new_server_with_the_visitors_own_address(servers):
    pair, agent = servers.start(), servers.agent
    (pair.new.acme / "token").write_text("of the new server")
    (pair.new.move).mkdir(parents=True)
    (pair.new.move / "http.conf").write_text(f"set_real_ip_from {OLD};\n")
    pair.new.process.send_signal(1)
    agent.forward(NEW)
    assert agent.state() == "forwarded"
    body = b"a" * 700_000
    for path, method, sent in (("/a%20b/?c=1&d", "GET", b""), ("/form/", "POST", body)):
        answer = pair.old.ask(path, method, sent, source="127.0.0.77")
        # nginx connects from the loopback's first address, so the new server takes it for a visitor's.
        assert answer.text == f"new {method} {path} 127.0.0.1 {len(sent)}\n"
        assert [header(answer, name) for name in ("X-Origin", "X-Site")] == [["slipway"], ["once"]]
    assert header(pair.old.ask("/long"), "Vary") == ["Accept-Encoding"]
    assert pair.old.ask("/form/", "POST", b"a" * 1_100_000).status == 413
    assert pair.old.ask("/.well-known/acme-challenge/token", tls=False).text == "of the new server"
    assert pair.old.ask("/x", tls=False).status == 301
    assert pair.old.ask("/x", name=APEX).status == 301
    agent.clear()
    assert pair.old.ask().text.startswith("old ")


def test_the_new_server_believes_the_old_one_alone(servers, monkeypatch):
    pair, agent = servers.start(), servers.agent
    said = "X-Forwarded-For: 203.0.113.9\r\n"
    assert " 127.0.0.4 " in pair.old.ask("/", source="127.0.0.4", headers=said).text
    agent.trust("127.0.0.4")
    assert " 203.0.113.9 " in pair.old.ask("/", source="127.0.0.4", headers=said).text
    assert " 127.0.0.5 " in pair.old.ask("/", source="127.0.0.5", headers=said).text
    agent.clear()
    assert " 127.0.0.4 " in pair.old.ask("/", source="127.0.0.4", headers=said).text


def test_what_is_sent_piece_by_piece_arrives_so(servers):
    pair, agent = servers.start(), servers.agent
    agent.forward(NEW)
    pair.new.behind.gate.clear()
    with pair.old.open("/parts") as stream:
        while not (line := stream.readline()).startswith(b"new "):
            assert line
        pair.new.behind.gate.set()
        assert stream.read() == b"the rest"


@pytest.mark.parametrize("other", ["name", "authority"])
def test_nothing_is_sent_to_a_server_that_cannot_prove_the_sites_name(other, servers, tmp_path):
    stranger = Authority(tmp_path / "stranger")
    pair = servers.start(["other.test"]) if other == "name" else servers.start(signer=stranger)
    servers.agent.forward(NEW)
    assert pair.old.ask().status == 503


def test_a_configuration_that_nginx_rejects_leaves_the_site_as_it_was(servers, host):
    pair, agent = servers.start(), servers.agent
    servers.agent.AUTHORITIES.rename(servers.agent.AUTHORITIES.with_name("gone"))
    with pytest.raises(host.paths.HostError, match="nginx rejects its configuration for the move"):
        agent.forward(NEW)
    assert agent.state() == "open" and not list(Path(agent.NGINX_MOVE).iterdir())
    pair.old.authority.certificate = pair.old.certificate.with_name("gone")
    assert pair.old.ask().text.startswith("old ")
