"""The nginx template, as the nginx that reads it sees it."""

import os
import re
import socket
import ssl
import subprocess

import pytest

from rehearsal import nginx
from rehearsal.processes import Processes, free_port
from slipway.web.errors import SlipwayError
from tests.integration.nginx.conftest import ALIAS, APEX, BINARIES


def without_tls(variables):
    return variables | {"nginx_tls": "none", "nginx_listen": ["127.0.0.1:8000"]}


def dump(binary, text, directory):
    """What `nginx -T` says of the configuration; fails the test when nginx rejects it."""
    config = directory / "nginx.conf"
    # nginx tries the ports, and those below 1024 are root's alone.
    config.write_text(re.sub(r"(listen \S+):(80|443)\b", r"\1:4\g<2>0", text))
    said = subprocess.run([binary, "-T", "-q", "-p", directory, "-c", config], capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    return said.stdout


@pytest.mark.parametrize("binary", BINARIES)
@pytest.mark.parametrize("tls", [True, False])
def test_nginx_accepts_it_and_can_serve_no_file(binary, tls, variables, tmp_path):
    chosen = variables if tls else without_tls(variables)
    text = nginx.render(**chosen, nginx_version=nginx.version(binary))
    dumped = dump(binary, text, tmp_path)
    directives = re.findall(r"^\s*(root|alias|try_files|proxy_cache\w*)\s+([^;]+)", dumped, re.M)
    assert directives == ([("root", str(tmp_path / "acme"))] if tls else [])


HEADERS, RST_STREAM, GOAWAY = 1, 3, 7  # https://www.rfc-editor.org/rfc/rfc9113#section-6


def answers_over_http2(port, host):
    """Whether a request for ``host``, after a handshake for the site's own name, is answered at all."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    # GET, https and / are the table's own entries; only the authority is written out.
    fields = b"\x82\x87\x84\x01" + bytes([len(host)]) + host.encode()
    frames = bytes(3) + b"\x04" + bytes(5) + len(fields).to_bytes(3, "big") + b"\x01\x05\0\0\0\x01" + fields
    with (
        socket.create_connection(("127.0.0.1", port), 10) as raw,
        context.wrap_socket(raw, server_hostname="www.example.test") as link,
    ):
        link.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frames)
        stream = link.makefile("rb")
        while head := stream.read(9):
            stream.read(int.from_bytes(head[:3], "big"))
            if head[3] in (HEADERS, RST_STREAM, GOAWAY):
                return head[3] == HEADERS
    return False


def answers_over_http1(port, host):
    """As above."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), 10) as raw,
        context.wrap_socket(raw, server_hostname="www.example.test") as link,
    ):
        link.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return link.recv(100).startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize("binary", BINARIES)
@pytest.mark.parametrize("answers", [answers_over_http1, answers_over_http2])
def test_a_known_name_with_an_unknown_host_is_cut_off(answers, binary, variables, tmp_path):
    port = free_port()
    text = nginx.render(**variables, nginx_version=nginx.version(binary))
    config = tmp_path / "nginx.conf"
    config.write_text(
        re.sub(r"listen (\S+):80\b", f"listen unix:{tmp_path}/http.sock", text).replace(":443", f":{port}")
    )
    command = [binary, "-p", tmp_path, "-c", config, "-g", "daemon off;"]
    with Processes(tmp_path / "log") as processes:
        processes.start("nginx", command, env=os.environ, cwd=tmp_path, ready=[port])
        assert all(answers(port, name) for name in (APEX, ALIAS))
        assert not any(answers(port, name) for name in ("elsewhere.test", ALIAS.replace(".", "-", 1)))


@pytest.mark.parametrize(("version", "old_syntax"), [("1.22.1", True), ("1.26.3", False), ("1.31.3", False)])
def test_http2_is_switched_on_in_the_syntax_of_the_version(version, old_syntax, variables):
    text = nginx.render(**variables, nginx_version=version)
    assert ("ssl http2" in text) is old_syntax
    assert ("http2 on;" in text) is not old_syntax


def test_a_missing_variable_is_named(variables):
    del variables["nginx_upstream"]
    with pytest.raises(SlipwayError, match="nginx_upstream"):
        nginx.render(**variables, nginx_version="1.22.1")
