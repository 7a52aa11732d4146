"""The edge as a process: how it starts, how it ends, and TLS."""

import signal
import socket
import ssl
import subprocess
import sys
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import pytest

from rehearsal import cdn

STARTS_AN_EDGE = """
import subprocess, sys
edge = subprocess.Popen([sys.executable, "-m", "rehearsal.cdn", "--port", "0"])
edge.wait()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_ready_and_ends_cleanly_on_a_signal(quiet_environment: dict, number: signal.Signals):
    command = [sys.executable, "-m", "rehearsal.cdn", "--port", "0"]
    with subprocess.Popen(command, env=quiet_environment, stdout=subprocess.PIPE, text=True) as edge:
        assert edge.stdout.readline() == "ready\n"
        edge.send_signal(number)
        assert edge.wait(60) == 0


def test_it_ends_when_its_parent_dies(quiet_environment: dict):
    command = [sys.executable, "-c", STARTS_AN_EDGE]
    with subprocess.Popen(command, env=quiet_environment, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout.readline() == "ready\n"
        parent.kill()
        # The edge holds the other end of this pipe: it closes when the edge is gone.
        assert parent.stdout.read() == ""


def test_a_taken_port_is_an_error_and_starts_nothing(quiet_environment: dict):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        cdn.start(taken.getsockname()[1], quiet_environment)


@pytest.mark.parametrize("option", ["--port", "--tls-cert"])
def test_what_cannot_work_is_one_line(quiet_environment: dict, tmp_path: Path, option: str):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1] if option == "--port" else 0
        missing = [] if option == "--port" else [f"--tls-cert={tmp_path}/a.pem", f"--tls-key={tmp_path}/b.pem"]
        command = [sys.executable, "-m", "rehearsal.cdn", f"--port={port}", *missing]
        done = subprocess.run(command, env=quiet_environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("slipway: CDN stand-in: ")
    assert ("in use" if option == "--port" else "a.pem") in line


def test_without_a_control_plane_it_answers_503(quiet_environment: dict, tmp_path: Path):
    edge = cdn.start(env=quiet_environment, log=tmp_path / "access.log")
    connection = HTTPConnection("127.0.0.1", edge.port, timeout=30)
    connection.request("GET", "/")
    assert connection.getresponse().status == 503
    connection.close()
    edge.stop()


def test_it_speaks_tls_with_the_given_certificate(quiet_environment: dict, tmp_path: Path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    request += ["-keyout", key, "-out", certificate, "-subj", "/CN=cdn", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(request, check=True, capture_output=True)
    edge = cdn.start(env=quiet_environment, log=tmp_path / "access.log", tls=(certificate, key))
    context = ssl.create_default_context(cafile=certificate)
    connection = HTTPSConnection("127.0.0.1", edge.port, timeout=30, context=context)
    connection.request("GET", "/")
    assert connection.getresponse().headers["Via"].endswith(".cloudfront.net (CloudFront)")
    connection.close()
    edge.stop()
