"""A message goes out in a process of its own, with the packed program: what a receiver that hangs or drips gets is an
end."""

import os
import socket
import threading

import pytest

from rehearsal.sinks import http_sink
from slipway.tool.server import agent

MESSAGE = {"id": "0f", "event": "begin", "title": "[x] y", "text": "y"}


@pytest.fixture
def outbox(host, tmp_path, monkeypatch):
    """It sends as the user of the test: only root becomes another."""
    packed = agent.pack(tmp_path / "slipway")
    monkeypatch.setattr(host.outbox, "LAYOUT", {**host.outbox.LAYOUT, "agent": str(packed)})
    monkeypatch.setattr(host.outbox, "_user", lambda: {"env": {"PATH": os.defpath}})
    return host.outbox


def test_a_message_is_taken_and_a_rejection_is_said(outbox):
    with http_sink() as http:
        receiver = {"kind": "json", "url": f"http://127.0.0.1:{http.port}/secret"}
        assert outbox.send(receiver, MESSAGE) == ""
        http.answer = 503
        assert outbox.send(receiver, MESSAGE) == f"127.0.0.1:{http.port} answers 503 Service Unavailable"
        assert len(http.taken) == 1


def test_one_that_drips_for_ever_is_given_up(outbox, monkeypatch):
    """Each byte is within the sender's own limit: it is ended from outside."""
    monkeypatch.setattr(outbox, "LONGEST", 2)
    over = threading.Event()

    def drip(server):
        connection, _ = server.accept()
        with connection:
            while not over.wait(0.1):
                connection.sendall(b"H")

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        thread = threading.Thread(target=_until_broken, args=(drip, server))
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        assert outbox.send({"kind": "json", "url": url}, MESSAGE) == "it does not answer within 2 s"
        over.set()
        thread.join()


def _until_broken(drip, server):
    # The connection breaks when the sender is ended; one that a busy computer had not started never comes.
    try:
        drip(server)
    except OSError:
        server.close()


def test_a_user_that_is_missing_is_a_line(outbox, monkeypatch):
    def missing():
        raise KeyError("getpwnam(): name not found: 'slipway-alarm'")

    monkeypatch.setattr(outbox, "_user", missing)
    said = outbox.send({"kind": "json", "url": "http://127.0.0.1:1/"}, MESSAGE)
    assert said.startswith("nothing can be sent: ") and "PROVISION=1" in said
